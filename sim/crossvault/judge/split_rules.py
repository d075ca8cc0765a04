"""V35: a person's holdings pass as one account too, and a future passes as the call and the put that equal it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from crossvault.judge.account_value import AccountValue, account_value
from crossvault.judge.books import AccountBook, Books, PositionBook
from crossvault.judge.breach import Breach
from crossvault.judge.interest import present_cash
from crossvault.judge.marks import CALL, FUTURE, PERP, PUT, decoded, forward_parts, funding_due, funding_index
from crossvault.judge.parameter_ranges import CAP
from crossvault.judge.portfolio_value import modelled_underlyings
from crossvault.judge.rounding import RAY, WAD
from crossvault.judge.rulebook import COLLATERAL, INTEREST

if TYPE_CHECKING:
    from crossvault.judge.moment import Moment
    from crossvault.mirror.account import AccountId

PASSING = frozenset({"withdraw_cash", "withdraw_collateral", "trade", "fill", "batch", "bid", "set_mode"})
"""Calls after which an account passes initial margin because it took risk or money."""
_SPLIT_SHARE = 3  # accounts of one person are valued as one at one of so many steps
_ROUNDINGS = 1_000  # wei that joining or splitting positions may cost: a few per position and balance


def joined(moment: Moment) -> Iterator[Breach]:
    """Accounts of one person that pass initial margin each, and would not as one account."""
    if not moment.accepted or moment.step.action not in PASSING or not moment.is_sampled(_SPLIT_SHARE):
        return
    books, seen = moment.after, set[str]()
    for account in moment.touched:
        person = moment.person(account)
        if person in seen:
            continue
        seen.add(person)
        mode = books.account(account).mode
        own = [each for each in books.accounts if moment.person(each) == person and _holds(books.account(each), mode)]
        if len(own) < 2 or moment.is_dear(account):
            continue
        if any(moment.value_after(each).initial_margin.low < 0 for each in own):
            continue
        whole = as_one(books, own, moment.at).initial_margin
        if whole.high < -_ROUNDINGS:
            what = f"{', '.join(map(str, own))} pass initial margin each; as one account they lack {-whole.high}"
            yield Breach(what, -whole.high, tuple(own))


def _holds(book: AccountBook, mode: int) -> bool:
    return book.mode == mode and bool(book.principal or book.positions or any(book.balances))


def as_one(books: Books, accounts: Sequence[AccountId], at: int) -> AccountValue:
    """Several accounts of one mode valued as one account, which the caps of the vault bound where it has any."""
    cash, sizes, quotes = 0, dict[int, int](), dict[int, int]()
    balances = [0] * len(books.collaterals)
    for account in accounts:
        book = books.account(account)
        cash += present_cash(books.cash, book.principal, at).low
        balances = [sum(pair) for pair in zip(balances, book.balances, strict=True)]
        for each in book.positions:
            sizes[each.instrument] = sizes.get(each.instrument, 0) + each.size
            quotes[each.instrument] = quotes.get(each.instrument, 0) + each.quote + _funding(books, each, at)
    positions = [_position(books, each, sizes[each], quotes[each], at) for each in sizes if sizes[each]]
    cash += sum(quotes[each] for each in sizes if not sizes[each])
    whole = AccountBook(_principal(books, cash), books.account(accounts[0]).mode, tuple(balances), tuple(positions))
    return account_value(_bounded(books)._replace(accounts={accounts[0]: whole}), accounts[0], at)


def _bounded(books: Books) -> Books:
    """The books with limits per account replaced where the vault has one for all accounts together.

    A collateral under a cap of the vault counts without that of an account, and an underlying whose open interest is
    capped has no size term: a person of many accounts holds no more than one could who holds all there may be.
    """
    limits = books.caps.limits
    if not limits:
        return books
    collaterals = [
        each._replace(terms=each.terms._replace(cap_wad=CAP)) if (COLLATERAL, number) in limits else each
        for number, each in enumerate(books.collaterals)
    ]
    underlyings = [
        each._replace(risk=each.risk._replace(base_rate=0, impact_rate=0)) if (INTEREST, number) in limits else each
        for number, each in enumerate(books.underlyings)
    ]
    return books._replace(collaterals=tuple(collaterals), underlyings=tuple(underlyings))


def _funding(books: Books, position: PositionBook, at: int) -> int:
    number, kind, *_ = decoded(position.instrument)
    if kind != PERP:
        return 0
    return funding_due(position.size, funding_index(books.underlyings[number], at) - position.funding_index)


def _position(books: Books, instrument: int, size: int, quote: int, at: int) -> PositionBook:
    number, kind, *_ = decoded(instrument)
    return PositionBook(instrument, size, quote, funding_index(books.underlyings[number], at) if kind == PERP else 0)


def _principal(books: Books, cash_wad: int) -> int:
    """The principal of an amount of cash, rounded down."""
    return cash_wad * RAY // (books.cash.borrow_index if cash_wad < 0 else books.cash.supply_index)


def synthetic(moment: Moment) -> Iterator[Breach]:
    """An account in portfolio mode that passes with a future, and would not with a call less a put instead of it."""
    if not moment.accepted or moment.step.action not in PASSING:
        return
    books = moment.after
    for account in moment.touched:
        book = books.account(account)
        replaced = _replaced(books, book, moment.at) if book.mode and not moment.is_dear(account) else None
        if replaced is None or moment.value_after(account).initial_margin.low < 0:
            continue
        value = account_value(books._replace(accounts={account: replaced}), account, moment.at).initial_margin
        if value.high < -_ROUNDINGS:
            what = f"{account} passes initial margin; with calls and puts for its futures it lacks {-value.high}"
            yield Breach(what, -value.high, (account,))


def _replaced(books: Books, book: AccountBook, at: int) -> AccountBook | None:
    """The account with each future as a call less a put struck at the forward; None where there is none to replace."""
    modelled, positions, cash = modelled_underlyings(books), list[PositionBook](), 0
    for each in book.positions:
        number, kind, expiry, _ = decoded(each.instrument)
        curve = books.curve(number, expiry) if kind == FUTURE and number in modelled else None
        if curve is None or curve.settlement or not curve.svi.ref_secs or at >= expiry:
            positions.append(each)
            continue
        forward = sum(forward_parts(curve, books.underlyings[number].price, expiry, at))
        cash += each.size * forward // WAD + each.quote
        base = (number << 144) + (expiry << 96) + forward
        positions.append(PositionBook(base + (CALL << 136), each.size, 0, 0))
        positions.append(PositionBook(base + (PUT << 136), -each.size, 0, 0))
    if len(positions) == len(book.positions):
        return None
    held = present_cash(books.cash, book.principal, at).low
    return book._replace(principal=_principal(books, held + cash), positions=tuple(positions))
