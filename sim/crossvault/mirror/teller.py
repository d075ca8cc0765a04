"""Scenario losses and greeks of accounts."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import fixed, option, portfolio, stress, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.correlation import ScenarioLossTable
from crossvault.mirror.standard import HeldOption
from crossvault.mirror.store import Store


class UnderlyingGreeks(NamedTuple):
    """Sensitivities of the value of the positions in one underlying."""

    delta_wad: int = 0
    gamma_wad: int = 0
    vega_wad: int = 0
    theta_wad: int = 0


class Teller(Store):
    """Scenario losses and greeks of accounts."""

    __slots__ = ()

    def scenarios(self, account: AccountId, *, now: int) -> tuple[ScenarioLossTable, tuple[int, ...]]:
        """Losses of an account in each scenario, by underlying and in total, and the worst scenario by underlying."""
        valued = valuation.book(self.ledger, account, now=now)
        found = stress.outlook(valued.stakes, self.ledger.rules)
        return found, tuple(portfolio.worst(profits_wad) for profits_wad in found.profits_wad)

    def greeks(self, account: AccountId, *, now: int) -> tuple[UnderlyingGreeks, ...]:
        """Greeks of the positions of an account, by underlying."""
        valued = valuation.book(self.ledger, account, now=now)
        found = [UnderlyingGreeks(delta_wad=exposure.size_wad) for exposure in valued.exposures]
        for line in valued.lines:
            found[line.underlying] = self.added(found[line.underlying], line)
        return tuple(found)

    def added(self, total: UnderlyingGreeks, line: HeldOption) -> UnderlyingGreeks:
        """Greeks with those of an option added."""
        discount_wad = option.discount(line.rate_wad, line.secs)
        terms = option.OptionTerms(
            line.forward_wad, line.strike_wad, line.vol_wad, line.secs, discount_wad, line.is_call
        )
        each = option.greeks(terms)
        return UnderlyingGreeks(
            total.delta_wad + fixed.mul_div_floor(line.size, each.delta_wad, fixed.WAD),
            total.gamma_wad + fixed.mul_div_floor(line.size, each.gamma_wad, fixed.WAD),
            total.vega_wad + fixed.mul_div_floor(line.size, each.vega_wad, fixed.WAD),
            total.theta_wad + fixed.mul_div_floor(line.size, each.theta_wad, fixed.WAD),
        )
