"""An audit as one page: the vault, the difference if there is one, and its accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossvault.report.figures import utc
from crossvault.report.margin_page import term_column
from crossvault.report.margin_terms import HEADS
from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_data import exact
from crossvault.report.page_parts import BarTable, Facts, PageColumn, PageTable, Prose

_TOTALS = ("insurance_wad", "deficit_wad", "cash_held_wad")
_COUNTS = ("head", "steps", "resumed", "blocks", "metrics_compared", "reorganisations")
_LEAST = 12  # accounts whose health is drawn


def audit_page(found: Mapping[str, Any], command: str = "") -> Page:
    """The page of a document of `audit --json`."""
    block, differs = found["block"], found["difference"]
    facts = [("vault", found["vault"]), ("node", found["node"]), ("block", f"{block['number']:,}"),
             ("hash of the block", block["hash"]), ("time of the block [UTC]", utc(block["at"]))]  # fmt: skip
    counts = [(name.replace("_", " "), f"{found[name]:,}") for name in _COUNTS]
    totals = [(name.removesuffix("_wad").replace("_", " "), exact(int(found[name]))) for name in _TOTALS]
    utilisation = exact(100 * int(found["utilisation_wad"]))
    sections = [
        PageSection("result", "Result", [*_difference(differs), Facts(facts), Facts(counts)]),
        PageSection("totals", "Totals of the vault", [
            BarTable("totals", "USDC", totals), Facts([("utilisation [%]", utilisation)]),
        ]),
        PageSection("accounts", "Accounts", _accounts(found["accounts"])),
    ]  # fmt: skip
    verdict = ("bad", f"differs in block {differs['block']:,}") if differs else (
        "good", f"{found['steps']:,} steps and {found['metrics_compared']:,} margins compared, no difference"
    )  # fmt: skip
    return Page("Audit of a vault", "The chain's history against the model", sections, verdict, command)


def _difference(differs: Mapping[str, Any] | None) -> list[PagePart]:
    if not differs:
        return []
    names = [name for name in ("block", "hash", "step", "transaction", "call") if differs[name] is not None]
    fields = [list(map(str, each.values())) for each in differs["fields"]]
    heads = [PageColumn(name.replace("_", " ")) for name in (differs["fields"] or [{}])[0]]
    where = Facts([(name, str(differs[name])) for name in names], is_code=True)
    return [Prose("The chain and the model differ.", "bad"), where, PageTable("fields", heads, fields)]


def _accounts(accounts: list[Mapping[str, Any]]) -> list[PagePart]:
    if not accounts:
        return [Prose("No account is known.")]
    names = [name for name in HEADS if name in accounts[0]]
    columns = [PageColumn("account"), PageColumn("for sale"), *map(term_column, names)]
    rows = [(each["account"], "yes" if each["on_sale"] else "no", *(exact(int(each[name])) for name in names))
            for each in accounts]  # fmt: skip
    least = sorted(accounts, key=lambda each: int(each["maintenance_buffer_wad"]))[:_LEAST]
    bars = [(each["account"], exact(int(each["maintenance_buffer_wad"]))) for each in least]
    return [BarTable("least maintenance buffer", "USDC", bars), PageTable("margin of the accounts", columns, rows)]
