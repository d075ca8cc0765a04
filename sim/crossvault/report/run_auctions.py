"""Liquidated accounts: time, cause and end of each auction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from crossvault.differential.step import instrument_name
from crossvault.differential.story import Story
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.report.console import RunPage, table
from crossvault.report.figures import amount, percent, ratio, share, span, usd, utc
from crossvault.report.margin_terms import HEADS
from crossvault.report.run_timeline import LargestLoss, Liquidation

_MOST_IN_FULL = 3
_MOST_ROWS = 20
_TERMS = ("maintenance_margin_balance_wad", "maintenance_requirement_wad", "health_wad")


def auctions(ran: RunPage, width: int) -> Iterator[RenderableType]:
    """The first auctions in full; when there are more, a row for every account."""
    found = ran.watch.liquidations
    yield ""
    if not found:
        yield Text("no account was liquidated", style="bold")
        return
    by_account: dict[AccountId, list[Liquidation]] = {}
    for each in found:
        by_account.setdefault(each.account, []).append(each)
    yield Text(f"{_counted(len(found), 'auction')} of {_counted(len(by_account), 'account')}", style="bold")
    if len(found) > _MOST_IN_FULL:
        yield from _rows(ran, by_account)
        yield ""
        yield Text(f"the first {_MOST_IN_FULL} of them in full (all are in --json)", style="dim")
    for each in found[:_MOST_IN_FULL]:
        yield from _in_full(ran, each)


def _rows(ran: RunPage, by_account: dict[AccountId, list[Liquidation]]) -> Iterator[RenderableType]:
    headings = ("account", "first for sale", *(f">{HEADS[name]}" for name in _TERMS), "because of", ">auctions")
    made = table(*headings, ">paid", ">insurance")
    for account, each in list(by_account.items())[:_MOST_ROWS]:
        first = each[0]
        made.add_row(
            str(account), utc(first.at)[5:16], usd(first.margin_balance_wad), usd(first.requirement_wad),
            ratio(first.health_wad), _because(ran.story, first.cause), str(len(each)),
            _price(each), usd(sum(one.payout_wad for one in each)),
        )  # fmt: skip
    yield made
    if (rest := len(by_account) - _MOST_ROWS) > 0:
        yield Text(f"and {_counted(rest, 'more account')}", style="dim")
    yield Text("paid: in percent of the value that was bought; insurance: what the fund paid to bidders", style="dim")


def _in_full(ran: RunPage, each: Liquidation) -> Iterator[RenderableType]:
    when = f"{utc(each.at)} UTC (+{span(each.at - ran.watch.started_at)}, step {each.step})"
    yield Text.assemble(("✖ ", "red"), (str(each.account), "bold"), f"  {when}")
    yield Padding(Text(_why(ran.story, each)), (0, 0, 0, 2))
    yield Padding(Text(_how(each)), (0, 0, 0, 2))


def _why(story: Story, each: Liquidation) -> str:
    text = f"why: margin balance {usd(each.margin_balance_wad)} below requirement {usd(each.requirement_wad)}, "
    text += f"health {ratio(each.health_wad)}; equity {usd(each.equity_wad)}"
    if cause := each.cause:
        text += f"; most lost on {amount(abs(cause.size_wad))} {_name(story, cause)}, {_side(cause)}"
        if cause.entry_wad:
            text += f" since {usd(cause.entry_wad)}: price {_move(cause)}, {usd(cause.loss_wad)}"
        else:
            text += f": mark {usd(cause.mark_wad)}, {usd(cause.loss_wad)}"
    return text


def _how(each: Liquidation) -> str:
    parts = []
    if each.insolvent_at is not None:
        after = each.insolvent_at - each.at
        parts.append(f"insolvent after {span(after)}" if after else "insolvent from the start")
    if each.purchases:
        buyers = ", ".join(dict.fromkeys(str(purchase.bidder) for purchase in each.purchases))
        parts.append(f"{percent(each.sold_wad, 1)} sold in {_counted(len(each.purchases), 'bid')} to {buyers}")
    if each.price_wad:
        paid = share(each.price_wad, each.value_wad)
        parts.append(f"{usd(each.price_wad)} paid for {usd(each.value_wad)} of value ({paid})")
    if each.payout_wad:
        parts.append(f"insurance paid {usd(each.payout_wad)}")
    parts.append(_end(each))
    return "how: " + "; ".join(parts)


def _end(each: Liquidation) -> str:
    if each.ended_at is None:
        return "still for sale at the end"
    return f"{each.ended_by} after {span(each.ended_at - each.at)}"


def _because(story: Story, cause: LargestLoss | None) -> str:
    return f"{_side(cause)} {_name(story, cause)} {_move(cause)}".rstrip() if cause else "debt"


def _name(story: Story, cause: LargestLoss) -> str:
    return instrument_name(cause.instrument, story.underlyings).removesuffix("-PERP")


def _side(cause: LargestLoss) -> str:
    return "long" if cause.size_wad > 0 else "short"


def _move(cause: LargestLoss) -> str:
    if not cause.entry_wad:
        return ""
    move = (cause.mark_wad - cause.entry_wad) * WAD // cause.entry_wad
    return ("+" if move > 0 else "") + percent(move, 1)


def _price(each: Sequence[Liquidation]) -> str:
    return share(sum(one.price_wad for one in each), sum(one.value_wad for one in each))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s'[: count != 1]}"
