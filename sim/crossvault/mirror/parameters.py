"""Every parameter in force, in one view."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import caps, cash, collateral, liquidation, market, oracle, portfolio, ruleset
from crossvault.mirror.ledger import State


class UnderlyingParameters(NamedTuple):
    """Parameters of an underlying."""

    name: str
    risk: market.MarketRisk
    options: market.OptionRisk
    guard: oracle.PriceGuard
    portfolio: portfolio.PortfolioRisk


class CollateralParameters(NamedTuple):
    """Parameters of a collateral token."""

    token: str
    decimals: int
    underlying: int
    terms: collateral.HaircutTerms


class ParameterSet(NamedTuple):
    """Every parameter in force."""

    quote: str
    decimals: int
    delay_secs: int
    auction: liquidation.AuctionTerms
    interest: cash.Interest
    depeg: cash.DepegTerms
    underlyings: tuple[UnderlyingParameters, ...]
    collaterals: tuple[CollateralParameters, ...]
    rules: ruleset.Rules
    caps: caps.Limits


def sheet(self: State, delay_secs: int) -> ParameterSet:
    """Every parameter in force."""
    model = ruleset.read(self.model.data)
    return ParameterSet(
        quote=self.cash.token,
        decimals=self.cash.decimals,
        delay_secs=delay_secs,
        auction=self.terms,
        interest=self.cash.interest,
        depeg=self.cash.terms,
        underlyings=tuple(
            UnderlyingParameters(
                self.names[i], self.risks[i], self.option_risks[i], self.guards[i], ruleset.risk_of(model, i)
            )
            for i in range(len(self.risks))
        ),
        collaterals=tuple(
            CollateralParameters(asset.token, asset.decimals, asset.underlying, asset.terms) for asset in self.assets
        ),
        rules=model.rules,
        caps=caps.limits_of(self.caps, len(self.assets), len(self.risks)),
    )
