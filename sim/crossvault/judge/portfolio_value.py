"""Portfolio margin of an account, of the underlyings that have parameters of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.judge.bracket import Bracket

if TYPE_CHECKING:
    from crossvault.judge.books import Books
    from crossvault.judge.exposures import ValuedAccount

UNKNOWN = Bracket(0, 2**256 - 1)


def modelled_underlyings(books: Books) -> frozenset[int]:
    """The underlyings that have parameters of portfolio margin, by number."""
    return frozenset(i for i, each in enumerate(books.underlyings) if each.portfolio.vol.floor_secs)


def portfolio_requirement(books: Books, held: ValuedAccount, at: int) -> tuple[Bracket, Bracket]:
    """Requirement of the modelled underlyings at initial and maintenance margin [wad]; not known yet."""
    return UNKNOWN, UNKNOWN
