"""Exponential, logarithm and normal distribution by integers alone.

A fixed-point number of b bits is an integer that counts parts of 2^-b. Every sum below has only positive terms, each
rounded down, so that its error is at most one such part per term.
"""

from __future__ import annotations

from math import isqrt, log

from crossvault.judge.bracket import Bracket
from crossvault.judge.rounding import WAD, ceiling

BITS = 192  # 57 digits
_PI = 31415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679821480865
_PI_DIGITS = 10 ** (len(str(_PI)) - 1)
_FLOAT_BITS = 60
_EXP_ERROR = 3, 10**20  # stated: 1 wei and this part of it


def exp(x: int, bits: int = BITS) -> int:
    """e^x of a fixed-point number that is not negative: its power series below 2^-5, then squared."""
    halvings = max(0, x.bit_length() - bits + 5)
    part = x >> halvings
    term = total = 1 << bits
    n = 0
    while term:
        n += 1
        term = (term * part >> bits) // n
        total += term
    for _ in range(halvings):
        total = total * total >> bits
    return total


def log_ratio(larger: int, smaller: int, bits: int = BITS) -> int:
    """ln(larger / smaller), the first no less than the second: Halley's method, which triples the digits of a guess."""
    if larger == smaller:
        return 0
    ratio, guess = (larger << bits) // smaller, log(larger) - log(smaller)
    y = max(0, int(guess * 2**_FLOAT_BITS)) << bits - _FLOAT_BITS
    for _ in range(2):
        power = exp(y, bits)
        y = max(0, y + (2 * (ratio - power) << bits) // (ratio + power))
    return y


def density(x: int, bits: int = BITS) -> int:
    """Density of the standard normal distribution: e^(-x^2 / 2) / root(2 pi)."""
    root = isqrt((2 * _PI << 2 * bits) // _PI_DIGITS)
    return (1 << 3 * bits) // (exp(x * x >> bits + 1, bits) * root)


def odd_series(x: int, bits: int = BITS) -> int:
    """x + x^3 / 3 + x^5 / (3 * 5) + ..., of which the density makes the probability between 0 and x."""
    if x < 0:
        return -odd_series(-x, bits)
    square = x * x >> bits
    term = total = x
    odd = 1
    while term:
        odd += 2
        term = (term * square >> bits) // odd
        total += term
    return total


def exponential(exponent_wad: int) -> Bracket:
    """e^x of a wad within its stated error [wad]; e^0 is exactly 1."""
    if exponent_wad == 0:
        return Bracket(WAD, WAD)
    power = exp((abs(exponent_wad) << BITS) // WAD)
    exact = WAD * (power if exponent_wad > 0 else (1 << 2 * BITS) // power)
    error = (1 << BITS) + exact * _EXP_ERROR[0] // _EXP_ERROR[1]
    return Bracket(max(0, ceiling(exact - error, 1 << BITS)), exact + error >> BITS)
