"""Usable prices: how long the prices of all that an account holds are fresh, and what is worth something without them.

A price is fresh while now - publishedAt <= heartbeat. An account needs the index of each position that
it holds, before its expiry the forward of a dated one and the surface of an option, and the quote feed if it has
positions; what has settled needs none, and neither does collateral, which fades and stays out of a sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.books import AccountBook, Books
from crossvault.judge.marks import CALL, NO_FEED, PERP, decoded

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

FOREVER = 2**63
PORTFOLIO = 1


class NeededPrice(NamedTuple):
    """A price that an account needs: the last second in which it is fresh, and the first in which it is not needed."""

    fresh_until: int
    needed_before: int = FOREVER

    def is_missing(self, at: int) -> bool:
        """Whether it is needed and stale at a time [unix seconds]."""
        return self.fresh_until < at < self.needed_before


def collateral_prices(books: Books, account: AccountId) -> Iterator[NeededPrice]:
    """The prices of the collateral of an account, without which it is left out of a sale."""
    for collateral, balance_raw in zip(books.collaterals, books.account(account).balances, strict=False):
        if balance_raw:
            yield _index(books, collateral.underlying)


def needed_prices(books: Books, account: AccountId, late: frozenset[int] = frozenset()) -> Iterator[NeededPrice]:
    """The prices that an account needs, by the books; none for instruments that it is sold in spite of."""
    held = books.account(account)
    for position in held.positions:
        if position.instrument not in late:
            yield from prices_of(books, position.instrument)
    feed = books.cash.depeg.feed
    if feed != NO_FEED and (held.positions or held.mode == PORTFOLIO):
        yield _index(books, feed)


def prices_of(books: Books, instrument: int) -> Iterator[NeededPrice]:
    """The prices that a position needs."""
    underlying, kind, expiry, _ = decoded(instrument)
    curve = None if kind == PERP else books.curve(underlying, expiry)
    if curve and curve.settlement:
        return
    yield _index(books, underlying)
    if curve is None:
        return
    risk, options = books.underlyings[underlying].risk, books.underlyings[underlying].options
    yield NeededPrice(curve.published_at + risk.heartbeat_secs, expiry)
    if kind >= CALL:
        yield NeededPrice(curve.surface_published_at + options.heartbeat_secs, expiry)


def _index(books: Books, underlying: int) -> NeededPrice:
    book = books.underlyings[underlying]
    return NeededPrice(book.price.published_at + book.risk.heartbeat_secs)


def is_priced(books: Books, account: AccountId, at: int) -> bool:
    """Whether all prices that an account needs are fresh at a time [unix seconds]."""
    return not any(each.is_missing(at) for each in needed_prices(books, account))


def priced_secs(prices: Iterable[NeededPrice], since: int, until: int) -> int:
    """The seconds of a time in which all of some prices are fresh.

    A second counts as a whole where its first instant does.
    """
    gaps = sorted((max(since, each.fresh_until + 1), min(until, each.needed_before)) for each in prices)
    fresh, reached = 0, since
    for begin, end in gaps:
        if begin < end:
            fresh += max(0, begin - reached)
            reached = max(reached, end)
    return fresh + until - reached


def without_stale_collateral(books: Books, account: AccountId, held: AccountBook, at: int) -> tuple[Books, int]:
    """The books without the collateral of an account at stale prices, and the most that this may be worth to it [wad].

    The most: twice its last price. held: the account as it is otherwise valued. A rule that fails an account in spite
    of it does not hang on a price that is not there.
    """
    most, balances = 0, list(held.balances)
    for number, collateral in enumerate(books.collaterals[: len(balances)]):
        if balances[number] and at > _index(books, collateral.underlying).fresh_until:
            price_wad = books.underlyings[collateral.underlying].price.index_wad
            most += 2 * balances[number] * price_wad // 10**collateral.decimals
            balances[number] = 0
    return with_account(books, account, held._replace(balances=tuple(balances))), most


def with_account(books: Books, account: AccountId, held: AccountBook) -> Books:
    """The books with another state of one account."""
    return books._replace(accounts={**books.accounts, account: held})
