"""Portfolio margin, marks and greeks: a contract without storage, because no other has room for its code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.mirror import correlation, option, stakes
from crossvault.mirror.correlation import LossTerms, Matrix, PortfolioRequirement, ScenarioLossTable
from crossvault.mirror.margin import Holding
from crossvault.mirror.option import OptionGreeks, OptionTerms
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import HeldOption, Level


class Rules(NamedTuple):
    """Rules of portfolio margin, shared by all underlyings."""

    scenarios: tuple[Scenario, ...] = ()
    terms: LossTerms = LossTerms()
    matrix: Matrix = Matrix()


class HeldExposures(NamedTuple):
    """Exposures of an account that portfolio margin is computed from."""

    stakes: Sequence[PortfolioExposure]
    holdings: Sequence[Holding]
    lines: Sequence[HeldOption]


def judge(held: HeldExposures, rules: Rules, quote_wad: int) -> PortfolioRequirement:
    """Portfolio margin requirement of an account at both levels."""
    found, stakes_ = _outlook(held, rules), held.stakes
    initial_wad = correlation.loss(found, rules.terms, rules.matrix, Level.INITIAL)
    maintenance_wad = correlation.loss(found, rules.terms, rules.matrix, Level.MAINTENANCE)
    return PortfolioRequirement(
        sum_wad=correlation.sum(found.legs),
        loss_initial_wad=initial_wad,
        loss_maintenance_wad=maintenance_wad,
        initial_wad=correlation.requirement(stakes_, initial_wad, rules.terms, quote_wad, Level.INITIAL),
        maintenance_wad=correlation.requirement(
            held.stakes, maintenance_wad, rules.terms, quote_wad, Level.MAINTENANCE
        ),
    )


def assess(held: HeldExposures, rules: Rules, quote_wad: int, level: Level) -> tuple[int, ScenarioLossTable]:
    """Portfolio margin requirement of an account, with the losses that it is computed from."""
    found = _outlook(held, rules)
    return _requirement(found, held.stakes, rules, quote_wad, level), found


def reassess(
    held: HeldExposures, changed: Sequence[bool], found: ScenarioLossTable, rules: Rules, quote_wad: int, level: Level
) -> int:
    """Portfolio margin requirement of an account that differs from an assessed one in some underlyings."""
    stakes.gather(held.stakes, held.holdings, held.lines)
    for i, is_changed in enumerate(changed):
        if is_changed:
            correlation.enter(found, i, held.stakes[i], rules.scenarios)
    found.joint_wad = correlation.joint(found.profits_wad, len(rules.scenarios))
    return _requirement(found, held.stakes, rules, quote_wad, level)


def outlook(held: HeldExposures, rules: Rules) -> ScenarioLossTable:
    """Losses of an account in each scenario, by underlying and in total."""
    return _outlook(held, rules)


def marks(lines: Sequence[HeldOption]) -> list[int]:
    """Mark prices of some options."""
    return [option.price(_terms(line)) for line in lines]


def greeks(lines: Sequence[HeldOption]) -> list[OptionGreeks]:
    """Greeks of some options, each per one of it."""
    return [option.greeks(_terms(line)) for line in lines]


def _outlook(held: HeldExposures, rules: Rules) -> ScenarioLossTable:
    """Losses of an account, whose collateral and options are added to its exposures."""
    stakes.gather(held.stakes, held.holdings, held.lines)
    return correlation.outlook(held.stakes, rules.scenarios)


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
