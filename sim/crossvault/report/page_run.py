"""The page of a run: from its record alone, replayed on the model; and of two runs side by side."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from crossvault.report.figures import span, utc
from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_gains import gain_parts
from crossvault.report.page_history import Progress, RunHistory, recorded_difference
from crossvault.report.page_market import (
    account_parts,
    auction_parts,
    health_parts,
    market_parts,
    ranked_accounts,
    vault_parts,
)
from crossvault.report.page_parts import Facts, PageColumn, PageTable, PanelChoice, Prose
from crossvault.report.page_payments import payment_parts
from crossvault.report.page_steps import DifferentField, StepTable

_MOST_DIFFERENT = 400
_HEALTHS = "Above 1 an account meets its maintenance margin requirement; below it, it can be liquidated."
_PAID = "Sums over the whole run; a band is as wide as the amount. Small parties are drawn as one."
_GAINED = (
    "A gain is worth at the end less what was paid in, plus what was taken out. A trade counts at the mark price of "
    "its moment; from then on its position gains from who holds the other side."
)
_STEPS = "Choose a step for its arguments, its events, and the state before and after it, with every digit."


def run_page(history: RunHistory, command: str, progress: Progress = lambda steps: None) -> Page:
    """The page of one run; `command` is how to make it again, `progress` receives the steps that are written."""
    header = history.header
    sections = [PageSection("summary", "Summary", [Facts(run_facts(history))])]
    if history.difference:
        sections.append(difference_section(history))
    sections += [
        PageSection("prices", "Prices and funding", market_parts(history)),
        PageSection("health", "Health of accounts", health_parts(history), _HEALTHS),
        PageSection("auctions", "Auctions", auction_parts(history)),
        PageSection("vault", "Insurance and cash", vault_parts(history)),
        PageSection("gains", "Who gained, who lost", gain_parts(history), _GAINED),
        PageSection("payments", "Payments", payment_parts(history), _PAID),
        PageSection("accounts", "An account", [account_choice(history)]),
        PageSection("steps", "Steps", [StepTable(history.path, key=history.key, progress=progress)], _STEPS),
        PageSection("again", "Parameters, versions, and how to run it again", reproduction(history)),
    ]
    return Page(f"{header['scenario']}: a run", str(header["about"]), sections, verdict(history), command)


def run_facts(history: RunHistory) -> list[tuple[str, str]]:
    """A run in a few facts."""
    header, extent = history.header, history.extent
    rows = [
        ("scenario", str(header["scenario"])), ("seed", str(header["seed"])),
        ("steps", f"{history.steps:,}, of them {history.refused:,} refused by both sides alike"),
        ("time", f"{utc(extent.start)} to {utc(extent.end)} UTC, {span(extent.end - extent.start)}"),
        ("accounts", f"{len(history.accounts):,}"), ("auctions", f"{len(history.auctions):,}"),
        ("record", str(history.path)), ("the run", history.end or "was cut: the record has no end line"),
    ]  # fmt: skip
    return [*rows, ("cut", history.cut)] if history.cut else rows


def verdict(history: RunHistory) -> tuple[str, str]:
    """Whether the sides differ, as the page shows it first."""
    if history.difference:
        return "bad", f"chain and model differ at step {history.difference:,} of {history.steps:,}"
    if history.cut:
        return "plain", f"no difference in {history.steps:,} steps; the record is cut there"
    if history.end == "failed":
        return "bad", f"the run failed after step {history.steps:,}, with no difference in a recorded step"
    return "good", f"{history.steps:,} of {history.steps:,} steps compared, no difference"


def difference_section(history: RunHistory) -> PageSection:
    """The first step in which the sides differ, with both."""
    assert history.difference
    text, fields = recorded_difference(history.path, history.difference)
    first = fields[0] if fields else ("nothing", "", "")
    note = f"First in {first[0]}: the chain has {first[1]}, the model has {first[2]}."
    parts: list[PagePart] = [
        Prose(text),
        Prose(note, "bad"),
        difference_table("Both sides", fields, ("chain", "model")),
    ]
    title = f"First difference: step {history.difference:,}"
    about = f"Its state before and after is at #step={history.difference} below, in the table of steps."
    return PageSection("difference", title, parts, about)


def difference_table(title: str, fields: Sequence[DifferentField], sides: tuple[str, str]) -> PagePart:
    """Fields with the value of each side."""
    columns = (PageColumn("field"), PageColumn(sides[0]), PageColumn(sides[1]))
    return PageTable(title, columns, [(name.replace("_", " "), *texts) for name, *texts in fields[:_MOST_DIFFERENT]])


def account_choice(history: RunHistory) -> PagePart:
    """A panel for every account, the one with the lowest health first."""
    names = [name for name, _ in ranked_accounts(history)]
    if not names:
        return Prose("No account had a position or a balance.")
    return PanelChoice("account", "Account", {name: account_parts(history, name) for name in names})


def reproduction(history: RunHistory) -> list[PagePart]:
    """Parameters, versions, hashes, and the commands that play the run again."""
    header = history.header
    versions = [(name, str(text)) for name, text in header["versions"].items()]
    hashes = [
        (name.replace("_", " "), str(header[name]))
        for name in ("scenario_hash", "contracts", "bytecode")
        if name in header
    ]
    record = shlex.quote(str(history.path))
    commands = [
        ("again, bit for bit", f"crossvault replay {record}"),
        ("one step, term by term", f"crossvault explain {record} STEP"),
        ("why an account was liquidated", f"crossvault explain {record} ACCOUNT"),
        ("the scenario", f"crossvault run {shlex.quote(str(header['scenario']))} --seed {header['seed']}"),
    ]
    return [
        Facts(commands, is_code=True), Facts([("format of the record", str(header["crossvault"])), *versions]),
        Facts([*hashes, ("last line of record", history.extent.last_hash)], is_code=True), *parameter_tables(history),
    ]  # fmt: skip


def parameter_tables(history: RunHistory) -> list[PagePart]:
    """The parameters in force at the end."""
    return [
        PageTable(title, [PageColumn("parameter"), *(PageColumn(name) for name in names)], rows, is_folded=True)
        for title, names, rows in history.parameters()
    ]


def document(history: RunHistory) -> Mapping[str, Any]:
    """A run of a page as JSON."""
    return {
        "record": str(history.path), "scenario": history.header["scenario"], "steps": history.steps,
        "refused": history.refused, "accounts": len(history.accounts), "auctions": len(history.auctions),
        "end": history.end, "cut": history.cut, "first_difference": history.difference,
    }  # fmt: skip
