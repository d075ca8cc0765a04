"""Portfolio margin, marks and greeks: a contract without storage, because no other has room for its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crossvault.mirror import correlation, option
from crossvault.mirror.correlation import LossTerms, Matrix, ScenarioLossTable
from crossvault.mirror.option import OptionGreeks, OptionTerms
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import HeldOption, Level


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
    """Portfolio margin requirement of an account at both levels."""
    found = correlation.outlook(stakes, rules.scenarios)
    initial_wad = correlation.loss(found, rules.terms, rules.matrix, Level.INITIAL)
    maintenance_wad = correlation.loss(found, rules.terms, rules.matrix, Level.MAINTENANCE)
    return PortfolioRequirement(
        sum_wad=correlation.sum(found.legs),
        loss_initial_wad=initial_wad,
        loss_maintenance_wad=maintenance_wad,
        initial_wad=correlation.requirement(stakes, initial_wad, rules.terms, quote_wad, Level.INITIAL),
        maintenance_wad=correlation.requirement(stakes, maintenance_wad, rules.terms, quote_wad, Level.MAINTENANCE),
    )


def requirement(stakes: Sequence[PortfolioExposure], rules: Rules, quote_wad: int, level: Level) -> int:
    """Portfolio margin requirement of an account."""
    return _requirement(correlation.outlook(stakes, rules.scenarios), stakes, rules, quote_wad, level)


def requirements(
    stakes: Sequence[PortfolioExposure],
    places: Sequence[int],
    formers: Sequence[PortfolioExposure],
    rules: Rules,
    quote_wad: int,
    level: Level,
) -> tuple[int, int]:
    """Portfolio margin requirements of an account after and before a change of some underlyings."""
    found = correlation.outlook(stakes, rules.scenarios)
    after_wad = _requirement(found, stakes, rules, quote_wad, level)
    stakes = list(stakes)
    for place, former in zip(places, formers, strict=True):
        stakes[place] = former
        correlation.enter(found, place, former, rules.scenarios)
    found.joint_wad = correlation.joint(found.profits_wad, len(rules.scenarios))
    return after_wad, _requirement(found, stakes, rules, quote_wad, level)


def outlook(stakes: Sequence[PortfolioExposure], rules: Rules) -> ScenarioLossTable:
    """Losses of an account in each scenario, by underlying and in total."""
    return correlation.outlook(stakes, rules.scenarios)


def marks(lines: Sequence[HeldOption]) -> list[int]:
    """Mark prices of some options."""
    return [option.price(_terms(line)) for line in lines]


def greeks(lines: Sequence[HeldOption]) -> list[OptionGreeks]:
    """Greeks of some options, each per one of it."""
    return [option.greeks(_terms(line)) for line in lines]


def _requirement(
    found: ScenarioLossTable, stakes: Sequence[PortfolioExposure], rules: Rules, quote_wad: int, level: Level
) -> int:
    """Portfolio margin requirement of an account whose scenario losses are known."""
    loss_wad = correlation.loss(found, rules.terms, rules.matrix, level)
    return correlation.requirement(stakes, loss_wad, rules.terms, quote_wad, level)


def _terms(line: HeldOption) -> OptionTerms:
    """Inputs to the price of an option that an account holds."""
    discount_wad = option.discount(line.rate_wad, line.secs)
    return OptionTerms(line.forward_wad, line.strike_wad, line.vol_wad, line.secs, discount_wad, line.is_call)
