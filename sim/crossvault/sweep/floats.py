"""The float64 engine: every account of a population at the prices of a market, from the specification.

It is the second witness of the mirror, not a copy of it: it uses sizes and prices without any rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from crossvault.mirror import account as accounts, ruleset
from crossvault.mirror.standard import Level
from crossvault.sweep import losses, quotes, standalone
from crossvault.sweep.account_arrays import AccountArrays, arrays_of, doubt_rate, summed
from crossvault.sweep.instruments import Market
from crossvault.sweep.linear import linear_requirement, strip_requirement, strips_of
from crossvault.sweep.population import Floats, Population
from crossvault.sweep.quotes import UNIT, Quotes

CHUNK = 8_192

Progress = Callable[[int, int], None]  # accounts done, accounts in all


@dataclass(frozen=True)
class MarginFigures:
    """Margin figures of accounts [N], in quote token; `isolated`: sum of standalone initial requirements."""

    equity: Floats
    initial_equity: Floats
    maintenance_equity: Floats
    initial_requirement: Floats
    maintenance_requirement: Floats
    isolated: Floats

    @property
    def initial_margin(self) -> Floats:
        return self.initial_equity - self.initial_requirement

    @property
    def maintenance_margin(self) -> Floats:
        return self.maintenance_equity - self.maintenance_requirement

    @property
    def capital(self) -> Floats:
        """Equity at which the initial requirement is just met: the requirement plus haircuts on equity."""
        return self.initial_requirement + self.equity - self.initial_equity

    @property
    def efficiency(self) -> Floats:
        """1 - initial requirement / sum of standalone requirements; nan for an account without positions."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.isolated > 0, 1 - self.initial_requirement / self.isolated, np.nan)


class FloatEngine:
    """The float engine of one market, for any number of populations."""

    def __init__(self, market_: Market) -> None:
        self.market = market_
        self.quotes = quotes.quotes_of(market_)
        self.modelled = np.array([market_.is_modelled(i) for i in range(market_.underlyings)])
        self.stress = {i: quotes.stress_of(market_, i) for i in range(market_.underlyings) if self.modelled[i]}
        self.correlations = quotes.correlations_of(market_)
        self.strips = strips_of(market_, self.quotes)
        self.contingency = standalone.contingency_of(market_, self.quotes)
        self.standalone = standalone.units_of(market_, self.strips, self.stress, self.contingency, self.quotes)

    def figures(self, population: Population, chunk: int = CHUNK, progress: Progress | None = None) -> MarginFigures:
        """The figures of a population; `chunk` accounts are in memory at a time."""
        parts, done = [], 0
        for part in population.chunks(chunk):
            parts.append(self._part(part))
            done += len(part)
            if progress is not None:
                progress(done, len(population))
        return MarginFigures(
            *(np.concatenate([getattr(each, of.name) for each in parts]) for of in fields(MarginFigures))
        )

    def _part(self, population: Population) -> MarginFigures:
        arrays = arrays_of(self.market, self.quotes, population, self.modelled)
        standard = self._standard(arrays)
        portfolio = self._portfolio(arrays)
        return MarginFigures(
            equity(arrays),
            adjusted(self.market, arrays, self.quotes, Level.INITIAL),
            adjusted(self.market, arrays, self.quotes, Level.MAINTENANCE),
            standard[Level.INITIAL] + portfolio[Level.INITIAL],
            standard[Level.MAINTENANCE] + portfolio[Level.MAINTENANCE],
            standalone.isolated(self.market, arrays, self.standalone),
        )

    def _standard(self, arrays: AccountArrays) -> tuple[Floats, Floats]:
        """Requirement by standard margin, of the underlyings without portfolio margin."""
        plain = ~arrays.modelled
        found = [(linear_requirement(self.market, arrays, level) * plain).sum(axis=1) for level in Level]
        for strip in self.strips:
            shorts = (arrays.sizes[:, strip.columns] < 0).any(axis=1)  # longs alone need nothing
            rows = np.flatnonzero(plain[:, strip.underlying] & shorts)
            mine = arrays.sizes[np.ix_(rows, strip.columns)]
            for level in Level if len(rows) else ():
                found[level][rows] += strip_requirement(strip, mine, level)
        return found[0], found[1]

    def _portfolio(self, arrays: AccountArrays) -> tuple[Floats, Floats]:
        """Requirement by portfolio margin."""
        rows = np.flatnonzero(arrays.modes == accounts.PORTFOLIO)
        count, total = len(arrays.modes), self.market.underlyings
        found = np.zeros(count), np.zeros(count)
        scenarios = len(self.market.state.model.data.rules.scenarios)
        if not len(rows) or not self.stress:
            return found
        legs, joint = np.zeros((3, len(rows), total)), np.zeros((len(rows), scenarios))
        sizes = arrays.sizes[rows]
        for number, stress in self.stress.items():
            profit, basis = losses.profits(stress, sizes, (arrays.moving + arrays.hedged)[rows, number])
            legs[:, :, number] = losses.legs(stress, profit, basis)
            joint += profit
        worst = np.maximum(0.0, -joint.min(axis=1))
        lost = losses.account_loss(legs[0], legs[1], legs[2], worst, self.correlations)
        for level in Level:
            held = contingencies(self.market, arrays, self.contingency, level)[rows]
            found[level][rows] = lost[level] * quotes.loss_factor(self.market, level) + held
        return found


def option_values(arrays: AccountArrays) -> Floats:
    """Value of the options [n, U] at mark."""
    return summed(arrays, np.where(arrays.is_linear, 0.0, arrays.size * arrays.mark))


def equity(arrays: AccountArrays) -> Floats:
    """Equity: cash, collateral and every position at mark."""
    found: Floats = arrays.cash + arrays.values.sum(axis=1)
    found += (option_values(arrays) + arrays.gain + arrays.loss).sum(axis=1)
    return found


def adjusted(self: Market, arrays: AccountArrays, at: Quotes, level: Level) -> Floats:
    """Margin balance: equity after haircuts, caps and the weight of unrealised profits."""
    total = arrays.cash.copy()
    for number, asset in enumerate(self.state.assets):
        terms, initial = asset.terms, level == Level.INITIAL
        haircut = (terms.haircut_initial if initial else terms.haircut_maintenance) / UNIT
        price = min(at.index[asset.underlying], at.stable[asset.underlying]) if initial else at.index[asset.underlying]
        worth = np.minimum(arrays.units[:, number] * price, terms.cap_wad / UNIT)
        total += worth * np.where(arrays.modelled[:, asset.underlying], 1.0, 1 - haircut)
    if level == Level.MAINTENANCE:
        total += (arrays.gain + arrays.loss).sum(axis=1)
    else:
        weights = np.array([each.profit_weight / UNIT for each in self.state.risks])
        total += (arrays.safe_gain * weights + arrays.safe_loss).sum(axis=1)
    found: Floats = total + (option_values(arrays) * arrays.modelled).sum(axis=1)
    return found


def contingencies(self: Market, arrays: AccountArrays, contingency: Floats, level: Level) -> Floats:
    """Contingencies [n] of the underlyings under portfolio margin."""
    sides = np.where(arrays.size < 0, 0, 1)
    total = summed(arrays, np.abs(arrays.size) * contingency[level, sides, arrays.column])
    initial = level == Level.INITIAL
    for place, asset in enumerate(self.state.assets):
        number = asset.underlying
        risk = ruleset.risk_of(self.state.model.data, number).contingency
        unsure = doubt_rate(risk, self.state.prices[number].confidence) if initial else 0.0
        haircut = asset.terms.haircut_initial if initial else asset.terms.haircut_maintenance
        capped = np.minimum(arrays.values[:, place], asset.terms.cap_wad / UNIT)
        total[:, number] += capped * (haircut / UNIT + unsure)
    found: Floats = (total * arrays.modelled).sum(axis=1)
    return found
