"""Values of accounts, kept for as long as nothing that they depend on changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossvault.judge.account_value import AccountValue, account_value
from crossvault.judge.books import AccountBook, Books

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

_MOST_MARKETS = 2  # before and after a step


class _Market:
    """What values depend on besides the account, and the values found under it."""

    __slots__ = ("_at", "_cash", "_parts", "_values")

    def __init__(self, books: Books, at: int) -> None:
        self._at, self._cash, self._parts = at, _indexes(books, at), _parts(books)
        self._values: dict[AccountId, tuple[AccountBook | None, AccountValue]] = {}

    def fits(self, books: Books, at: int) -> bool:
        """Whether values under these books and time are those of this market."""
        if at != self._at or _indexes(books, at) != self._cash:
            return False
        return all(mine is theirs for mine, theirs in zip(self._parts, _parts(books), strict=True))

    def value(self, books: Books, account: AccountId) -> AccountValue:
        book = books.accounts.get(account)
        known = self._values.get(account)
        if known is None or known[0] is not book:
            known = self._values[account] = book, account_value(books, account, self._at)
        return known[1]


def _parts(books: Books) -> tuple[Any, ...]:
    return books.underlyings, books.curves, books.collaterals, books.rules


def _indexes(books: Books, at: int) -> tuple[Any, ...]:
    """The indexes of interest once they are stored, else all that they follow from."""
    cash = books.cash
    return (cash.supply_index, cash.borrow_index, cash.depeg) if cash.accrued_at == at else cash


class Valuer:
    """Values accounts; those of the last two states of the market are kept."""

    __slots__ = ("_markets",)

    def __init__(self) -> None:
        self._markets: list[_Market] = []

    def value(self, books: Books, account: AccountId, at: int) -> AccountValue:
        """An account valued at a time [unix seconds]."""
        for market in self._markets:
            if market.fits(books, at):
                return market.value(books, account)
        self._markets = [_Market(books, at), *self._markets[: _MOST_MARKETS - 1]]
        return self._markets[0].value(books, account)
