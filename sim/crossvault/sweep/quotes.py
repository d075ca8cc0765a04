"""Prices and unit values in float64 from the specification: the witness of the mirror's integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from typing import NamedTuple

import numpy as np

from crossvault.mirror import market, ruleset
from crossvault.mirror.oracle import WINDOW, Curve
from crossvault.mirror.portfolio import PortfolioRisk
from crossvault.mirror.shock import ABSOLUTE, DOWN, LINEAR, MAX_EXPONENT, STILL, UP
from crossvault.mirror.standard import Level
from crossvault.sweep.instruments import ExpiryOptions, Market
from crossvault.sweep.losses import Correlations, ExpiryLosses, UnderlyingScenarios
from crossvault.sweep.population import Floats

UNIT = 1e18
YEAR = 365 * 86_400
PIVOT = 30 * 86_400
ROOT_2 = sqrt(2)

Vol = Callable[[float], float]  # strike -> vol


class Expiry(NamedTuple):
    """The forward of an expiry as a fixed and a floating part, its rate [1/year] and its time [years]."""

    known: float
    floating: float
    rate: float
    years: float


@dataclass(frozen=True)
class Quotes:
    """Prices of a market as arrays."""

    index: Floats  # [U]
    stable: Floats  # [U]
    marks: Floats  # [I]
    moving: Floats  # [I] the part of a mark that moves with the spot price


def unit_of(a: int) -> float:
    return a / UNIT


def black(forward: float, strike: float, deviation: float, is_call: bool) -> float:
    """Undiscounted Black-76 price."""
    sign = 1 if is_call else -1
    if deviation == 0 or forward <= 0:
        return max(0.0, sign * (forward - strike))
    d = log(forward / strike) / deviation + deviation / 2
    first, second = erfc(-sign * d / ROOT_2) / 2, erfc(-sign * (d - deviation) / ROOT_2) / 2
    return max(0.0, sign * (forward * first - strike * second))


def expiry_of(self: Market, instrument: int) -> Expiry:
    """The expiry of an instrument; in its last 30 minutes the elapsed part of the average is fixed."""
    curve, price = self.curve(instrument), self.state.prices[market.underlying_of(instrument)]
    left = max(0, market.expiry_of(instrument) - self.now)
    part = min(1.0, left / WINDOW)
    known = 0.0
    if left < WINDOW:
        start = market.expiry_of(instrument) - WINDOW
        begun = curve.start_cumulative or price.cumulative + price.index * (start - price.published_at)
        until = min(self.now, market.expiry_of(instrument))
        known = (price.cumulative + price.index * (until - price.published_at) - begun) / WINDOW / UNIT
    return Expiry(known, curve.forward / UNIT * part, curve.rate / UNIT, left / YEAR)


def surface_vol(curve: Curve, strike: float) -> float:
    """Volatility of a strike from the SVI of its expiry."""
    svi = curve.svi
    if curve.surface_published_at == 0:
        return 0.0
    k = log(strike / (svi.ref_forward / UNIT)) - svi.m / UNIT
    w = svi.a / UNIT + svi.b / UNIT * (svi.rho / UNIT * k + sqrt(k * k + (svi.sigma / UNIT) ** 2))
    return sqrt(max(0.0, w) / (svi.ref_secs / YEAR))


def quotes_of(self: Market) -> Quotes:
    """The prices of a market."""
    prices = [self.state.prices[i] for i in range(self.underlyings)]
    marks, moving = [], []
    for each in self.instruments:
        number, kind = market.underlying_of(each), market.kind_of(each)
        if kind == market.PERP:
            spot, band = prices[number].index / UNIT, self.state.risks[number].mark_band / UNIT
            mark = spot + max(-band * spot, min(band * spot, prices[number].premium / UNIT))
            known = 0.0
        else:
            expiry, known = expiry_of(self, each), 0.0
            mark = expiry.known + expiry.floating
            if kind == market.FUTURE:
                known = expiry.known
            else:
                strike = market.strike_of(each) / UNIT
                deviation = surface_vol(self.curve(each), strike) * sqrt(expiry.years)
                mark = exp(-expiry.rate * expiry.years) * black(mark, strike, deviation, kind == market.CALL)
        marks.append(mark)
        moving.append(mark - known)
    return Quotes(
        np.array([each.index / UNIT for each in prices]),
        np.array([each.stable / UNIT for each in prices]),
        np.array(marks),
        np.array(moving),
    )


def shocked_vol(risk: PortfolioRisk, vol: float, mode: int, apart: float, secs: int) -> float:
    """Volatility in a scenario, of an option with log-moneyness `apart` = ln(strike / forward)."""
    root = sqrt(secs / YEAR)
    if mode in (UP, DOWN):
        power = (risk.vol.short_power if secs < PIVOT else risk.vol.long_power) / UNIT
        size = exp(min(MAX_EXPONENT / UNIT, power * log(PIVOT / max(secs, risk.vol.floor_secs, 1))))
        if mode == UP:
            return max(risk.vol.min_vol / UNIT, vol * (1 + risk.vol.range_up / UNIT * size))
        return vol * max(0.0, 1 - risk.vol.range_down / UNIT * size)
    if mode == STILL:
        return vol
    skew, linear = risk.skew, mode == LINEAR
    scale, base = (skew.linear_cap, skew.linear_base) if linear else (skew.absolute_cap, skew.absolute_base)
    cap = max(0.0, base / UNIT * root + scale / UNIT)
    spread = max(0.0, skew.vol_static / UNIT + root * skew.vol_scale / UNIT)
    width = max(skew.min_width / UNIT, root * skew.width_scale / UNIT * spread)
    x = abs(apart) if mode == ABSOLUTE else apart
    return vol * max(0.0, 1 + min(cap, max(-cap, x * cap / width)))


def sheet_of(self: Market, strip: ExpiryOptions, pairs: list[tuple[int, int]]) -> ExpiryLosses:
    """Unit values of the options of one expiry in every scenario."""
    risk = ruleset.risk_of(self.state.model.data, strip.underlying)
    instruments, first = [self.instruments[each] for each in strip.columns], self.instruments[strip.first]
    expiry, curve = expiry_of(self, first), self.curve(first)
    secs, forward = round(expiry.years * YEAR), expiry.known + expiry.floating
    discount = exp(-expiry.rate * expiry.years)
    strikes = {each: market.strike_of(each) / UNIT for each in instruments}
    deviations = {  # as many as vol modes, not as scenarios
        (each, mode): sqrt(expiry.years) * shocked_vol(risk, vol, mode, log(strike / forward), secs)
        for each, strike in strikes.items()
        for vol in [surface_vol(curve, strike)]
        for mode in {STILL, *(mode for _, mode in pairs)}
    }

    def worth(instrument: int, shock: int, mode: int) -> float:
        moved = expiry.known + expiry.floating * (1 + shock / UNIT)
        is_call = market.kind_of(instrument) == market.CALL
        return discount * black(moved, strikes[instrument], deviations[instrument, mode], is_call)

    rates, basis = risk.rate, risk.basis
    shocks = basis.up_shock, basis.down_shock
    grown = (expiry.rate * rates.short_scale + rates.short_add) / UNIT * expiry.years
    shrunk = (expiry.rate * rates.long_scale + rates.long_add) / UNIT * expiry.years
    return ExpiryLosses(
        columns=np.array(strip.columns, np.int64),
        base=np.array([worth(each, 0, STILL) for each in instruments]),
        shocked=np.array([[worth(each, *pair) for pair in pairs] for each in instruments]).reshape(-1, len(pairs)),
        apart=np.array([[worth(each, by, STILL) for by in shocks] for each in instruments]).reshape(-1, 2),
        long=rates.long_base / UNIT * exp(-shrunk),
        short=min(1 / discount, rates.short_base / UNIT * exp(grown)),
        basis_rate=(basis.add_rate + basis.year_rate * expiry.years) / UNIT,
        future=strip.future,
        moves=expiry.floating * np.array(shocks) / UNIT,
    )


def stress_of(self: Market, underlying: int) -> UnderlyingScenarios:
    """The scenarios of one underlying."""
    scenarios = self.state.model.data.rules.scenarios
    pairs = sorted({(each.spot_shock, each.mode) for each in scenarios})
    strips = [each for each in self.expiries() if each.underlying == underlying]
    return UnderlyingScenarios(
        [sheet_of(self, each, pairs) for each in strips],
        np.array([pairs.index((each.spot_shock, each.mode)) for each in scenarios], np.int64),
        np.array([each.spot_shock / UNIT for each in scenarios]),
        np.array([each.dampening / UNIT for each in scenarios]),
        np.array([each.mode in (LINEAR, ABSOLUTE) for each in scenarios], np.int64),
    )


def correlations_of(self: Market) -> Correlations:
    """Correlations of the losses of underlyings."""
    rules = self.state.model.data.rules
    return Correlations(
        np.array(rules.matrix.alike) / UNIT,
        np.array(rules.matrix.opposite) / UNIT,
        rules.terms.breakdown / UNIT,
        (rules.terms.phi_initial / UNIT, rules.terms.phi_maintenance / UNIT),
    )


def loss_factor(self: Market, level: Level) -> float:
    """Requirement over loss; higher at the initial level for a quote token below its peg."""
    terms, feed = self.state.model.data.rules.terms, self.state.cash.terms.feed
    if level == Level.MAINTENANCE:
        return terms.loss_maintenance / UNIT
    quote = self.state.prices[feed].index if feed < self.underlyings else 10**18
    return (terms.loss_initial + max(0, terms.peg_threshold - quote) * terms.peg_factor / UNIT) / UNIT
