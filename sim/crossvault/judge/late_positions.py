"""Positions of an account at stale prices, the bounds of their worth, and what an auction of the account goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.account_value import AccountValue, account_value, equity
from crossvault.judge.bracket import Bracket
from crossvault.judge.exposures import ValuedAccount, ValuedOption, valued
from crossvault.judge.rounding import WAD, ceiling
from crossvault.judge.usable_prices import prices_of, with_account

if TYPE_CHECKING:
    from crossvault.judge.books import AccountBook, Books
    from crossvault.mirror.account import AccountId

_NONE = Bracket(0, 0)


class LatePositions(NamedTuple):
    """An account in two parts. rest: without its positions at stale prices; late: those alone.

    since: the first second in which all prices were stale that are so now; 0 where none is [unix seconds].
    """

    rest: AccountBook
    late: AccountBook
    since: int

    @property
    def instruments(self) -> frozenset[int]:
        """The instruments of the positions at stale prices."""
        return frozenset(each.instrument for each in self.late.positions)


def late_positions(books: Books, account: AccountId, at: int) -> LatePositions:
    """The positions of an account at stale prices, apart from the rest of it."""
    held, since, late = books.account(account), 0, []
    for position in held.positions:
        ends = [each.fresh_until for each in prices_of(books, position.instrument) if each.is_missing(at)]
        if ends:
            late.append(position)
            since = max(since, *(end + 1 for end in ends))
    rest = held._replace(positions=tuple(each for each in held.positions if each not in late))
    alone = held._replace(principal=0, mode=0, balances=(), positions=tuple(late))
    return LatePositions(rest, alone, since)


def most_worth(books: Books, late: AccountBook, at: int) -> Bracket:
    """The most that positions at stale prices may be worth [wad].

    A perp or future gains its whole notional on top of its last profit; a long option is worth twice the index or the
    strike, or its last mark; a short one nothing.
    """
    held = valued(books, late, at)
    total = Bracket.of(sum(each.gain + ceiling(each.gross, WAD) for each in held.exposures.values()))
    for option in held.options:
        if option.size > 0:
            total = total.plus(_ceiling(books, option))
    return total


def least_worth(books: Books, late: AccountBook, at: int) -> Bracket:
    """The least that they may be worth: the opposite of what the other side of each may have at most [wad]."""
    held = valued(books, late, at)
    total = Bracket.of(sum(each.loss - ceiling(each.gross, WAD) for each in held.exposures.values()))
    for option in held.options:
        if option.size < 0:
            total = total.minus(_ceiling(books, option))
    return total


def _ceiling(books: Books, option: ValuedOption) -> Bracket:
    """The most that an option may be worth to who is long, rounded up [wad]."""
    price_wad = 2 * max(books.underlyings[option.underlying].price.index_wad, option.strike)
    low, high = (ceiling(abs(option.size) * max(price_wad, mark), WAD) for mark in option.mark)
    return Bracket(low, high)


class SaleValue(NamedTuple):
    """What an auction of an account with positions at stale prices goes by [wad].

    equity: at the last prices; maintenance_margin: without those positions, and the most that they may be worth;
    maintenance_requirement: without them; rise: how much more they may be worth at most than at the last prices.
    """

    equity: Bracket
    maintenance_margin: Bracket
    maintenance_requirement: Bracket
    rise: Bracket
    left_numbers: frozenset[int]
    left_wad: int
    left_credit_wad: int

    @property
    def initial_margin(self) -> Bracket:
        """The margin that keeps the account from being sold: at a stale price only that at maintenance is known."""
        return self.maintenance_margin


def sale_value(books: Books, account: AccountId, at: int) -> AccountValue | SaleValue:
    """The value that an auction of an account goes by, at a time [unix seconds]."""
    parts = late_positions(books, account, at)
    if not parts.since:
        return account_value(books, account, at)
    rest = account_value(with_account(books, account, parts.rest), account, at)
    most_wad = most_worth(books, parts.late, at)
    last = valued(books, parts.late, at)
    return SaleValue(
        rest.equity.plus(equity(last)), rest.maintenance_margin.plus(most_wad), rest.maintenance_requirement,
        _rise(books, last), rest.left_numbers, rest.left_wad, rest.left_credit_wad,
    )  # fmt: skip


def _rise(books: Books, held: ValuedAccount) -> Bracket:
    """How much more positions may be worth at most than they are at the last prices [wad]."""
    exact = sum(ceiling(each.gross, WAD) - each.loss for each in held.exposures.values())
    total = Bracket.of(exact)
    for option in held.options:
        total = total.plus(_ceiling(books, option) if option.size > 0 else _NONE).minus(option.value)
    return total


def least_initial_margin(books: Books, account: AccountId, at: int) -> Bracket:
    """The initial margin of an account whose positions at stale prices are worth the least that they may be [wad]."""
    parts = late_positions(books, account, at)
    rest = account_value(with_account(books, account, parts.rest), account, at)
    return rest.initial_margin.plus(least_worth(books, parts.late, at))
