"""Shocks of a scenario to prices, vols and discounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crossvault.mirror import exp, fixed, market, option

MAX_SCENARIOS = 36
MAX_SHOCK = 9 * fixed.WAD
STILL = 0
UP = 1
DOWN = 2
LINEAR = 3
ABSOLUTE = 4
MODES = 5
PIVOT = 30 * 24 * 60 * 60
MAX_EXPONENT = 20 * fixed.WAD
MAX_FACTOR = 10 * fixed.WAD
MAX_FLOOR = 3650 * 24 * 60 * 60


class Scenario(NamedTuple):
    """Scenario of portfolio margin."""

    spot_shock: int = 0
    dampening: int = 0
    mode: int = 0


class VolRisk(NamedTuple):
    """Parameters of volatility shocks."""

    range_up: int = 0
    range_down: int = 0
    min_vol: int = 0
    short_power: int = 0
    long_power: int = 0
    floor_secs: int = 0


class SkewRisk(NamedTuple):
    """Parameters of skew shocks."""

    linear_cap: int = 0
    linear_base: int = 0
    absolute_cap: int = 0
    absolute_base: int = 0
    min_width: int = 0
    width_scale: int = 0
    vol_static: int = 0
    vol_scale: int = 0


class RateRisk(NamedTuple):
    """Parameters of static discounts."""

    long_base: int = 0
    long_scale: int = 0
    long_add: int = 0
    short_base: int = 0
    short_scale: int = 0
    short_add: int = 0


@dataclass(slots=True)
class Shape:
    """Volatility shocks of one expiry."""

    up_wad: int = 0
    down_wad: int = 0
    min_vol_wad: int = 0
    linear_wad: int = 0
    absolute_wad: int = 0
    width_wad: int = 0


def forward(fixed_wad: int, floating_wad: int, spot_shock: int) -> int:
    """Forward after a spot shock."""
    return fixed_wad + fixed.mul_div_down256(floating_wad, fixed.WAD + spot_shock, fixed.WAD)


def breadth(risk: VolRisk, secs: int) -> int:
    """Size of a volatility shock for a time to expiry, relative to that at 30 days."""
    power = risk.short_power if secs < PIVOT else risk.long_power
    held = fixed.max(fixed.max(secs, risk.floor_secs), 1)
    ratio = exp.ln(PIVOT * fixed.WAD) - exp.ln(held * fixed.WAD)
    exponent = fixed.mul_div_floor(power, ratio, fixed.WAD)
    return exp.exp(MAX_EXPONENT if exponent > MAX_EXPONENT else exponent)


def shape(vol_risk: VolRisk, skew_risk: SkewRisk, secs: int) -> Shape:
    """Volatility shocks of one expiry."""
    size = breadth(vol_risk, secs)
    fall = fixed.mul_div_down(vol_risk.range_down, size, fixed.WAD)
    root = option.deviation(fixed.WAD, secs)
    per_scale = _above(skew_risk.vol_static, skew_risk.vol_scale, root)
    width_wad = fixed.mul_div_down(fixed.mul_div_down(root, skew_risk.width_scale, fixed.WAD), per_scale, fixed.WAD)
    return Shape(
        up_wad=fixed.WAD + fixed.mul_div_down(vol_risk.range_up, size, fixed.WAD),
        down_wad=fixed.WAD - fixed.min(fixed.WAD, fall),
        min_vol_wad=vol_risk.min_vol,
        linear_wad=_above(skew_risk.linear_cap, skew_risk.linear_base, root),
        absolute_wad=_above(skew_risk.absolute_cap, skew_risk.absolute_base, root),
        width_wad=fixed.max(width_wad, skew_risk.min_width),
    )


def vol(self: Shape, vol_wad: int, apart_wad: int, mode: int) -> int:
    """Implied vol in a scenario."""
    if mode == STILL:
        return vol_wad
    if mode == UP:
        return fixed.max(self.min_vol_wad, fixed.mul_div_down(vol_wad, self.up_wad, fixed.WAD))
    if mode == DOWN:
        return fixed.mul_div_down(vol_wad, self.down_wad, fixed.WAD)
    cap = self.linear_wad if mode == LINEAR else self.absolute_wad
    change = fixed.min(cap, fixed.mul_div_down(fixed.abs(apart_wad), cap, self.width_wad))
    if mode == ABSOLUTE or apart_wad >= 0:
        return fixed.mul_div_down(vol_wad, fixed.WAD + change, fixed.WAD)
    return fixed.mul_div_down(vol_wad, fixed.WAD - fixed.min(fixed.WAD, change), fixed.WAD)


def is_skew(mode: int) -> bool:
    """Whether a scenario skews vols by the strike."""
    return mode in (LINEAR, ABSOLUTE)


def discounts(risk: RateRisk, rate_wad: int, secs: int, discount_wad: int) -> tuple[int, int]:
    """Static discounts of assets and of liabilities at an expiry."""
    grown = exp.exp(_exponent(rate_wad, risk.short_scale, risk.short_add, secs))
    short_wad = fixed.mul_div_up(risk.short_base, grown, fixed.WAD)
    if discount_wad != 0:
        short_wad = fixed.min(short_wad, fixed.mul_div_up(fixed.WAD, fixed.WAD, discount_wad))
    shrunk = exp.exp(-_exponent(rate_wad, risk.long_scale, risk.long_add, secs))
    return fixed.mul_div_down(risk.long_base, shrunk, fixed.WAD), short_wad


def require_scenarios(scenarios: Sequence[Scenario]) -> None:
    """Validates a list of scenarios."""
    market.require_within("scenarios", len(scenarios), 1, MAX_SCENARIOS)
    for each in scenarios:
        highest = fixed.WAD - 1 if each.spot_shock < 0 else MAX_SHOCK
        market.require_within("spotShock", fixed.abs(each.spot_shock), 0, highest)
        market.require_within("dampening", each.dampening, 0, MAX_FACTOR)
        market.require_within("mode", each.mode, 0, MODES - 1)


def require_vol(risk: VolRisk) -> None:
    """Validates the parameters of volatility shocks."""
    market.require_within("rangeUp", risk.range_up, 0, MAX_FACTOR)
    market.require_within("rangeDown", risk.range_down, 0, MAX_FACTOR)
    market.require_within("minVol", risk.min_vol, 0, MAX_FACTOR)
    market.require_within("shortPower", risk.short_power, 0, MAX_FACTOR)
    market.require_within("longPower", risk.long_power, 0, MAX_FACTOR)
    market.require_within("floorSecs", risk.floor_secs, 1, MAX_FLOOR)


def require_skew(risk: SkewRisk) -> None:
    """Validates the parameters of skew shocks."""
    market.require_within("linearCap", fixed.abs(risk.linear_cap), 0, MAX_SHOCK)
    market.require_within("linearBase", fixed.abs(risk.linear_base), 0, MAX_SHOCK)
    market.require_within("absoluteCap", fixed.abs(risk.absolute_cap), 0, MAX_SHOCK)
    market.require_within("absoluteBase", fixed.abs(risk.absolute_base), 0, MAX_SHOCK)
    market.require_within("minWidth", risk.min_width, 10**9, MAX_FACTOR)
    market.require_within("widthScale", risk.width_scale, 0, MAX_FACTOR)
    market.require_within("volStatic", fixed.abs(risk.vol_static), 0, MAX_SHOCK)
    market.require_within("volScale", fixed.abs(risk.vol_scale), 0, MAX_SHOCK)


def require_rate(risk: RateRisk) -> None:
    """Validates the parameters of static discounts."""
    market.require_within("longBase", risk.long_base, 0, MAX_FACTOR)
    market.require_within("longScale", risk.long_scale, 0, MAX_FACTOR)
    market.require_within("longAdd", risk.long_add, 0, MAX_FACTOR)
    market.require_within("shortBase", risk.short_base, 0, MAX_FACTOR)
    market.require_within("shortScale", risk.short_scale, 0, MAX_FACTOR)
    market.require_within("shortAdd", risk.short_add, 0, MAX_FACTOR)


def _exponent(rate_wad: int, scale_wad: int, add_wad: int, secs: int) -> int:
    """Exponent of a static discount."""
    per_year = fixed.mul_div_up(rate_wad, scale_wad, fixed.WAD) + add_wad
    return fixed.min(MAX_EXPONENT, fixed.mul_div_up(per_year, secs, option.YEAR))


def _above(value_wad: int, slope_wad: int, root_wad: int) -> int:
    """Value that changes with the root of time, floored at zero."""
    sum_wad = value_wad + fixed.mul_div_floor(slope_wad, root_wad, fixed.WAD)
    return 0 if sum_wad < 0 else sum_wad
