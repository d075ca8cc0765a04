"""The mark of an option to fifty digits, with the error that the specification states for the vault's."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.elementary import FIFTY, NONE, UNIT, ceiled, cumulative, floored
from crossvault.judge.marks import payoff
from crossvault.judge.rounding import YEAR

if TYPE_CHECKING:
    from crossvault.mirror.surface import Svi

WEI = Decimal("1e-18")
_VARIANCE_ERROR = Decimal("1e-17")  # of total variance
_PRICE_ERROR = Decimal("1e-17")  # of min(F, K), and two wei
_DISCOUNT_ERROR = Decimal("2e-18")
_STEEPEST = Decimal("0.4")  # a price rises by at most density(0) = 0.3989 of min(F, K) per deviation
_YEAR = Decimal(YEAR)


class Uncertain(NamedTuple):
    """A value and its largest stated error."""

    value: Decimal
    error: Decimal


@lru_cache(maxsize=8192)
def implied_vol(svi: Svi, strike_wad: int) -> Uncertain:
    """Vol of a strike: the root of a + b (rho (k - m) + root((k - m)^2 + sigma^2)) per year, k = ln(K / F_ref).

    Its total variance is stated within 1e-17, and the vol is rounded down to a wei.
    """
    if svi.ref_secs == 0:
        return Uncertain(NONE, NONE)
    a, b, rho, m, sigma = (FIFTY.divide(Decimal(each), UNIT) for each in (svi.a, svi.b, svi.rho, svi.m, svi.sigma))
    apart = FIFTY.subtract(_log_ratio(max(1, strike_wad), svi.ref_forward), m)
    smooth = FIFTY.sqrt(FIFTY.add(FIFTY.multiply(apart, apart), FIFTY.multiply(sigma, sigma)))
    variance = max(NONE, FIFTY.fma(b, FIFTY.fma(rho, apart, smooth), a))
    years = FIFTY.divide(Decimal(svi.ref_secs), _YEAR)
    least, exact, most = (
        FIFTY.sqrt(FIFTY.divide(max(NONE, each), years))
        for each in (FIFTY.subtract(variance, _VARIANCE_ERROR), variance, FIFTY.add(variance, _VARIANCE_ERROR))
    )
    return Uncertain(exact, FIFTY.add(max(most - exact, exact - least), WEI))


@lru_cache(maxsize=8192)
def option_mark(svi: Svi, forward_wad: int, strike_wad: int, rate_wad: int, secs: int, is_call: bool) -> Bracket:
    """Black's price of one option at a forward, discounted [wad]; at its expiry exactly the payoff."""
    inner = payoff(forward_wad, strike_wad, is_call)
    if secs <= 0:
        return Bracket.of(inner)
    years = FIFTY.divide(Decimal(secs), _YEAR)
    root, vol = FIFTY.sqrt(years), implied_vol(svi, strike_wad)
    deviation = FIFTY.multiply(vol.value, root)
    deviation_error = FIFTY.fma(vol.error, root, WEI)
    smaller = Decimal(min(forward_wad, strike_wad))
    whole = FIFTY.add(Decimal(inner), time_value(forward_wad, strike_wad, deviation))
    error = FIFTY.fma(smaller, FIFTY.fma(_STEEPEST, deviation_error, _PRICE_ERROR), Decimal(2))
    price = whole
    if rate_wad:
        exponent = FIFTY.multiply(FIFTY.divide(Decimal(-rate_wad), UNIT), years)
        price = FIFTY.multiply(whole, FIFTY.exp(exponent))
        error = FIFTY.fma(whole, _DISCOUNT_ERROR, error)
    return Bracket(max(0, ceiled(FIFTY.subtract(price, error))), max(0, floored(FIFTY.add(price, error))))


def time_value(forward_wad: int, strike_wad: int, deviation: Decimal) -> Decimal:
    """Time value before discount: A cumulative(d) - B cumulative(d - s), A the smaller of F and K, B the larger [wad].

    d = s / 2 - ln(B / A) / s: Black's formula for the side that is out of the money.
    """
    smaller, larger = min(forward_wad, strike_wad), max(forward_wad, strike_wad)
    if smaller == 0 or deviation == 0:
        return NONE
    d = FIFTY.subtract(FIFTY.divide(deviation, Decimal(2)), FIFTY.divide(_log_ratio(larger, smaller), deviation))
    gained = FIFTY.multiply(Decimal(smaller), cumulative(d))
    paid = FIFTY.multiply(Decimal(larger), cumulative(FIFTY.subtract(d, deviation)))
    return max(NONE, FIFTY.subtract(gained, paid))


@lru_cache(maxsize=8192)
def _log_ratio(numerator: int, divisor: int) -> Decimal:
    return FIFTY.ln(FIFTY.divide(Decimal(numerator), Decimal(divisor))) if numerator != divisor else NONE
