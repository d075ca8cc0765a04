"""Fifty-digit decimals with their errors, for the shocks of portfolio margin."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.elementary import BITS, density, odd_series
from crossvault.judge.option_value import implied_vol, time_value
from crossvault.judge.rounding import WAD

if TYPE_CHECKING:
    from crossvault.mirror.surface import Svi

FIFTY = Context(prec=50, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX)
UNIT = Decimal(WAD)
NONE = Decimal(0)
_PARTS = Decimal(1 << BITS)
_FAR = 13  # deviations beyond which a tail is below 1e-37


class Uncertain(NamedTuple):
    """A value and its largest stated error."""

    value: Decimal
    error: Decimal


def floored(value: Decimal) -> int:
    """The largest integer that is not above a value."""
    return int(value.to_integral_value(ROUND_FLOOR))


def ceiled(value: Decimal) -> int:
    """The smallest integer that is not below a value."""
    return int(value.to_integral_value(ROUND_CEILING))


def vol_of_strike(svi: Svi, strike_wad: int) -> Uncertain:
    """Implied vol of a strike, per root of a year."""
    vol, error = implied_vol(svi, strike_wad)
    return Uncertain(FIFTY.divide(Decimal(vol), _PARTS), FIFTY.divide(Decimal(error), _PARTS))


def value_of_time(forward_wad: int, strike_wad: int, deviation: Decimal) -> Decimal:
    """Time value of an option before discount [wad]."""
    worth = time_value(forward_wad, strike_wad, int(FIFTY.multiply(deviation, _PARTS)))
    return FIFTY.divide(Decimal(worth), _PARTS)


def normal(x: Decimal) -> tuple[Decimal, Decimal]:
    """Probability of the standard normal distribution up to x, and its density at x."""
    if abs(x) > _FAR:
        return (Decimal(1) if x > 0 else NONE), NONE
    bits = 2 * BITS  # the product of a small density and a large series has half of them
    fixed = int(FIFTY.multiply(x, _PARTS)) << BITS
    height = density(fixed, bits) >> BITS
    below = (1 << BITS - 1) + (density(fixed, bits) * odd_series(fixed, bits) >> bits + BITS)
    return FIFTY.divide(Decimal(below), _PARTS), FIFTY.divide(Decimal(height), _PARTS)
