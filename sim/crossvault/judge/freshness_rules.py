"""V30: no sale, no withdrawal and no rising risk at stale prices or in a pause, but as the specification lists it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from crossvault.judge.auction_clocks import is_in_grace, outage_end
from crossvault.judge.books import Books
from crossvault.judge.breach import Breach
from crossvault.judge.late_positions import late_positions, sale_value
from crossvault.judge.marks import CALL, NO_FEED, PERP, decoded
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import calls
from crossvault.judge.trade_rules import deals

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

_HALTED = frozenset({
    "withdraw_cash", "withdraw_collateral", "set_mode", "start_liquidation", "declare_insolvent", "bid",
})  # fmt: skip
"""Doors that a pause closes; it closes trades that raise risk, too."""
_LEAVING = frozenset({"withdraw_cash", "withdraw_collateral", "set_mode"})
_SALES = frozenset({"start_liquidation", "declare_insolvent", "bid", "end_liquidation"})
_TRADES = frozenset({"trade", "fill", "batch"})


def timely(moment: Moment) -> Iterator[Breach]:
    """V30 of an accepted step."""
    if not moment.accepted:
        return
    step = moment.step
    if moment.rulebook.paused:
        for action, _ in calls(step):
            if action in _HALTED:
                yield Breach(f"{action} by {step.sender} in a pause", accounts=tuple(moment.touched))
    for action, args in calls(step):
        if action == "deposit_collateral":
            yield from _stale_deposit(moment, args["collateral"])
    if step.action in _SALES:
        yield from _stale_sale(moment)
    elif step.action == "open_expiry":
        yield from _stale_index(moment, step.args["underlying"])
    else:
        yield from _stale_exit(moment)
    if step.action in _TRADES:
        yield from _trades(moment)


def _stale_sale(moment: Moment) -> Iterator[Breach]:
    """A step of an auction at a stale price of what the account holds, or of what its bidder then holds.

    Collateral at a stale price is no reason to refuse, and is not sold, unless the account is worth nothing with it. A
    position at one is none for an account that fails maintenance even if it were worth the most that it may be, nor for
    who bids for such an account.
    """
    account = moment.step.args["account"]
    is_excused = _fails_without(moment, account)
    if not is_excused:
        for what in stale_prices(moment.before, account, moment.at):
            yield Breach(f"{moment.step.action} of {account}, and {what}", accounts=(account,))
    if moment.step.action == "bid":
        bidder = moment.step.args["bidder"]
        for what in () if is_excused else stale_prices(moment.after, bidder, moment.at):
            yield Breach(f"{bidder} bids, and {what}", accounts=(bidder,))
        yield from _stale_part(moment, account)


def _fails_without(moment: Moment, account: AccountId) -> bool:
    """Whether an account fails maintenance without its positions at stale prices, at a fresh quote price."""
    books, at = moment.before, moment.at
    if not late_positions(books, account, at).since:
        return False
    feed = books.cash.depeg.feed
    if feed != NO_FEED and any(_index(books, feed, at)):
        return False
    return sale_value(books, account, at).maintenance_margin.low < 0


def _stale_part(moment: Moment, account: AccountId) -> Iterator[Breach]:
    """Collateral at a stale price that leaves an account which is worth something."""
    before, after = moment.before.account(account), moment.after.account(account)
    for number, book in enumerate(moment.before.collaterals[: len(before.balances)]):
        if after.balances[number] < before.balances[number] and moment.value_before(account).equity.low > 0:
            for what in _index(moment.before, book.underlying, moment.at):
                yield Breach(f"{book.token} of {account} is sold, and {what}", accounts=(account,))


def _stale_deposit(moment: Moment, collateral: int) -> Iterator[Breach]:
    """A deposit of collateral at a stale price, which keeps its account from being sold."""
    for book in moment.before.collaterals[collateral : collateral + 1]:
        for what in _index(moment.before, book.underlying, moment.at):
            yield Breach(f"{book.token} is deposited, and {what}", accounts=tuple(moment.touched))


def _stale_index(moment: Moment, underlying: int) -> Iterator[Breach]:
    if underlying < len(moment.before.underlyings):
        for what in _index(moment.before, underlying, moment.at):
            yield Breach(f"an expiry is opened, and {what}")


def _stale_exit(moment: Moment) -> Iterator[Breach]:
    """A withdrawal from an account, or a new mode of one, that still holds what has no fresh price."""
    for action, args in calls(moment.step):
        if action in _LEAVING:
            for what in stale_prices(moment.after, args["account"], moment.at):
                yield Breach(f"{action} of {args['account']}, and {what}", accounts=(args["account"],))


def _trades(moment: Moment) -> Iterator[Breach]:
    """Trades without a fresh price of their instrument, and rising risk in a pause or at a stale price."""
    rising: set[AccountId] = set()
    sizes: Counter[tuple[AccountId, int]] = Counter()
    for deal in deals(moment.step):
        for what in stale_instrument(moment.before, deal.instrument, moment.at):
            yield Breach(f"instrument {deal.instrument} trades, and {what}", accounts=(deal.maker, deal.taker))
        for account, change in ((deal.maker, -deal.size), (deal.taker, deal.size)):
            key = account, deal.instrument
            if key not in sizes:
                sizes[key] = _size(moment.before, account, deal.instrument)
            if is_rising(sizes[key], change):
                rising.add(account)
            sizes[key] += change
    for account in sorted(rising):
        if moment.rulebook.paused:
            yield Breach(f"the risk of {account} rises in a pause", accounts=(account,))
        for what in stale_prices(moment.after, account, moment.at):
            yield Breach(f"the risk of {account} rises, and {what}", accounts=(account,))


def is_rising(size: int, change: int) -> bool:
    """Whether a position grows or changes sides."""
    left = size + change
    return left != 0 and ((left < 0) != (size < 0) or abs(left) > abs(size))


def raised_in_a_pause(moment: Moment) -> Iterator[Breach]:
    """V30: in a pause no trade raises the requirement of an account.

    What the vault takes for a reduction is a smaller position, which may be the hedge of another.
    """
    if not moment.rulebook.paused or not moment.accepted or moment.step.action not in _TRADES:
        return
    traded = {account for deal in deals(moment.step) for account in (deal.maker, deal.taker)}
    for account in sorted(traded):
        before, after = (
            moment.value_before(account).initial_requirement,
            moment.value_after(account).initial_requirement,
        )
        if after.low > before.high:
            yield Breach(
                f"the requirement of {account} rises in a pause from {before.high} to {after.low}",
                after.low - before.high, (account,),
            )  # fmt: skip


def sold_in_grace(moment: Moment) -> Iterator[Breach]:
    """V30: no account that is worth something is put up for sale, nor bid for, in the grace time after an outage.

    One noted as insolvent that has recovered may be put up for sale anew: that ends its insolvency, and sells nothing.
    """
    step, books = moment.step, moment.before
    if not moment.accepted or step.action not in ("start_liquidation", "bid"):
        return
    account = step.args["account"]
    if step.action == "start_liquidation" and books.account(account).sale.insolvent_at:
        return
    if is_in_grace(books, account, moment.at) and (equity := moment.value_before(account).equity).low > 0:
        until = outage_end(books, account, moment.at) + books.auction.grace_secs
        what = f"{step.action} of {account}, worth {equity.low} wad, and the grace time after an outage ends at {until}"
        yield Breach(what, equity.low, (account,))


def stale_prices(books: Books, account: AccountId, at: int) -> Iterator[str]:
    """The stale prices of positions, and of the quote token while there are any; collateral fades instead."""
    held = books.account(account)
    has_positions = False
    for position in held.positions:
        if not _is_settled(books, position.instrument):
            has_positions = True
            yield from stale_instrument(books, position.instrument, at)
    if has_positions and books.cash.depeg.feed != NO_FEED:
        yield from _index(books, books.cash.depeg.feed, at)


def stale_instrument(books: Books, instrument: int, at: int) -> Iterator[str]:
    """The stale prices that value an instrument; from its expiry on it needs no forward and no surface."""
    underlying, kind, expiry, _ = decoded(instrument)
    if underlying >= len(books.underlyings):
        return
    yield from _index(books, underlying, at)
    curve = books.curve(underlying, expiry)
    if kind == PERP or curve is None or at >= expiry:
        return
    listed = books.underlyings[underlying]
    yield from _age(f"the forward of {listed.name}", curve.published_at, listed.risk.heartbeat_secs, at)
    if kind >= CALL:
        secs = listed.options.heartbeat_secs
        yield from _age(f"the surface of {listed.name}", curve.surface_published_at, secs, at)


def _index(books: Books, underlying: int, at: int) -> Iterator[str]:
    listed = books.underlyings[underlying]
    yield from _age(f"the price of {listed.name}", listed.price.published_at, listed.risk.heartbeat_secs, at)


def _age(what: str, published_at: int, heartbeat_secs: int, at: int) -> Sequence[str]:
    if published_at and at - published_at <= heartbeat_secs:
        return ()
    return (f"{what} is of {published_at}, at {at} with a heartbeat of {heartbeat_secs} s",)


def _is_settled(books: Books, instrument: int) -> bool:
    underlying, kind, expiry, _ = decoded(instrument)
    curve = None if kind == PERP else books.curve(underlying, expiry)
    return curve is not None and curve.settlement != 0


def _size(books: Books, account: AccountId, instrument: int) -> int:
    return sum(each.size for each in books.account(account).positions if each.instrument == instrument)
