"""V38: open interest is the sum of long sizes, and no call raises an amount of the whole vault above its cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from crossvault.judge.books import AccountBook, Books, CapRecord, PositionBook
from crossvault.judge.breach import Breach
from crossvault.judge.marks import decoded
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import RAY
from crossvault.judge.rulebook import BORROWING, COLLATERAL, INTEREST, calls
from crossvault.judge.trade_rules import deals

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

_WHOLE = 64  # steps of which one counts the open interest of all accounts
_BORROWS = frozenset({"withdraw_cash", "trade", "fill"})


def open_interest_counted(moment: Moment) -> Iterator[Breach]:
    """V38: the open interest of an instrument and of its underlying is the sum of their long sizes."""
    if not moment.accepted:
        return
    before, after = moment.before, moment.after
    grown = _longs(book.positions for book in map(after.account, moment.changed))
    grown.subtract(_longs(book.positions for book in map(before.account, moment.changed)))
    yield from _counted(grown, _risen(before.caps, after.caps))
    if moment.is_sampled(_WHOLE):
        yield from _counted(_longs(each.positions for each in after.accounts.values()), Counter(after.caps.longs))
    summed: Counter[int] = Counter()
    for instrument, long_wad in after.caps.longs.items():
        summed[decoded(instrument)[0]] += long_wad
    if +summed != +Counter(after.caps.interests):
        yield Breach(
            f"open interest {dict(after.caps.interests)} is stored, that of instruments sums to {dict(summed)}"
        )


def _longs(held: Iterable[Iterable[PositionBook]]) -> Counter[int]:
    """The sum of long sizes by instrument [wad]."""
    found: Counter[int] = Counter()
    for positions in held:
        for each in positions:
            found[each.instrument] += max(0, each.size)
    return found


def _risen(before: CapRecord, after: CapRecord) -> Counter[int]:
    risen = Counter(after.longs)
    risen.subtract(before.longs)
    return risen


def _counted(held: Counter[int], stored: Counter[int]) -> Iterator[Breach]:
    for instrument in held.keys() | stored.keys():
        if held[instrument] != stored[instrument]:
            what = f"open interest of instrument {instrument}"
            yield Breach(f"{what}: {stored[instrument]} is stored, long sizes are {held[instrument]}")


def capped(moment: Moment) -> Iterator[Breach]:
    """V38: no call raises collateral, debts or open interest of the whole vault above its cap."""
    limits = moment.before.caps.limits
    if not moment.accepted or not limits or moment.step.action in ("bid", "settle"):
        return
    for (what, number), limit in limits.items():
        was, now = (_amount(books, what, number) for books in (moment.before, moment.after))
        if now > limit and now > was and (what != BORROWING or _borrowed_more(moment)):
            yield Breach(f"{what} {number} rises from {was} to {now}, its cap is {limit}", None, tuple(moment.changed))


def _amount(books: Books, what: str, number: int) -> int:
    """What a cap limits, of the whole vault: debts rounded up [wad], a collateral [raw], open interest [wad]."""
    if what == BORROWING:
        return -(-books.cash.total_borrow * books.cash.borrow_index // RAY)
    if what == COLLATERAL:
        return books.collaterals[number].total_raw
    return books.caps.interests.get(number, 0)


def _borrowed_more(moment: Moment) -> bool:
    """Whether an account owes more by its own withdrawal or opening trade; interest, reductions and sales may add."""
    if moment.step.action not in _BORROWS:
        return False
    return any(_owes_more(moment, account) for account in moment.changed)


def _owes_more(moment: Moment, account: AccountId) -> bool:
    before, after = moment.before.account(account), moment.after.account(account)
    if after.principal >= min(0, before.principal):
        return False
    return moment.step.action == "withdraw_cash" or _opens(before, after)


def _opens(before: AccountBook, after: AccountBook) -> bool:
    """Whether positions grew, and none shrank or changed sides."""
    sizes = {each.instrument: each.size for each in before.positions}
    moved = [(sizes.get(each.instrument, 0), each.size) for each in after.positions]
    return len(after.positions) >= len(sizes) and all(
        abs(now) >= abs(was) and was * now >= 0 for was, now in moved
    )  # fmt: skip


def beyond_a_cap(moment: Moment) -> bool:
    """Whether a call of a step would raise the amount that its refusal names above the cap in force."""
    refused = moment.outcome.refusal
    assert refused is not None
    refusal = dict(zip(refused.fields, refused.args, strict=True))
    limit = moment.before.caps.limits.get((refusal["what"], refusal["number"]))
    if not limit or (refusal["cap"], refusal["amount"] > limit) != (limit, True):
        return False
    if refusal["what"] == BORROWING:  # interest accrues first, and what a trade borrows depends on its order
        return moment.step.action == "fill" or any(action in _BORROWS for action, _ in calls(moment.step))
    return _collateral_beyond(moment) if refusal["what"] == COLLATERAL else _interest_beyond(moment)


def _collateral_beyond(moment: Moment) -> bool:
    totals: Counter[int] = Counter()
    for action, args in calls(moment.step):
        if action in ("deposit_collateral", "withdraw_collateral"):
            totals[args["collateral"]] += args["amount_raw"] if action == "deposit_collateral" else 0
    books = moment.before
    return any(
        books.collaterals[number].total_raw + more > limit
        for number, more in totals.items()
        if (limit := books.caps.limits.get((COLLATERAL, number)))
    )


def _interest_beyond(moment: Moment) -> bool:
    """Whether the trades of a step, each after the other, raise the open interest of an underlying above its cap."""
    books = moment.before
    moved: dict[tuple[AccountId, int], int] = {}
    interests = Counter(books.caps.interests)
    for deal in deals(moment.step):
        grown, number = 0, decoded(deal.instrument)[0]
        for account, delta in ((deal.maker, -deal.size), (deal.taker, deal.size)):
            was = moved.get((account, deal.instrument), _size(books.account(account), deal.instrument))
            moved[account, deal.instrument] = was + delta
            grown += max(0, was + delta) - max(0, was)
        interests[number] += grown
        limit = books.caps.limits.get((INTEREST, number))
        if grown > 0 and limit and interests[number] > limit:
            return True
    return False


def _size(book: AccountBook, instrument: int) -> int:
    return next((each.size for each in book.positions if each.instrument == instrument), 0)
