"""Scenario losses and greeks of accounts."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import fixed, portfolio, pricer, stress, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.correlation import ScenarioLossTable
from crossvault.mirror.option import OptionGreeks
from crossvault.mirror.store import Store


class UnderlyingGreeks(NamedTuple):
    """Sensitivities of the value of the positions in one underlying."""

    delta_wad: int = 0
    gamma_wad: int = 0
    vega_wad: int = 0
    theta_wad: int = 0


class Analyst(Store):
    """Scenario losses and greeks of accounts."""

    __slots__ = ()

    def scenarios(self, account: AccountId, *, now: int) -> tuple[ScenarioLossTable, tuple[int, ...]]:
        """Losses of an account in each scenario, by underlying and in total, and the worst scenario by underlying."""
        valued = valuation.valued_image(self.ledger, valuation.image(self.ledger, account), now=now)
        found = stress.outlook(valuation.exposures_of(valued), self.ledger.model.data)
        return found, tuple(portfolio.worst(profits_wad) for profits_wad in found.profits_wad)

    def greeks(self, account: AccountId, *, now: int) -> tuple[UnderlyingGreeks, ...]:
        """Greeks of the positions of an account, by underlying."""
        valued = valuation.valued_image(self.ledger, valuation.image(self.ledger, account), now=now)
        found = [UnderlyingGreeks(delta_wad=exposure.size_wad) for exposure in valued.exposures]
        for line, each in zip(valued.lines, pricer.greeks(valued.lines), strict=True):
            found[line.underlying] = self.added(found[line.underlying], line.size, each)
        return tuple(found)

    def added(self, total: UnderlyingGreeks, size: int, each: OptionGreeks) -> UnderlyingGreeks:
        """Greeks with those of an option added."""
        return UnderlyingGreeks(
            total.delta_wad + fixed.mul_div_floor(size, each.delta_wad, fixed.WAD),
            total.gamma_wad + fixed.mul_div_floor(size, each.gamma_wad, fixed.WAD),
            total.vega_wad + fixed.mul_div_floor(size, each.vega_wad, fixed.WAD),
            total.theta_wad + fixed.mul_div_floor(size, each.theta_wad, fixed.WAD),
        )
