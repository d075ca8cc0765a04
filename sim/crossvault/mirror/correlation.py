"""Portfolio margin across underlyings: risk offsets between the losses of underlyings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.mirror import fixed, market, portfolio
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import Level

MAX_PAIRS = 28
MAX_LOSS = 2**120 - 1


class LossTerms(NamedTuple):
    """Terms that aggregate losses across underlyings."""

    breakdown: int = 0
    phi_initial: int = 0
    phi_maintenance: int = 0
    loss_initial: int = 0
    loss_maintenance: int = 0
    peg_threshold: int = 0
    peg_factor: int = 0


class Matrix(NamedTuple):
    """Correlations of all pairs of underlyings."""

    alike: tuple[int, ...] = ()
    opposite: tuple[int, ...] = ()


@dataclass(slots=True)
class UnderlyingLoss:
    """Loss of an account in one underlying, with its direction."""

    loss_wad: int = 0
    direction: int = 0
    two_sided_wad: int = 0


@dataclass(slots=True)
class ScenarioLossTable:
    """Losses of an account in each scenario, by underlying and in total."""

    profits_wad: list[Sequence[int]] = field(default_factory=list)
    basis_wad: list[int] = field(default_factory=list)
    legs: list[UnderlyingLoss] = field(default_factory=list)
    joint_wad: int = 0


@dataclass(slots=True)
class PortfolioRequirement:
    """Portfolio margin requirement of an account."""

    initial_wad: int = 0
    maintenance_wad: int = 0
    sum_wad: int = 0
    loss_initial_wad: int = 0
    loss_maintenance_wad: int = 0


def outlook(exposures: Sequence[PortfolioExposure], scenarios: Sequence[Scenario]) -> ScenarioLossTable:
    """Losses of an account in each scenario, by underlying and in total."""
    count = len(exposures)
    self = ScenarioLossTable([()] * count, [0] * count, [UnderlyingLoss()] * count)
    for i, exposure in enumerate(exposures):
        enter(self, i, exposure, scenarios)
    self.joint_wad = joint(self.profits_wad, len(scenarios))
    return self


def enter(self: ScenarioLossTable, place: int, exposure: PortfolioExposure, scenarios: Sequence[Scenario]) -> None:
    """Enters the losses of an account in one underlying into its table, in place of those that are there."""
    if exposure.stake.net_wad2 == 0 and not exposure.terms and not exposure.hedges:
        self.profits_wad[place], self.basis_wad[place], self.legs[place] = (), 0, UnderlyingLoss()
        return
    self.profits_wad[place], self.basis_wad[place] = portfolio.outcomes(exposure, scenarios)
    self.legs[place] = leg(scenarios, self.profits_wad[place], self.basis_wad[place])


def leg(scenarios: Sequence[Scenario], profits_wad: Sequence[int], basis_wad: int) -> UnderlyingLoss:
    """Loss of an account in one underlying, with its direction."""
    least = move = rise = fall = 0
    for scenario, profit in zip(scenarios, profits_wad, strict=True):
        if profit >= 0:
            continue
        side = scenario.spot_shock
        if profit < least:
            least, move = profit, side
        if side > 0 and profit < rise:
            rise = profit
        if side < 0 and profit < fall:
            fall = profit
    self = UnderlyingLoss(portfolio.loss(least, basis_wad))
    if self.loss_wad == 0:
        return self
    if least <= basis_wad:
        self.direction = _sign(move)
    lesser, larger = (fall, rise) if rise < fall else (rise, fall)
    if larger != 0:
        self.two_sided_wad = fixed.mul_div_up(fixed.abs(lesser), fixed.WAD, fixed.abs(larger))
    return self


def joint(profits_wad: Sequence[Sequence[int]], scenarios: int) -> int:
    """Largest loss of all underlyings in one scenario."""
    least = 0
    for k in range(scenarios):
        found = 0
        for profits in profits_wad:
            if profits:
                found += profits[k]
        if found < least:
            least = found
    return fixed.abs(least)


def sum(legs: Sequence[UnderlyingLoss]) -> int:
    """Sum of the losses of all underlyings."""
    total = 0
    for each in legs:
        total += each.loss_wad
    return total


def correlation(alike_wad: int, opposite_wad: int, a: UnderlyingLoss, b: UnderlyingLoss, breakdown_wad: int) -> int:
    """Correlation of the losses of two underlyings."""
    if a.direction * b.direction >= 0:
        raised = alike_wad + breakdown_wad
        return fixed.WAD if raised > fixed.WAD else raised
    lowered = opposite_wad - breakdown_wad
    if lowered < 0 and breakdown_wad != 0:
        lowered = 0
    one_sided = (fixed.WAD - a.two_sided_wad) * (fixed.WAD - b.two_sided_wad)
    return fixed.mul_div_ceil(-lowered, one_sided, fixed.WAD_SQUARED)


def combined(legs: Sequence[UnderlyingLoss], matrix: Matrix, breakdown_wad: int) -> int:
    """Loss of all underlyings, aggregated by their correlations."""
    total = sum(legs)
    scale = 1 + fixed.mul_div_down(total, 1, MAX_LOSS)
    radicand = place = 0
    for j, b in enumerate(legs):
        outer = fixed.mul_div_up(b.loss_wad, 1, scale)
        radicand += outer * outer
        for a in legs[:j]:
            if outer != 0 and a.loss_wad != 0:
                rho = correlation(matrix.alike[place], matrix.opposite[place], a, b, breakdown_wad)
                inner = fixed.mul_div_up(a.loss_wad, 1, scale)
                radicand += fixed.mul_div_ceil(2 * rho, inner * outer, fixed.WAD)
            place += 1
    if radicand <= 0:
        return 0
    return fixed.min(total, fixed.sqrt_up(radicand) * scale)


def loss(self: ScenarioLossTable, terms: LossTerms, matrix: Matrix, level: Level) -> int:
    """Loss of an account after risk offsets."""
    phi = terms.phi_initial if level == Level.INITIAL else terms.phi_maintenance
    least = fixed.max(self.joint_wad, fixed.mul_div_up(sum(self.legs), phi, fixed.WAD))
    found = fixed.max(least, combined(self.legs, matrix, 0))
    if level == Level.MAINTENANCE:
        return found
    return fixed.max(found, combined(self.legs, matrix, terms.breakdown))


def loss_factor(terms: LossTerms, quote_wad: int, level: Level) -> int:
    """Part of the loss that is required."""
    if level == Level.MAINTENANCE:
        return terms.loss_maintenance
    if quote_wad >= terms.peg_threshold:
        return terms.loss_initial
    return terms.loss_initial + fixed.mul_div_up(terms.peg_threshold - quote_wad, terms.peg_factor, fixed.WAD)


def requirement(
    exposures: Sequence[PortfolioExposure], loss_wad: int, terms: LossTerms, quote_wad: int, level: Level
) -> int:
    """Portfolio margin requirement of an account."""
    total = fixed.mul_div_up(loss_wad, loss_factor(terms, quote_wad, level), fixed.WAD)
    for exposure in exposures:
        total += portfolio.contingency(exposure, level)
    return total


def require_valid(terms: LossTerms) -> None:
    """Validates the terms that aggregate losses."""
    market.require_within("breakdown", terms.breakdown, 0, 2 * fixed.WAD)
    market.require_within("phiInitial", terms.phi_initial, 0, fixed.WAD)
    market.require_within("phiMaintenance", terms.phi_maintenance, 0, terms.phi_initial)
    market.require_within("lossInitial", terms.loss_initial, 0, 10 * fixed.WAD)
    market.require_within("lossMaintenance", terms.loss_maintenance, 0, terms.loss_initial)
    market.require_within("pegThreshold", terms.peg_threshold, 0, fixed.WAD)
    market.require_within("pegFactor", terms.peg_factor, 0, 10 * fixed.WAD)


def require_matrix(matrix: Matrix) -> None:
    """Validates the correlations."""
    market.require_within("alike", len(matrix.alike), MAX_PAIRS, MAX_PAIRS)
    market.require_within("opposite", len(matrix.opposite), MAX_PAIRS, MAX_PAIRS)
    for alike, opposite in zip(matrix.alike, matrix.opposite, strict=True):
        market.require_within("alike", fixed.abs(alike), 0, fixed.WAD)
        market.require_within("opposite", fixed.abs(opposite), 0, fixed.WAD)


def _sign(a: int) -> int:
    """Sign of a number."""
    return 0 if a == 0 else -1 if a < 0 else 1
