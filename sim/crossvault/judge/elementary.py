"""Exponential, logarithm and normal distribution to fifty digits, by the standard library's decimals."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from crossvault.judge.bracket import Bracket
from crossvault.judge.rounding import WAD

FIFTY = Context(prec=50, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX)
UNIT = Decimal(WAD)
NONE, HALF, ONE = Decimal(0), Decimal("0.5"), Decimal(1)
_LEAST = Decimal("1e-52")
_FAR = Decimal(22)  # the tail beyond is below 1e-106
_ROOT_OF_TWO_PI = FIFTY.sqrt(2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494459"))
_EXP_PART = Decimal("3e-20")  # stated error of an exponential: 1 wei and this part of it


def exponential(exponent_wad: int) -> Bracket:
    """e^x of a wad within its stated error [wad]; e^0 is exactly 1."""
    if exponent_wad == 0:
        return Bracket(WAD, WAD)
    exact = FIFTY.multiply(FIFTY.exp(FIFTY.divide(Decimal(exponent_wad), UNIT)), UNIT)
    error = FIFTY.add(ONE, FIFTY.multiply(exact, _EXP_PART))
    return Bracket(max(0, ceiled(FIFTY.subtract(exact, error))), floored(FIFTY.add(exact, error)))


def floored(value: Decimal) -> int:
    """The largest integer that is not above a value."""
    return int(value.to_integral_value(ROUND_FLOOR))


def ceiled(value: Decimal) -> int:
    """The smallest integer that is not below a value."""
    return int(value.to_integral_value(ROUND_CEILING))


def density(x: Decimal) -> Decimal:
    """Density of the standard normal distribution."""
    return FIFTY.divide(FIFTY.exp(FIFTY.divide(FIFTY.multiply(x, x), Decimal(-2))), _ROOT_OF_TWO_PI)


def cumulative(x: Decimal) -> Decimal:
    """Probability of the standard normal distribution up to x, within 1e-48.

    1/2 + density(x) * (x + x^3 / 3 + x^5 / (3 * 5) + ...), whose terms all have the sign of x.
    """
    if abs(x) > _FAR:
        return ONE if x > 0 else NONE
    square, term, total, odd = FIFTY.multiply(x, x), x, x, 1
    while abs(term) > _LEAST:
        odd += 2
        term = FIFTY.divide(FIFTY.multiply(term, square), Decimal(odd))
        total = FIFTY.add(total, term)
    return FIFTY.fma(density(x), total, HALF)
