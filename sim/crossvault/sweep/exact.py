"""The exact engine: the mirror's integers for many accounts, `==` to `valuation.metrics` and to `stress.judge`.

Shared values (the price of every option in every scenario, rates, payoffs) are computed once for a market by the
mirror's functions. Of each account only the scenarios that floats cannot rule out are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from crossvault.mirror import account as accounts, correlation, fixed, margin, shock, standard
from crossvault.mirror.correlation import PortfolioRequirement, UnderlyingLoss
from crossvault.mirror.fixed import WAD
from crossvault.mirror.valuation import Metrics
from crossvault.sweep import account_totals, units
from crossvault.sweep.account_arrays import arrays_of
from crossvault.sweep.account_totals import AccountTotals, Options, UnderlyingTotals
from crossvault.sweep.candidates import candidates_of
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Population
from crossvault.sweep.units import ExpiryUnits, PortfolioExpiry

CHUNK = 2_048
WAD_SQUARED = fixed.WAD_SQUARED

Progress = Callable[[int, int], None]  # accounts done, accounts in all
Places = Sequence[Sequence[int]]  # scenarios that may be the worst, by underlying and then of all together


class ExactMetrics(NamedTuple):
    """Margin metrics of an account, and its requirement by portfolio margin."""

    metrics: Metrics
    portfolio: PortfolioRequirement


class ExactEngine:
    """The exact engine of one market, for any number of populations."""

    def __init__(self, market_: Market) -> None:
        self.market = market_
        self.units = units.units_of(market_)
        self.rules = market_.state.model.data.rules
        self.quotes = units.quotes_of(self.units)
        modelled = [i for i in range(market_.underlyings) if market_.is_modelled(i)]
        self.modelled = np.array([i in modelled for i in range(market_.underlyings)])
        strips = market_.strips()
        self.stresses = {i: units.stress_of(self.units, market_, i, strips) for i in modelled}
        self.evaluated = 0  # scenarios computed in integers so far

    def results(
        self, population: Population, chunk: int = CHUNK, progress: Progress | None = None
    ) -> list[ExactMetrics]:
        """Metrics and portfolio requirement of every account; `chunk` accounts are in memory at a time."""
        return [each for part in self.stream(population, chunk, progress) for each in part]

    def stream(
        self, population: Population, chunk: int = CHUNK, progress: Progress | None = None
    ) -> Iterator[list[ExactMetrics]]:
        """Yields the results chunk by chunk, so that a caller need not hold them all."""
        done = 0
        for part in population.chunks(chunk):
            yield self._part(part)
            done += len(part)
            if progress is not None:
                progress(done, len(population))

    def metrics(self, population: Population, chunk: int = CHUNK) -> list[Metrics]:
        """Margin metrics of every account."""
        return [each.metrics for each in self.results(population, chunk)]

    def _part(self, population: Population) -> list[ExactMetrics]:
        places = self._places(population)
        width = population.balances.whole.shape[1]
        balances, cash = population.balances.ints(), population.cash.ints()
        columns, starts = population.columns.tolist(), population.starts.tolist()
        sizes, quotes = population.sizes.ints(), population.quotes.ints()
        found = []
        for i, mode in enumerate(population.modes.tolist()):
            held = balances[i * width : (i + 1) * width]
            totals = account_totals.totals_of(self.units, mode == accounts.PORTFOLIO, cash[i], held)
            for p in range(starts[i], starts[i + 1]):
                account_totals.add(totals, columns[p], sizes[p], quotes[p])
            account_totals.close(totals)
            portfolio = (
                self._portfolio_requirement(totals, places[i]) if totals.is_portfolio else PortfolioRequirement()
            )
            found.append(ExactMetrics(metrics_of(totals, mode, portfolio), portfolio))
        return found

    def _places(self, population: Population) -> list[list[list[int]]]:
        """Scenarios to compute, by account and underlying, and last those of all together."""
        count, total = len(population), self.market.underlyings
        found: list[list[list[int]]] = [[] for _ in range(count)]
        rows = np.flatnonzero(population.modes == accounts.PORTFOLIO)
        if not len(rows) or not self.stresses:
            return found
        chosen = candidates_of(
            arrays_of(self.market, self.quotes, population, self.modelled), self.quotes, self.stresses
        )
        for row in rows.tolist():
            found[row] = [[] for _ in range(total + 1)]
        for row, number, k in zip(*(each.tolist() for each in np.nonzero(chosen.legs)), strict=True):
            if found[row]:
                found[row][number].append(k)
        for row, k in zip(*(each.tolist() for each in np.nonzero(chosen.joint)), strict=True):
            if found[row]:
                found[row][total].append(k)
        return found

    def _portfolio_requirement(self, totals: AccountTotals, places: Places) -> PortfolioRequirement:
        """Requirement of an account by portfolio margin."""
        legs, joint_profits, contingency = [UnderlyingLoss()] * self.market.underlyings, [], [0, 0]
        rows: dict[int, list[tuple[ExpiryUnits, Options]]] = {}
        for number, options in totals.rows.items():
            rows.setdefault(self.units.rows[number].underlying, []).append((self.units.rows[number], options))
        joint_places = places[-1] if places else []
        for number, of in totals.by_underlying.items():
            if not of.is_modelled:
                continue
            mine = rows.get(number, [])
            add_contingency(of, mine, contingency)
            if not places or not places[number]:
                continue
            chosen = places[number]
            known = self._profits(of, mine, sorted({*chosen, *joint_places}) if joint_places else chosen)
            profits = [known[k] for k in chosen]
            basis_wad = self._basis(of, mine)
            legs[number] = correlation.leg([self.rules.scenarios[k] for k in chosen], profits, basis_wad)
            joint_profits.append([known[k] for k in joint_places])
        joint_wad = correlation.joint(joint_profits, len(joint_places))  # of one underlying it is below its loss
        losses = self._loss_by_level(legs, joint_wad)
        held = [-(-each * by // WAD) for each, by in zip(losses, self.units.loss_factors, strict=True)]
        return PortfolioRequirement(held[0] + contingency[0], held[1] + contingency[1], correlation.sum(legs), *losses)

    def _basis(self, of: UnderlyingTotals, rows: Sequence[tuple[ExpiryUnits, Options]]) -> int:
        """Basis loss of an underlying: of the options and futures of each expiry together."""
        total, futures = 0, {each: (size, self.units.futures[of.number, each]) for each, size in of.futures.items()}
        for row, options in rows:
            size, future = futures.pop(row.expiry, (0, None))
            total += basis_of(row, options, [size * move for move in future.moves] if future else (0, 0))
        for size, future in futures.values():
            change = min([size * move for move in future.moves])
            total += change * future.basis_rate // WAD_SQUARED if change < 0 else 0
        return total

    def _loss_by_level(self, legs: Sequence[UnderlyingLoss], joint_wad: int) -> tuple[int, int]:
        """Loss of an account by level: `correlation.loss` with the shared part of both levels computed once."""
        terms, matrix, whole = self.rules.terms, self.rules.matrix, correlation.sum(legs)
        if whole in [each.loss_wad for each in legs]:  # of one underlying alone: no correlation changes it
            return whole, whole
        plain = max(joint_wad, correlation.combined(legs, matrix, 0))
        initial, maintenance = (-(-whole * phi // WAD) for phi in (terms.phi_initial, terms.phi_maintenance))
        return max(plain, initial, correlation.combined(legs, matrix, terms.breakdown)), max(plain, maintenance)

    def _profits(
        self, of: UnderlyingTotals, rows: Sequence[tuple[ExpiryUnits, Options]], places: Sequence[int]
    ) -> dict[int, int]:
        """Profit by scenario."""
        self.evaluated += len(places)
        found = {}
        bases = [sum(size * row.marks[place] for place, size in options) for row, options in rows]
        for k in places:
            scenario, pair = self.rules.scenarios[k], self.units.pair_of[k]
            move = scenario.spot_shock
            total = of.moving_wad2 * move // WAD + of.hedged * move
            for (row, options), base in zip(rows, bases, strict=True):
                sheet = sheet_of(row)
                value = 0
                for place, size in options:
                    value += size * sheet.shocked[place][pair]
                change = value * (sheet.long if value > 0 else sheet.short) // WAD - base
                total += -change if change > 0 and shock.is_skew(scenario.mode) else change
            found[k] = total * scenario.dampening // WAD_SQUARED
        return found


def sheet_of(row: ExpiryUnits) -> PortfolioExpiry:
    """The portfolio margin values of an expiry."""
    assert row.sheet is not None
    return row.sheet


def basis_of(row: ExpiryUnits, options: Options, moved: Sequence[int] = (0, 0)) -> int:
    """Basis loss of an expiry: its forward moves apart from the spot price. moved: change of its futures."""
    sheet = sheet_of(row)
    (up, down), base = moved, 0
    for place, size in options:
        high, low = sheet.apart[place]
        up += size * high
        down += size * low
        base += size * row.marks[place]
    change = min(up, down) - base
    return change * sheet.basis_rate // WAD_SQUARED if change < 0 else 0


def add_contingency(of: UnderlyingTotals, rows: Sequence[tuple[ExpiryUnits, Options]], contingency: list[int]) -> None:
    """Adds the contingencies of an underlying."""
    spot = of.spot
    priced, index = standard.priced, spot.index_wad
    contingency[0] += of.contingency[0]
    contingency[1] += of.contingency[1]
    if of.gross_size:
        contingency[0] += priced(of.gross_size, index, spot.perp_rate[0])
        contingency[0] += priced(of.gross_size, index, spot.model_doubt_rate)
        contingency[1] += priced(of.gross_size, index, spot.perp_rate[1])
    for row, options in rows:
        sheet = sheet_of(row)
        naked = -sum([size for _, size in options if size < 0])
        if naked:
            contingency[0] += priced(naked, index, sheet.naked_rate[0])
            contingency[1] += priced(naked, index, sheet.naked_rate[1])
        if sheet.doubt_rate:
            contingency[0] += priced(sum([abs(size) for _, size in options]), index, sheet.doubt_rate)


def metrics_of(totals: AccountTotals, mode: int, portfolio: PortfolioRequirement) -> Metrics:
    """Margin metrics of an account."""
    initial = totals.required[0] + portfolio.initial_wad
    maintenance = totals.required[1] + portfolio.maintenance_wad
    left = totals.adjusted[0] - initial
    leverage = 0
    if totals.notional:
        leverage = -(-totals.notional * WAD // totals.equity) if totals.equity > 0 else margin.UNBOUNDED
    return Metrics(
        totals.equity,
        totals.adjusted[0],
        totals.adjusted[1],
        initial,
        maintenance,
        totals.adjusted[1] * WAD // maintenance if maintenance else margin.UNBOUNDED,
        max(0, left),
        leverage,
        0,
        0,
        mode,
        portfolio.sum_wad,
        portfolio.loss_initial_wad,
        portfolio.loss_maintenance_wad,
    )
