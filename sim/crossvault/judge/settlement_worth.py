"""The worth of a settled instrument."""

from __future__ import annotations

from crossvault.judge.books import Books
from crossvault.judge.marks import CALL, FUTURE, PERP, decoded, payoff


def settlement_price(books: Books, instrument: int) -> int:
    """The settlement price of an instrument's expiry; 0 of a perp, and where it has not settled [wad]."""
    underlying, kind, expiry, _ = decoded(instrument)
    curve = None if kind == PERP else books.curve(underlying, expiry)
    return curve.settlement if curve else 0


def settlement_worth(books: Books, instrument: int) -> int:
    """The worth of one unit once settled: the price of a future, the payoff of an option; before that 0 [wad]."""
    price_wad = settlement_price(books, instrument)
    if price_wad == 0:
        return 0
    _, kind, _, strike = decoded(instrument)
    return price_wad if kind == FUTURE else payoff(price_wad, strike, kind == CALL)
