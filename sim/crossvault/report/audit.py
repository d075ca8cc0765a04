"""An audit as shown: its accounts and totals, a difference with its step, and one JSON document of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType

from crossvault.audit.account_rows import AccountRow
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.interface_versions import todays_number
from crossvault.audit.replica import Replica
from crossvault.differential.story import utilisation_and_rate
from crossvault.mirror.account import PORTFOLIO
from crossvault.report import broken_rule
from crossvault.report.console import ReportTable, table
from crossvault.report.differences import difference_document
from crossvault.report.figures import percent, ratio, usd, utc
from crossvault.report.margin_terms import HEADS, account_terms
from crossvault.report.step_text import StepFormatter

_AMOUNTS = ("equity_wad", "initial_requirement_wad", "maintenance_requirement_wad", "maintenance_buffer_wad")


def account_table(replica: Replica, found: Sequence[AccountRow], top: int) -> ReportTable:
    """The accounts with the lowest health first."""
    made = table("account", *(f">{HEADS[name]}" for name in (*_AMOUNTS, "health_wad")), "mode", "liquidated at")
    for each in found[:top]:
        terms = account_terms(each.metrics)
        amounts = (usd(getattr(terms, name)) for name in _AMOUNTS)
        made.add_row(short(str(each.account)), *amounts, ratio(terms.health_wad), mode(each), nearest(replica, each))
    return made


def short(account: str) -> str:
    """An account whose owner is an address, with the middle left out."""
    owner, slash, number = account.partition("/")
    return (f"{owner[:8]}…{owner[-6:]}" if owner.startswith("0x") else owner) + slash + number


def mode(row: AccountRow) -> str:
    """The margin mode of an account, and whether it is for sale."""
    name = "portfolio" if row.metrics.mode == PORTFOLIO else "standard"
    return f"{name}, for sale" if row.on_sale else name


def nearest(replica: Replica, row: AccountRow) -> str:
    """The nearest liquidation as text."""
    if row.nearest is None:
        return "none"
    underlying, shock = row.nearest
    return "now" if shock == 0 else f"{replica.underlyings[underlying]} {'+' if shock > 0 else ''}{percent(shock)}"


def totals(replica: Replica) -> str:
    """The vault in one line."""
    shared = replica.model.snapshot([]).globals
    return (
        f"insurance {usd(shared.insurance_wad)}, deficit {usd(shared.deficit_wad)}, cash held "
        f"{usd(cash_held_wad(replica))}, utilisation {percent(utilisation_wad(replica))}"
    )


def cash_held_wad(replica: Replica) -> int:
    """The quote tokens that the vault holds [wad]."""
    from crossvault.mirror.collateral import to_wad

    return to_wad(replica.model.snapshot([]).globals.cash_held_raw, replica.world.tokens[0].decimals)


def utilisation_wad(replica: Replica) -> int:
    """The part of the supplied cash that is borrowed, at the time of the last compared block [wad]."""
    return utilisation_and_rate(replica.model, replica.block.at)[0]


def verdict(replica: Replica, seconds: float) -> str:
    """The counts of what was compared, and of known weaknesses that were met."""
    counts, pace = replica.counts, max(seconds, 1e-9)
    done = counts.steps - counts.resumed
    after = f" (of which {counts.resumed:,} at an earlier start)" if counts.resumed else ""
    back = f"; {counts.reorganisations} reorganisations of up to {counts.deepest} blocks" if counts.deepest else ""
    return (
        f"{counts.steps:,} steps in {counts.blocks:,} blocks{after} and {counts.metrics:,} margins compared, "
        "no difference"
        f"  ({seconds:.1f} s, {done / pace:,.0f} steps/s){back}"
        + (f"\nread as {earlier}, which today's model follows" if (earlier := replica.source.earlier) else "")
        + (f"\n{broken_rule.weaknesses(replica.weaknesses)}" if replica.weaknesses else "")
    )


def where(differs: BlockDiffers) -> str:
    """The heading of a difference."""
    step = f", step {differs.number:,}" if differs.number else ""
    return f"DIFFERENCE in block {differs.block.number:,} ({utc(differs.block.at)} UTC){step}"


def step_lines(replica: Replica, differs: BlockDiffers) -> list[str]:
    """The transaction of a difference, and its step as text."""
    if differs.seen is None:
        return []
    found = [f"transaction {differs.seen.transaction}", step_text(replica).step(differs.seen.step)]
    if differs.among > 1:
        found.append(f"(the block has {differs.among:,} steps; this is the last that touched what differs first)")
    return found


def step_text(replica: Replica) -> StepFormatter:
    """The names and scales for the steps of a vault."""
    ledger = replica.model.vault.ledger
    tokens = [[name, token.spec.decimals, "plain"] for name, token in replica.model.tokens.items()]
    header = {
        "underlyings": list(ledger.names), "collaterals": [asset.token for asset in ledger.assets],
        "world": {"tokens": tokens, "quote": replica.world.quote},
    }  # fmt: skip
    return StepFormatter(header)


def hints(replica: Replica, differs: BlockDiffers, again: str) -> list[str]:
    """What a difference may come from, and commands that show it again."""
    found = [f"to see it again: {again}"]
    if earlier := replica.source.earlier:
        found.insert(0, f"the vault has {earlier}, the model today's rules: what differs may be one (CHANGELOG.md)")
    if differs.seen:
        found.append(f"to trace it:     cast run {differs.seen.transaction} --rpc-url URL   (with Foundry)")
    return found


def document(
    replica: Replica, found: Sequence[AccountRow], seconds: float, differs: BlockDiffers | None
) -> dict[str, Any]:
    """The audit as JSON; amounts are decimal text in wads."""
    counts, block = replica.counts, replica.block
    shared = replica.model.snapshot([]).globals
    return {
        "vault": replica.source.vault,
        "node": replica.source.origin,
        "block": {"number": block.number, "hash": block.hash, "at": block.at},
        "head": replica.head,
        "interface": earlier.number if (earlier := replica.source.earlier) else todays_number(),
        "steps": counts.steps,
        "resumed": counts.resumed,
        "blocks": counts.blocks,
        "metrics_compared": counts.metrics,
        "reorganisations": counts.reorganisations,
        "deepest_reorganisation": counts.deepest,
        "seconds": round(seconds, 3),
        "difference": None if differs is None else _difference(replica, differs),
        "insurance_wad": str(shared.insurance_wad),
        "deficit_wad": str(shared.deficit_wad),
        "cash_held_wad": str(cash_held_wad(replica)),
        "utilisation_wad": str(utilisation_wad(replica)),
        "known_weaknesses": broken_rule.weakness_document(replica.weaknesses),
        "accounts": [_account(replica, each) for each in found],
    }


_MORE = ("leverage_wad", "sum_wad", "loss_initial_wad", "loss_maintenance_wad")


def _account(replica: Replica, each: AccountRow) -> dict[str, Any]:
    more = {name: str(getattr(each.metrics, name)) for name in _MORE}
    near = each.nearest
    liquidated = near and {"underlying": replica.underlyings[near.underlying], "shock_wad": str(near.shock)}
    return {"account": str(each.account), "mode": each.metrics.mode, "on_sale": each.on_sale,
            **account_terms(each.metrics).document(), **more, "nearest_liquidation": liquidated}  # fmt: skip


def _difference(replica: Replica, differs: BlockDiffers) -> dict[str, Any]:
    seen = differs.seen
    return {
        "block": differs.block.number,
        "hash": differs.block.hash,
        "step": differs.number or None,
        "steps_of_the_block": differs.among,
        "transaction": seen.transaction if seen else None,
        "call": step_text(replica).step(seen.step) if seen else None,
        "fields": [difference_document(each) for each in differs.found],
    }


def renderable(replica: Replica, found: Sequence[AccountRow], top: int) -> list[RenderableType]:
    """The accounts and the totals of the vault."""
    more = f"{len(found) - top:,} more accounts with a higher health" if len(found) > top else ""
    return [account_table(replica, found, top), *([more] if more else []), totals(replica)]
