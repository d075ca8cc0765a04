"""Margin parameters of a portfolio's own, instead of a preset: by underlying, and the rules of portfolio margin."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from crossvault.mirror import market, portfolio
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.portfolio import PortfolioRisk
from crossvault.scenario import roster, rules
from crossvault.scenario.file_part import Amount, FilePart
from crossvault.scenario.portfolio_rules import PortfolioMarginPart
from crossvault.scenario.source import Route, SourceFile
from crossvault.scenario.world import OptionsPart, RiskPart

OWN = "portfolio"  # the method of a portfolio file's own rules


class UnderlyingMarginPart(FilePart):
    """Margin of an underlying: of perps and futures, of options, and portfolio margin, each as in a preset."""

    perps: RiskPart
    options: OptionsPart | None = None
    portfolio: PortfolioMarginPart | None = None


class PositionPart(FilePart):
    """A position: its size, and what it cost in quote if it was not entered at the mark; negative for a short."""

    size: Amount
    cost: Amount | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        sized = {"type": "string", "description": "size, entered at the mark", "examples": ["-12 ETH"]}
        return {"anyOf": [sized, handler.resolve_ref_schema(handler(core))]}

    @model_validator(mode="before")
    @classmethod
    def _sized(cls, data: Any) -> Any:
        return data if isinstance(data, dict | FilePart) else {"size": data}


class OwnTerms(NamedTuple):
    """Margin parameters of an underlying in the vault's form; none where the file has none."""

    perps: MarketRisk
    options: OptionRisk | None
    portfolio: PortfolioRisk | None


def own_terms(source: SourceFile, route: Route, part: UnderlyingMarginPart, unit: str) -> OwnTerms:
    """The parameters of a part; what the vault would refuse is noted in the source."""
    perps, options, modelled = MarketRisk(), None, None
    with source.guard((*route, "perps")):
        perps = roster.risk(part.perps, unit)
        roster.require(market.require_valid, perps)
    if part.options is not None:
        with source.guard((*route, "options")):
            options = roster.options(part.options)
            roster.require(market.require_valid_options, options)
    if part.portfolio is not None:
        with source.guard((*route, "portfolio")):
            modelled = rules.portfolio_risk(part.portfolio)
            roster.require(portfolio.require_valid, modelled)
    return OwnTerms(perps, options, modelled)
