"""Standard margin in float64, from the specification."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crossvault.mirror import market
from crossvault.mirror.standard import Level
from crossvault.sweep.account_arrays import AccountArrays, doubt_rate
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Floats, Ints
from crossvault.sweep.quotes import UNIT, Quotes, expiry_of


class LevelRequirement(NamedTuple):
    """Requirement rates of the options of an expiry at one level."""

    naked: Floats  # [C] per short alone
    unpaired: float  # per uncovered short call
    further: float  # per short: surcharges for price confidence and depeg


class OptionStrip(NamedTuple):
    """The options of one expiry."""

    underlying: int
    columns: Ints  # [C]
    calls: Floats  # [C] 1 for a call
    payoffs: Floats  # [C, 1 + C] at zero, and at each strike
    levels: tuple[LevelRequirement, LevelRequirement]


def depeg(self: Market) -> float:
    """Surcharge per notional for a quote token below its peg."""
    terms = self.state.cash.terms
    if terms.feed >= self.underlyings:
        return 0.0
    return max(0, terms.depeg_threshold - self.state.prices[terms.feed].index) / UNIT * terms.depeg_factor / UNIT


def rate(self: Market, number: int, size: Floats, level: Level) -> Floats:
    """Requirement per net notional, for net sizes of one underlying."""
    risk = self.state.risks[number]
    term = (risk.base_rate + np.abs(size) * UNIT * (risk.impact_rate / risk.skew_scale)) / UNIT
    if level == Level.INITIAL:
        return np.maximum(risk.initial_rate / UNIT, term)
    return np.maximum(risk.maintenance_rate / UNIT, term * risk.maintenance_scale / UNIT)


def linear_requirement(self: Market, arrays: AccountArrays, level: Level) -> Floats:
    """Requirement [n, U] of perps, futures and low price confidence."""
    found = np.zeros_like(arrays.net)
    for number in range(self.underlyings):
        risk, price = self.state.risks[number], self.state.prices[number]
        net = np.abs(arrays.net[:, number])
        paired = arrays.gross[:, number] - net
        found[:, number] = (
            net * rate(self, number, arrays.net_size[:, number], level) + paired * risk.spread_rate / UNIT
        )
        if level == Level.INITIAL:
            sizes, spot = arrays.gross_size[:, number], price.index / UNIT
            unsure = (sizes + arrays.base[:, number]) * doubt_rate(risk, price.confidence)
            found[:, number] += (unsure + sizes * depeg(self)) * spot
    return found


def strips_of(self: Market, at: Quotes) -> list[OptionStrip]:
    """The options of a market by expiry."""
    made = []
    for strip in self.strips():
        columns = list(strip.columns)
        strikes = [market.strike_of(self.instruments[each]) / UNIT for each in columns]
        calls = [market.kind_of(self.instruments[each]) == market.CALL for each in columns]
        payoffs = [
            [max(0.0, spot - strike if is_call else strike - spot) for spot in (0.0, *strikes)]
            for strike, is_call in zip(strikes, calls, strict=True)
        ]
        levels = tuple(_level_requirement(self, at, strip.underlying, columns, level) for level in Level)
        made.append(OptionStrip(
            strip.underlying, np.array(columns), np.array(calls, float), np.array(payoffs), (levels[0], levels[1])
        ))  # fmt: skip
    return made


def strip_requirement(strip: OptionStrip, sizes: Floats, level: Level) -> Floats:
    """Requirement [n] of the options of one expiry, from sizes [n, C]."""
    level_requirement = strip.levels[level]
    shorts = np.maximum(-sizes, 0)
    alone = shorts @ level_requirement.naked
    payoffs = sizes @ strip.payoffs
    payoffs[:, 1:][sizes == 0] = 0.0  # only the strikes that an account holds count
    uncovered = np.maximum(0.0, -(sizes @ strip.calls))
    bounded = np.maximum(0.0, -payoffs.min(axis=1)) + uncovered * level_requirement.unpaired
    found: Floats = (
        np.where(alone > 0, np.minimum(alone, bounded), 0.0) + shorts.sum(axis=1) * level_requirement.further
    )
    return found


def _level_requirement(self: Market, at: Quotes, number: int, columns: list[int], level: Level) -> LevelRequirement:
    """Requirement rates of the options of an expiry at one level."""
    how, curve = self.state.option_risks[number], self.curve(self.instruments[columns[0]])
    expiry = expiry_of(self, self.instruments[columns[0]])
    initial = level == Level.INITIAL
    least = min(self.state.prices[number].confidence, curve.confidence, curve.surface_confidence)
    further = (doubt_rate(self.state.risks[number], least) + depeg(self)) * at.index[number] if initial else 0.0
    unpaired = (how.unpaired_initial if initial else how.unpaired_maintenance) / UNIT
    naked = [_naked(self, at, number, each, level) for each in columns]
    return LevelRequirement(np.array(naked), unpaired * (expiry.known + expiry.floating), further)


def _naked(self: Market, at: Quotes, number: int, column: int, level: Level) -> float:
    """Requirement per unit of a naked short."""
    how, index, mark = self.state.option_risks[number], float(at.index[number]), float(at.marks[column])
    instrument = self.instruments[column]
    strike, is_call = market.strike_of(instrument) / UNIT, market.kind_of(instrument) == market.CALL
    least = how.call_rate / UNIT * index + mark
    if not is_call:
        least = max(how.put_rate / UNIT * index, how.put_mark_rate / UNIT * mark) + mark
    if level == Level.MAINTENANCE:
        return least
    whole = 0.0
    for spot in (index, float(at.stable[number])):
        otm = max(0.0, strike - spot if is_call else spot - strike) / spot
        whole = max(whole, max(how.max_spot_rate / UNIT - otm, how.min_spot_rate / UNIT) * spot + mark)
    return whole if is_call else max(whole, how.put_initial_scale / UNIT * least)
