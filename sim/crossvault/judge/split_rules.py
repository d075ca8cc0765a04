"""V35: a person's holdings pass as one account too; futures bear the basis of the calls and puts that equal them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.account_value import AccountValue, account_value
from crossvault.judge.books import AccountBook, Books, PositionBook
from crossvault.judge.breach import Breach
from crossvault.judge.exposures import valued
from crossvault.judge.interest import present_cash
from crossvault.judge.marks import CALL, FUTURE, PERP, PUT, decoded, forward_parts, funding_due, funding_index
from crossvault.judge.parameter_ranges import CAP
from crossvault.judge.portfolio_value import modelled_underlyings
from crossvault.judge.rounding import RAY, WAD, YEAR, ceiling
from crossvault.judge.rulebook import COLLATERAL, INTEREST
from crossvault.judge.scenario_value import discount, scenario_profits

if TYPE_CHECKING:
    from crossvault.judge.moment import Moment
    from crossvault.mirror.account import AccountId

PASSING = frozenset({"withdraw_cash", "withdraw_collateral", "trade", "fill", "batch", "bid", "set_mode"})
"""Calls after which an account passes initial margin because it took risk or money."""
_SPLIT_SHARE = 3  # accounts of one person are valued as one at one of so many steps
_LEAST_DISCOUNT = WAD // 1_000  # below it the sizes of calls and puts grow past what their prices are exact for
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
    """Shown basis losses of accounts with futures that are not those of calls less puts instead of the futures."""
    books = moment.after
    for account in moment.touched:
        book = books.account(account)
        replaced = _replaced(books, book, moment.at) if book.mode and not moment.is_dear(account) else None
        if replaced is None:
            continue
        table, _ = moment.model.vault.scenarios(account, now=moment.at)
        held = valued(books, replaced.book, moment.at)
        for number, slack in replaced.slack.items():
            judged, shown = scenario_profits(books, held, number).basis, table.basis_wad[number]
            off = max(judged.low - slack - shown, shown - judged.high - slack)
            if off > 0:
                what = f"basis loss {-shown} of {account} in underlying {number}; with calls and puts for its futures"
                yield Breach(f"{what} {-judged.high}", off, (account,))


class Replaced(NamedTuple):
    """An account with calls and puts instead of futures, and what their rounded sizes may cost, by underlying [wad]."""

    book: AccountBook
    slack: dict[int, int]


def _replaced(books: Books, book: AccountBook, at: int) -> Replaced | None:
    """The account with each future as calls less puts struck at the forward; None where there is none to replace.

    A future is paid as its forward moves, an option at its expiry: to equal it takes as many as 1 over the discount.
    """
    modelled, positions, slack = modelled_underlyings(books), list[PositionBook](), dict[int, int]()
    for each in book.positions:
        number, kind, expiry, _ = decoded(each.instrument)
        curve = books.curve(number, expiry) if kind == FUTURE and number in modelled else None
        paid = discount(curve.rate, expiry - at).low if curve and at < expiry else 0
        if curve is None or curve.settlement or not curve.svi.ref_secs or paid < _LEAST_DISCOUNT:
            positions.append(each)
            continue
        forward = sum(forward_parts(curve, books.underlyings[number].price, expiry, at))
        size, base = each.size * WAD // paid, (number << 144) + (expiry << 96) + max(1, forward)
        positions.append(PositionBook(base + (CALL << 136), size, 0, 0))
        positions.append(PositionBook(base + (PUT << 136), -size, 0, 0))
        risk = books.underlyings[number].model.basis
        rate = int(risk.add_rate) + ceiling(int(risk.year_rate) * (expiry - at), YEAR)
        moved = forward * max(WAD + int(risk.up_shock), 2 * WAD) // WAD
        off = _ROUNDINGS + (1 + abs(size) * 8 // WAD) * (2 + moved // WAD)  # of the discount: 4e-18 each
        slack[number] = slack.get(number, 0) + off * (1 + rate // WAD)
    return Replaced(book._replace(positions=tuple(positions)), slack) if slack else None
