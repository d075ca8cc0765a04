"""Shocks of portfolio margin to the volatility and to the discount of an expiry, with the stated errors of each."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.decimals import FIFTY, NONE, UNIT, Uncertain
from crossvault.judge.elementary import exponential
from crossvault.judge.rounding import WAD, YEAR, ceiling

if TYPE_CHECKING:
    from crossvault.mirror.shock import RateRisk, SkewRisk, VolRisk

STILL, UP, DOWN, LINEAR, ABSOLUTE = range(5)  # what a scenario does to vols
_PIVOT = 30 * 86_400
_MOST_EXPONENT = 20 * WAD
_POWER_ERROR = Decimal("1e-16")  # of a shock that is a power of time, as a part: two logarithms, a factor of ten
_WEI = Decimal("1e-18")


class VolShape(NamedTuple):
    """Shocks of the vols of one expiry: factors up and down, the least vol, caps and width of skews."""

    up: Uncertain
    down: Uncertain
    least: Decimal
    linear: Decimal
    absolute: Decimal
    width: Decimal


@lru_cache(maxsize=1024)
def vol_shape(vols: VolRisk, skews: SkewRisk, secs: int) -> VolShape:
    """Shocks of an expiry that is so many seconds away.

    m = (30 days / max(secs, floor))^p, at most e^20; up = 1 + range * m, down = max(0, 1 - range * m). Caps and width
    of skews are linear in the root of time, caps at least 0 and the width at least its minimum.
    """
    power = _wad(vols.short_power if secs < _PIVOT else vols.long_power)
    ratio = FIFTY.ln(FIFTY.divide(Decimal(_PIVOT), Decimal(max(secs, vols.floor_secs, 1))))
    size = FIFTY.exp(min(Decimal(20), FIFTY.multiply(power, ratio)))
    rise, fall = (FIFTY.multiply(_wad(each), size) for each in (vols.range_up, vols.range_down))
    root = FIFTY.sqrt(FIFTY.divide(Decimal(secs), Decimal(YEAR)))
    scale = _above(skews.vol_static, skews.vol_scale, root)
    width = FIFTY.multiply(FIFTY.multiply(root, _wad(skews.width_scale)), scale)
    return VolShape(
        Uncertain(1 + rise, rise * _POWER_ERROR + 13 * _WEI),
        Uncertain(max(NONE, 1 - fall), fall * _POWER_ERROR + 13 * _WEI),
        _wad(vols.min_vol),
        _above(skews.linear_cap, skews.linear_base, root),
        _above(skews.absolute_cap, skews.absolute_base, root),
        max(width, _wad(skews.min_width)),
    )


def shocked_vol(shape: VolShape, vol: Uncertain, apart: Decimal, mode: int) -> Uncertain:
    """Vol of a strike in a scenario. apart: ln(strike) - ln(forward), of the whole forward."""
    if mode == STILL:
        return vol
    if mode == UP:
        return _widest(max(shape.least, vol.value * shape.up.value), vol, shape.up)
    if mode == DOWN:
        return _widest(vol.value * shape.down.value, vol, shape.down)
    cap = shape.linear if mode == LINEAR else shape.absolute
    change = min(cap, FIFTY.divide(abs(apart) * cap, shape.width))
    error = cap * FIFTY.divide(Decimal("2e-17"), shape.width) + 4 * _WEI
    factor = 1 + change if mode == ABSOLUTE or apart >= 0 else max(NONE, 1 - change)
    return _widest(vol.value * factor, vol, Uncertain(factor, min(error, cap + _WEI)))


def _widest(value: Decimal, vol: Uncertain, factor: Uncertain) -> Uncertain:
    """A product with the errors of both factors."""
    error = vol.error * (factor.value + factor.error) + vol.value * factor.error + 2 * _WEI
    return Uncertain(value, error)


class StaticDiscounts(NamedTuple):
    """Static discounts: what is owned counts with the one, what is owed with the other [wad]."""

    owned: Bracket
    owed: Bracket


@lru_cache(maxsize=1024)
def static_discounts(rates: RateRisk, rate_wad: int, secs: int, discount: Bracket) -> StaticDiscounts:
    """Owned: base * e^-(T * (rate * scale + add)), rounded down; owed: the inverse, rounded up, at most 1 / D."""
    grown = exponential(_exponent(rate_wad, rates.short_scale, rates.short_add, secs))
    owed = Bracket(ceiling(rates.short_base * grown.low, WAD), ceiling(rates.short_base * grown.high, WAD))
    if discount.low:
        most = Bracket(ceiling(WAD * WAD, discount.high), ceiling(WAD * WAD, discount.low))
        owed = Bracket(min(owed.low, most.low), min(owed.high, most.high))
    shrunk = exponential(-_exponent(rate_wad, rates.long_scale, rates.long_add, secs))
    owned = Bracket(rates.long_base * shrunk.low // WAD, rates.long_base * shrunk.high // WAD)
    return StaticDiscounts(owned, owed)


def _exponent(rate_wad: int, scale_wad: int, add_wad: int, secs: int) -> int:
    """T * (rate * scale + add), both products rounded up, at most 20 [wad]."""
    return min(_MOST_EXPONENT, ceiling((ceiling(rate_wad * scale_wad, WAD) + add_wad) * secs, YEAR))


def _wad(value: int) -> Decimal:
    return FIFTY.divide(Decimal(value), UNIT)


def _above(value: int, slope: int, root: Decimal) -> Decimal:
    return max(NONE, FIFTY.fma(_wad(slope), root, _wad(value)))
