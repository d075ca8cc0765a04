"""What an audit shows: how its accounts stand, a difference with its step, and one JSON document of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from crossvault.audit.account_rows import AccountRow
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.replica import Replica
from crossvault.lockstep.record import Record
from crossvault.mirror.account import PORTFOLIO
from crossvault.report.console import table
from crossvault.report.figures import percent, ratio, usd, utc
from crossvault.report.step_text import NameFormatter


def standing_table(replica: Replica, found: Sequence[AccountRow], top: int) -> Table:
    """The accounts with the lowest health first."""
    made = table("account", ">equity", ">IM", ">MM", ">left", ">health", "mode", "closed at")
    for column in (made.columns[0], made.columns[-1]):
        column.no_wrap = True
    for each in found[:top]:
        told = each.metrics
        made.add_row(
            short(str(each.account)), usd(told.equity_wad), usd(told.initial_requirement_wad),
            usd(told.maintenance_requirement_wad), usd(each.left_wad), ratio(told.health_wad), mode(each),
            nearest(replica, each),
        )  # fmt: skip
    return made


def short(account: str) -> str:
    """An account whose owner is an address, with the middle left out."""
    owner, slash, number = account.partition("/")
    return (f"{owner[:8]}…{owner[-6:]}" if owner.startswith("0x") else owner) + slash + number


def mode(standing: AccountRow) -> str:
    """How the margin of an account is asked for, and whether it is for sale."""
    name = "portfolio" if standing.metrics.mode == PORTFOLIO else "standard"
    return f"{name}, for sale" if standing.on_sale else name


def nearest(replica: Replica, standing: AccountRow) -> str:
    """The nearest liquidation in words."""
    if standing.nearest is None:
        return "none"
    underlying, shock = standing.nearest
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
    """The part of the supplied cash that is borrowed, at the indexes of the last accrual [wad]."""
    from crossvault.mirror import cash, fixed

    pool = replica.model.vault.ledger.cash
    supplied = fixed.mul_div_down(pool.total_supply, pool.supply_index, fixed.RAY)
    borrowed = fixed.mul_div_up(pool.total_borrow, pool.borrow_index, fixed.RAY)
    return cash.utilisation(supplied, borrowed) if borrowed else 0


def verdict(replica: Replica, seconds: float) -> str:
    """What was compared, in one line."""
    tally, pace = replica.tally, max(seconds, 1e-9)
    done = tally.steps - tally.resumed
    after = f" (of which {tally.resumed:,} at an earlier start)" if tally.resumed else ""
    back = f"; {tally.reorganisations} reorganisations of up to {tally.deepest} blocks" if tally.deepest else ""
    return (
        f"{tally.steps:,} steps in {tally.blocks:,} blocks{after} and {tally.metrics:,} margins compared, no difference"
        f"  ({seconds:.1f} s, {done / pace:,.0f} steps/s){back}"
    )


def where(differs: BlockDiffers) -> str:
    """The heading of a difference."""
    step = f", step {differs.number:,}" if differs.number else ""
    return f"DIFFERENCE in block {differs.block.number:,} ({utc(differs.block.at)} UTC){step}"


def step_lines(replica: Replica, differs: BlockDiffers) -> list[str]:
    """The transaction of a difference, and its step in words."""
    if differs.seen is None:
        return []
    found = [f"transaction {differs.seen.transaction}", words(replica).step(differs.seen.step)]
    if differs.among > 1:
        found.append(f"(the block has {differs.among:,} steps; this is the last that touched what differs first)")
    return found


def words(replica: Replica) -> NameFormatter:
    """The words for the steps of a vault."""
    ledger = replica.model.vault.ledger
    tokens = [[name, token.spec.decimals, "plain"] for name, token in replica.model.tokens.items()]
    header = {
        "underlyings": list(ledger.names), "collaterals": [asset.token for asset in ledger.assets],
        "world": {"tokens": tokens, "quote": replica.world.quote},
    }  # fmt: skip
    return NameFormatter(Record(Path(), header, (), ()))


def hints(differs: BlockDiffers, again: str) -> list[str]:
    """What to type next."""
    found = [f"to see it again: {again}"]
    if differs.seen:
        found.append(f"to trace it:     cast run {differs.seen.transaction} --rpc-url URL   (with Foundry)")
    return found


def document(
    replica: Replica, found: Sequence[AccountRow], seconds: float, differs: BlockDiffers | None
) -> dict[str, Any]:
    """Everything as JSON; amounts are decimal text in wads."""
    tally, block = replica.tally, replica.block
    shared = replica.model.snapshot([]).globals
    return {
        "vault": replica.source.vault,
        "node": replica.source.origin,
        "block": {"number": block.number, "hash": block.hash, "at": block.at},
        "head": replica.head,
        "steps": tally.steps,
        "resumed": tally.resumed,
        "blocks": tally.blocks,
        "metrics_compared": tally.metrics,
        "reorganisations": tally.reorganisations,
        "deepest_reorganisation": tally.deepest,
        "seconds": round(seconds, 3),
        "difference": None if differs is None else _difference(replica, differs),
        "insurance_wad": str(shared.insurance_wad),
        "deficit_wad": str(shared.deficit_wad),
        "cash_held_wad": str(cash_held_wad(replica)),
        "utilisation_wad": str(utilisation_wad(replica)),
        "accounts": [_standing(replica, each) for each in found],
    }


def _standing(replica: Replica, each: AccountRow) -> dict[str, Any]:
    told = {name: str(value) for name, value in each.metrics._asdict().items() if name.endswith("_wad")}
    near = each.nearest
    liquidated = near and {"underlying": replica.underlyings[near.underlying], "shock_wad": str(near.shock)}
    return {"account": str(each.account), "mode": each.metrics.mode, "on_sale": each.on_sale, **told,
            "nearest_liquidation": liquidated}  # fmt: skip


def _difference(replica: Replica, differs: BlockDiffers) -> dict[str, Any]:
    seen = differs.seen
    fields = [
        {"field": each.field, "chain": str(each.chain), "model": str(each.model),
         "wei": None if each.wei is None else str(each.wei)}
        for each in differs.found
    ]  # fmt: skip
    return {
        "block": differs.block.number,
        "hash": differs.block.hash,
        "step": differs.number or None,
        "steps_of_the_block": differs.among,
        "transaction": seen.transaction if seen else None,
        "call": words(replica).step(seen.step) if seen else None,
        "fields": fields,
    }


def renderable(replica: Replica, found: Sequence[AccountRow], top: int) -> list[RenderableType]:
    """How the accounts and the vault stand."""
    more = f"{len(found) - top:,} more accounts with a higher health" if len(found) > top else ""
    return [standing_table(replica, found, top), *([more] if more else []), totals(replica)]
