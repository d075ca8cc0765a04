"""The shape of a world in a scenario file: what governance sets up before anyone trades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from crossvault.scenario.file_part import Amount, Decimals, Difference, Duration, FilePart, Name, Price, Rate, Ratio
from crossvault.scenario.portfolio_rules import PortfolioMarginPart, RulesPart
from crossvault.scenario.quantity import required_text


class QuotePart(FilePart):
    """The quote token."""

    name: Name
    decimals: Decimals
    kind: Literal["plain", "fee", "reentrant", "silent"] = "plain"


class AuctionPart(FilePart):
    """How an auction runs: factor between value and price at its start, after the fast phase, and the lengths."""

    buffer: Ratio
    start: Ratio
    knee: Ratio
    fast: Duration
    slow: Duration
    insolvent: Duration


class RiskPart(FilePart):
    """Risk parameters of an underlying, as `Market.MarketRisk` of the contracts has them."""

    heartbeat: Duration
    mark_band: Ratio
    trade_band: Ratio
    initial_margin: Ratio
    maintenance_margin: Ratio
    base_rate: Ratio = 0
    impact_rate: Ratio = 0
    maintenance_scale: Ratio = 0
    spread_rate: Ratio = 0
    profit_weight: Ratio = 10**18
    confidence_threshold: Ratio = 0
    confidence_factor: Ratio = 0
    funding_base: Rate = 0
    funding_cap: Ratio = 0
    skew_scale: Amount | None = None


class OptionsPart(FilePart):
    """Risk parameters of the options on an underlying, as `Market.OptionRisk` of the contracts has them."""

    heartbeat: Duration
    trade_band: Ratio
    max_spot_rate: Ratio
    min_spot_rate: Ratio
    call_rate: Ratio
    put_rate: Ratio
    put_mark_rate: Ratio = 0
    put_initial_scale: Ratio = 10**18
    unpaired_initial: Ratio = 10**18
    unpaired_maintenance: Ratio = 10**18


class GuardPart(FilePart):
    """What shields an underlying from a manipulated print, as `Oracle.PriceGuard`; the stable rate is per second."""

    max_jump: Ratio = 0
    confirm: Duration = 0
    stable_rate: Ratio = 0


class InterestPart(FilePart):
    """What borrowers of the quote token pay per year, as `Cash.Interest` of the contracts has it."""

    min_rate: Ratio = 0
    low_slope: Ratio = 0
    high_slope: Ratio = 0
    optimal_utilisation: Ratio = 0
    reserve_factor: Ratio = 0


class SurfacePart(FilePart):
    """Volatility by strike, either `flat`, or total variance as it was `fitted` so long before an expiry."""

    flat: Ratio | None = None
    a: Rate = 0
    b: Ratio = 0
    rho: Rate = 0
    m: Rate = 0
    sigma: Ratio = 0
    fitted: Duration | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        flat = {"type": "string", "description": "flat volatility", "examples": ["60 %"]}
        return {"anyOf": [flat, handler.resolve_ref_schema(handler(core))]}

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        return data if isinstance(data, dict | FilePart) else {"flat": required_text(data, "60 %")}

    @model_validator(mode="after")
    def _one_kind(self) -> SurfacePart:
        numbers = (self.a, self.b, self.rho, self.m, self.sigma, self.fitted)
        if self.flat is not None and any(numbers):
            raise ValueError("expected a flat volatility such as '60 %', or a, b, rho, m and sigma: not both")
        if self.flat is None and not any(numbers):
            raise ValueError("expected a flat volatility such as '60 %', or a, b, rho, m and sigma")
        return self


class ExpiryPart(FilePart):
    """What a feeder publishes of an expiry: a forward that stands or follows the index, a rate, a surface."""

    forward: Price | None = None
    basis: Difference | None = None
    rate: Ratio = 0
    surface: SurfacePart | None = None
    confidence: Ratio = 10**18
    follows: bool = True

    @model_validator(mode="after")
    def _one_forward(self) -> ExpiryPart:
        if self.forward is not None and self.basis is not None:
            raise ValueError(
                "expected 'forward' or 'basis', not both; without them the forward is index * e^(rate * time)"
            )
        return self


class UnderlyingPart(RiskPart):
    """An underlying: its risk parameters; options, portfolio margin, guard and expiries that it has from the start."""

    options: OptionsPart | None = None
    portfolio: PortfolioMarginPart | None = None
    guard: GuardPart | None = None
    expiries: dict[str, ExpiryPart] = {}


class TermsPart(FilePart):
    """What a collateral counts for; no cap: all of it."""

    haircut_initial: Ratio
    haircut_maintenance: Ratio
    cap: Price | None = None


class CollateralPart(TermsPart):
    """A token that is collateral, priced by an underlying."""

    decimals: Decimals
    underlying: Name
    kind: Literal["plain", "fee", "reentrant", "silent"] = "plain"


class DepegPart(FilePart):
    """How the quote token's own price enters."""

    feed: Name
    threshold: Ratio
    factor: Ratio


class RolesPart(FilePart):
    """Who does what no account does."""

    owner: Name = "governor"
    guardian: Name = "guardian"
    feeder: Name = "feeder"
    broker: Name = "broker"


class WorldPart(FilePart):
    """What governance sets up before anyone trades."""

    quote: QuotePart
    delay: Duration = 172_800
    roles: RolesPart = RolesPart()
    auction: AuctionPart
    interest: InterestPart | None = None
    margin_rules: RulesPart | None = None
    underlyings: dict[Name, UnderlyingPart] = Field(min_length=1)
    collaterals: Mapping[Name, CollateralPart] = {}
