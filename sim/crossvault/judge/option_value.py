"""The mark of an option to fifty digits, with the errors that the specification states for the vault's."""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from typing import TYPE_CHECKING

from crossvault.judge.bracket import Bracket
from crossvault.judge.elementary import BITS, density, exp, log_ratio, odd_series
from crossvault.judge.marks import payoff
from crossvault.judge.rounding import WAD, YEAR, ceiling

if TYPE_CHECKING:
    from crossvault.mirror.surface import Svi

WEI = (1 << BITS) // WAD + 1  # as a fixed-point number
VARIANCE_ERROR = 10 * WEI  # of total variance
PRICE_ERROR = 10**6 + 1, 10**23  # of min(F, K), and two wei; the last digit is for the judge's own arithmetic
DISCOUNT_ERROR = 2, 10**18
STEEPEST = 2, 5  # a price rises by at most 0.3989, the largest density, of min(F, K) per deviation
FAR = 10  # deviations beyond which a tail is below 1e-23


@lru_cache(maxsize=8192)
def implied_vol(svi: Svi, strike_wad: int) -> tuple[int, int]:
    """Vol of a strike and its error, fixed-point, per root of a year.

    The root of a + b (rho (k - m) + root((k - m)^2 + sigma^2)) per year, k = ln(K / F_ref). Total variance is stated
    within 1e-17, and the vol is rounded down to a wei.
    """
    if svi.ref_secs == 0:
        return 0, 0
    a, b, rho, m, sigma = ((each << BITS) // WAD for each in (svi.a, svi.b, svi.rho, svi.m, svi.sigma))
    strike = max(1, strike_wad)
    k = log_ratio(max(strike, svi.ref_forward), min(strike, svi.ref_forward))
    apart = (k if strike > svi.ref_forward else -k) - m
    smooth = isqrt(apart * apart + sigma * sigma)
    variance = max(0, a + (b * ((rho * apart >> BITS) + smooth) >> BITS))
    least, vol, most = (
        isqrt((max(0, each) * YEAR << BITS) // svi.ref_secs)
        for each in (variance - VARIANCE_ERROR, variance, variance + VARIANCE_ERROR)
    )
    return vol, max(most - vol, vol - least) + WEI


@lru_cache(maxsize=8192)
def option_mark(svi: Svi, forward_wad: int, strike_wad: int, rate_wad: int, secs: int, is_call: bool) -> Bracket:
    """Black's price of one option at a forward, discounted [wad]; at its expiry exactly the payoff."""
    inner = payoff(forward_wad, strike_wad, is_call)
    if secs <= 0:
        return Bracket.of(inner)
    vol, vol_error = implied_vol(svi, strike_wad)
    root = _root_of_years(secs)
    deviation, deviation_error = vol * root >> BITS, (vol_error * root >> BITS) + 2 * WEI
    price = (inner << BITS) + time_value(forward_wad, strike_wad, deviation)
    smaller = min(forward_wad, strike_wad)
    error = ceiling(smaller * PRICE_ERROR[0], PRICE_ERROR[1]) + 2
    error += ceiling(smaller * deviation_error * STEEPEST[0], STEEPEST[1] << BITS)
    if rate_wad:
        error += ceiling((price >> BITS) * DISCOUNT_ERROR[0], DISCOUNT_ERROR[1])
        price = price * _discount(rate_wad, secs) >> BITS
    return Bracket(max(0, ceiling(price, 1 << BITS) - error), (price >> BITS) + error)


@lru_cache(maxsize=8192)
def time_value(forward_wad: int, strike_wad: int, deviation: int) -> int:
    """Time value before discount [fixed-point wad]; deviation: of the logarithm of the price at expiry, fixed-point.

    With A the smaller of F and K, B the larger, s the deviation and d = s / 2 - ln(B / A) / s, Black's price of the
    side out of the money is A N(d) - B N(d - s). As N(x) = 1/2 + n(x) S(x) with S odd, and B n(d - s) = A n(d), that
    is (A - B) / 2 + A n(d) (S(d) + S(s - d)).
    """
    smaller, larger = min(forward_wad, strike_wad), max(forward_wad, strike_wad)
    if smaller == 0 or deviation == 0:
        return 0
    bits = BITS + (larger // smaller).bit_length()  # the two halves of the difference have these digits in common
    s = deviation << bits - BITS
    d = (s >> 1) - (_log_ratio(larger, smaller, bits) << bits) // s
    if abs(d) > FAR << bits:
        return smaller << BITS if d > 0 else 0
    series = odd_series(d, bits) + odd_series(s - d, bits)
    value = ((smaller - larger) << 2 * bits - 1) + smaller * density(d, bits) * series
    return max(0, value >> 2 * bits - BITS)


_log_ratio = lru_cache(maxsize=8192)(log_ratio)


@lru_cache(maxsize=1024)
def _root_of_years(secs: int) -> int:
    return isqrt((secs << 2 * BITS) // YEAR)


@lru_cache(maxsize=1024)
def _discount(rate_wad: int, secs: int) -> int:
    """e^(-rate * time), fixed-point."""
    return (1 << 2 * BITS) // exp((rate_wad * secs << BITS) // (WAD * YEAR))
