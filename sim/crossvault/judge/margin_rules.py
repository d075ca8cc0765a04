"""Rules of margin: what an account must pass after a call (V4), settling (V13), and the figures shown (V29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crossvault.judge.account_value import AccountValue
from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.late_positions import late_positions, least_initial_margin
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import RAY, WAD, ceiling
from crossvault.judge.rulebook import GRANTS

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId
    from crossvault.mirror.valuation import Metrics

Fill = tuple["AccountId", int, int]  # account, instrument, change of size

SALES = frozenset(("start_liquidation", "declare_insolvent", "bid", "end_liquidation"))
LEAVING = frozenset(("withdraw_cash", "withdraw_collateral", "set_mode"))
SHOWN_SHARE, ALL_SHARE = 8, 400  # changed accounts, and all accounts, at one of so many steps
RATIOS = frozenset(("health", "leverage"))
UNBOUNDED = 2**255 - 1


def margin_after_a_call(moment: Moment) -> Iterator[Breach]:
    """V4: who takes risk or withdraws passes initial margin; else an account passes it or gave nothing away."""
    action, args = moment.step.action, moment.step.args
    if not moment.accepted or action in ("settle", *GRANTS):
        return
    changed = moment.changed
    if not changed:
        return
    bound = frozenset(_bound(moment, action, args))
    for account in changed:
        if action in SALES and account == args["account"]:
            continue
        if action not in ("bid", "set_mode") and moment.is_dear(account):
            continue
        after = moment.value_after(account).initial_margin
        if action == "bid" and late_positions(moment.before, args["account"], moment.at).since:
            after = least_initial_margin(moment.after, account, moment.at)
        if after.high >= 0:
            continue
        if account in bound:
            text = f"{account} took risk or withdrew, and fails initial margin by {-after.high} wad"
            yield Breach(text, -after.high, (account,))
            continue
        before = moment.value_before(account).initial_margin
        if after.high < before.low:
            text = f"{account} fails initial margin, and its margin fell from {before.low} to {after.high} wad"
            yield Breach(text, before.low - after.high, (account,))
            continue
        yield from _weakened(account, moment.value_before(account), moment.value_after(account))


def _weakened(account: AccountId, before: AccountValue, after: AccountValue) -> Iterator[Breach]:
    """A breach if an account that fails maintenance, before or after, has less margin balance per requirement.

    A requirement that rises must be paid for in full. Without a balance before there is no ratio.
    """
    if before.maintenance_margin.low >= 0 and after.maintenance_margin.low >= 0:
        return
    balance, required, former = after.maintenance_equity, after.maintenance_requirement, before.maintenance_requirement
    held = before.maintenance_equity
    if required.low > former.high:
        least = held.low + required.low - former.high
    elif held.low <= 0 or required.high > former.low or former.high == 0:
        return
    else:
        least = held.low * required.low // former.high
    if balance.high < least:
        text = (
            f"{account} fails maintenance, and its margin balance is {balance.high} wad: at least {least} were to stay"
        )
        yield Breach(text, least - balance.high, (account,))


def _bound(moment: Moment, action: str, args: Mapping[str, Any]) -> Iterator[AccountId]:
    """The accounts that must pass initial margin after a call."""
    if action == "bid":
        yield args["bidder"]
    elif action in LEAVING:
        yield args["account"]
    elif action in ("trade", "fill"):
        yield from _risen(moment, fills(action, args))
    elif action == "batch":
        trades: list[Fill] = []
        for call in args["calls"]:
            if call.action in LEAVING:
                yield call.args["account"]
            trades += fills(call.action, call.args)
        yield from _risen(moment, trades)


def fills(action: str, args: Mapping[str, Any]) -> list[Fill]:
    """The changes of positions by a trade or by fills of orders, in order."""
    if action == "trade":
        instrument, size = args["instrument"], args["size"]
        return [(args["taker"], instrument, size), (args["maker"], instrument, -size)]
    if action != "fill":
        return []
    return [
        (order.account, order.instrument, match.size_wad if order.size > 0 else -match.size_wad)
        for match in args["matches"]
        for order in (match.maker, match.taker)
    ]


def _risen(moment: Moment, trades: list[Fill]) -> Iterator[AccountId]:
    """The accounts whose position grows or changes sides in any of some trades."""
    sizes: dict[tuple[AccountId, int], int] = {}
    for account, instrument, change in trades:
        place = account, instrument
        if place not in sizes:
            held = moment.before.account(account).positions
            sizes[place] = next((each.size for each in held if each.instrument == instrument), 0)
        left = sizes[place] + change
        if abs(left) > abs(sizes[place]) or left * sizes[place] < 0:
            yield account
        sizes[place] = left


def settling_changes_nothing(moment: Moment) -> Iterator[Breach]:
    """V13: settling changes no requirement, and lowers an equity by no more than roundings."""
    if moment.step.action != "settle" or not moment.accepted:
        return
    for account in moment.changed:
        before, after = moment.value_before(account), moment.value_after(account)
        ended = len(moment.before.account(account).positions) - len(moment.after.account(account).positions)
        lost = ended * (2 + moment.after.cash.borrow_index // RAY)  # a wei of cash and a wei of principal each
        for name in ("initial_requirement", "maintenance_requirement"):
            was, now = getattr(before, name), getattr(after, name)
            if not was.meets(now):
                text = f"settling changes the {name.replace('_', ' ')} of {account} from {was} to {now} wad"
                yield Breach(text, None, (account,))
        if after.equity.high < before.equity.low - lost or after.equity.low > before.equity.high:
            moved = after.equity.low - before.equity.low
            text = f"settling changes the equity of {account} from {before.equity} to {after.equity} wad"
            yield Breach(text, abs(moved), (account,))


def metrics_shown(moment: Moment) -> Iterator[Breach]:
    """V29: the margin metrics shown of an account are the judge's."""
    if moment.is_sampled(ALL_SHARE):
        accounts = list(moment.after.accounts)
    elif moment.is_sampled(SHOWN_SHARE):
        accounts = [each for each in moment.changed if not moment.is_dear(each)]
    else:
        return
    for account, shown in zip(accounts, moment.model.metrics(accounts, moment.at), strict=True):
        own = moment.value_after(account)
        for name, bracket, figure in _compared(own, shown):
            if not bracket.holds(figure):
                text = f"{name} of {account} is shown as {figure}, and is {bracket}"
                apart = min(abs(figure - bracket.low), abs(figure - bracket.high))
                yield Breach(text, apart if name not in RATIOS else None, (account,))


def _compared(own: AccountValue, shown: Metrics) -> Iterator[tuple[str, Bracket, int]]:
    yield "equity", own.equity, shown.equity_wad
    yield "adjusted equity at initial margin", own.initial_equity, shown.initial_equity_wad
    yield "adjusted equity at maintenance margin", own.maintenance_equity, shown.maintenance_equity_wad
    yield "initial margin requirement", own.initial_requirement, shown.initial_requirement_wad
    yield "maintenance margin requirement", own.maintenance_requirement, shown.maintenance_requirement_wad
    free = own.initial_margin
    yield "free collateral", Bracket(max(0, free.low), max(0, free.high)), shown.free_collateral_wad
    yield "leverage", leverage(own.notional, own.equity), shown.leverage_wad
    yield "health", health(own.maintenance_equity, own.maintenance_requirement), shown.health_wad


def health(has: Bracket, needs: Bracket) -> Bracket:
    """Adjusted equity by requirement at maintenance margin, rounded down [wad]; unbounded without a requirement."""
    if needs.high == 0:
        return Bracket.of(UNBOUNDED)
    ratios = [part * WAD // max(1, whole) for part in has for whole in needs]
    return Bracket(min(ratios), max(*ratios, UNBOUNDED if needs.low == 0 else -UNBOUNDED))


def leverage(notional_wad: int, equity: Bracket) -> Bracket:
    """Notional by equity, rounded up [wad]; 0 without positions, and unbounded with positions and no equity."""
    if notional_wad == 0:
        return Bracket.of(0)
    low, high = (ceiling(notional_wad * WAD, each) if each > 0 else UNBOUNDED for each in (equity.high, equity.low))
    return Bracket(low, high)
