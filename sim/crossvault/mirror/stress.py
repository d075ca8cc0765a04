"""Portfolio margin: a contract without storage, because no other has room for its code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.mirror import correlation, ruleset, stakes
from crossvault.mirror.correlation import PortfolioRequirement, ScenarioLossTable
from crossvault.mirror.margin import Holding
from crossvault.mirror.portfolio import PortfolioExposure, Stake
from crossvault.mirror.ruleset import ModelParameters, Rules
from crossvault.mirror.standard import HeldFuture, HeldOption, Level


class HeldExposures(NamedTuple):
    """What portfolio margin of an account is computed from."""

    stakes: Sequence[Stake]
    holdings: Sequence[Holding]
    lines: Sequence[HeldOption]
    futures: Sequence[HeldFuture]


def judge(held: HeldExposures, data: ModelParameters, quote_wad: int) -> PortfolioRequirement:
    """Portfolio margin requirement of an account at both levels."""
    model = ruleset.read(data)
    exposures = _exposures(held, model)
    return _verdict(correlation.outlook(exposures, model.rules.scenarios), exposures, model.rules, quote_wad)


def assess(
    held: HeldExposures, data: ModelParameters, quote_wad: int
) -> tuple[PortfolioRequirement, ScenarioLossTable]:
    """Portfolio margin requirement of an account at both levels, with the losses that it is computed from."""
    model = ruleset.read(data)
    exposures = _exposures(held, model)
    found = correlation.outlook(exposures, model.rules.scenarios)
    return _verdict(found, exposures, model.rules, quote_wad), found


def reassess(
    held: HeldExposures, changed: Sequence[bool], losses: ScenarioLossTable, data: ModelParameters, quote_wad: int
) -> PortfolioRequirement:
    """Portfolio margin requirement of an account that differs from an assessed one in some underlyings."""
    model = ruleset.read(data)
    exposures = _exposures(held, model)
    for i, is_changed in enumerate(changed):
        if is_changed:
            correlation.enter(losses, i, exposures[i], model.rules.scenarios)
    losses.joint_wad = correlation.joint(losses.profits_wad, len(model.rules.scenarios))
    return _verdict(losses, exposures, model.rules, quote_wad)


def requirement(held: HeldExposures, data: ModelParameters, quote_wad: int, level: Level) -> int:
    """Portfolio margin requirement of an account at one level."""
    model = ruleset.read(data)
    exposures = _exposures(held, model)
    found = correlation.outlook(exposures, model.rules.scenarios)
    loss_wad = correlation.loss(found, model.rules.terms, model.rules.matrix, level)
    return correlation.requirement(exposures, loss_wad, model.rules.terms, quote_wad, level)


def outlook(held: HeldExposures, data: ModelParameters) -> ScenarioLossTable:
    """Losses of an account in each scenario, by underlying and in total."""
    model = ruleset.read(data)
    return correlation.outlook(_exposures(held, model), model.rules.scenarios)


def _exposures(held: HeldExposures, model: ModelParameters) -> list[PortfolioExposure]:
    """Exposures of an account, by number of the underlying."""
    return stakes.gather(held.stakes, held.holdings, held.lines, held.futures, model.risks)


def _verdict(
    found: ScenarioLossTable, exposures: Sequence[PortfolioExposure], rules: Rules, quote_wad: int
) -> PortfolioRequirement:
    """Portfolio margin requirement of an account whose scenario losses are known."""
    initial_wad = correlation.loss(found, rules.terms, rules.matrix, Level.INITIAL)
    maintenance_wad = correlation.loss(found, rules.terms, rules.matrix, Level.MAINTENANCE)
    return PortfolioRequirement(
        sum_wad=correlation.sum(found.legs),
        loss_initial_wad=initial_wad,
        loss_maintenance_wad=maintenance_wad,
        initial_wad=correlation.requirement(exposures, initial_wad, rules.terms, quote_wad, Level.INITIAL),
        maintenance_wad=correlation.requirement(exposures, maintenance_wad, rules.terms, quote_wad, Level.MAINTENANCE),
    )
