"""A lower bound of an account's equity that prices no option: enough to see that most accounts are not in debt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.judge.account_value import equity
from crossvault.judge.exposures import valued
from crossvault.judge.marks import CALL, decoded, forward_parts
from crossvault.judge.rounding import WAD

if TYPE_CHECKING:
    from crossvault.judge.books import AccountBook, Books


def equity_floor(books: Books, held: AccountBook, at: int) -> int | None:
    """The least equity of an account [wad]; None where a discount factor above 1 leaves no simple bound.

    A long option is worth no less than nothing, a short call costs no more than the forward, a short put no more than
    its strike.
    """
    if held.principal >= 0 and not held.positions:
        return 0
    others, shorts = [], 0
    for position in held.positions:
        number, kind, expiry, strike = decoded(position.instrument)
        curve = books.curve(number, expiry) if kind >= CALL and at < expiry else None
        if curve is None:
            others.append(position)
        elif curve.rate < 0:
            return None
        elif position.size < 0:
            forward = sum(forward_parts(curve, books.underlyings[number].price, expiry, at))
            shorts += -position.size * (forward if kind == CALL else strike) // WAD + 2
    kept = held if len(others) == len(held.positions) else held._replace(positions=tuple(others))
    return equity(valued(books, kept, at)).low - shorts
