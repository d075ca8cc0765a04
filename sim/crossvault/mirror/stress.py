"""Portfolio margin of an account: a contract without storage, because no other has room for its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crossvault.mirror import correlation
from crossvault.mirror.correlation import LossTerms, Matrix, ScenarioLossTable
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import Level


class Rules(NamedTuple):
    """Rules of portfolio margin, shared by all underlyings."""

    scenarios: tuple[Scenario, ...] = ()
    terms: LossTerms = LossTerms()
    matrix: Matrix = Matrix()


@dataclass(slots=True)
class PortfolioRequirement:
    """Portfolio margin requirement of an account."""

    initial_wad: int = 0
    maintenance_wad: int = 0
    sum_wad: int = 0
    loss_initial_wad: int = 0
    loss_maintenance_wad: int = 0


def judge(stakes: Sequence[PortfolioExposure], rules: Rules, quote_wad: int) -> PortfolioRequirement:
    """Portfolio margin requirement of an account."""
    found = correlation.outlook(stakes, rules.scenarios)
    return PortfolioRequirement(
        sum_wad=correlation.sum(found.legs),
        loss_initial_wad=correlation.loss(found, rules.terms, rules.matrix, Level.INITIAL),
        loss_maintenance_wad=correlation.loss(found, rules.terms, rules.matrix, Level.MAINTENANCE),
        initial_wad=correlation.requirement(found, stakes, rules.terms, rules.matrix, quote_wad, Level.INITIAL),
        maintenance_wad=correlation.requirement(found, stakes, rules.terms, rules.matrix, quote_wad, Level.MAINTENANCE),
    )


def outlook(stakes: Sequence[PortfolioExposure], rules: Rules) -> ScenarioLossTable:
    """Losses of an account in each scenario, by underlying and in total."""
    return correlation.outlook(stakes, rules.scenarios)
