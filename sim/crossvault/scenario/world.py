"""The shape of a world in a scenario file: parameters that governance sets before the first trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from crossvault.scenario.file_part import (
    Amount,
    Decimals,
    Difference,
    Duration,
    FilePart,
    LogShift,
    LogWidth,
    Name,
    Price,
    Rate,
    Ratio,
    TotalVariance,
    Volatility,
)
from crossvault.scenario.portfolio_rules import PortfolioMarginPart, RulesPart
from crossvault.scenario.quantity import required_text


class QuotePart(FilePart):
    """The quote token, and the cap on all that is borrowed of it."""

    name: Name
    decimals: Decimals
    kind: Literal["plain", "fee", "reentrant", "callback", "silent"] = "plain"
    borrowing_cap: Amount | None = None


class AuctionPart(FilePart):
    """Auction terms: price factor at the start and after the fast phase, buffer, and phase lengths.

    grace: time after an outage in which no solvent account is sold. floor: price factor at which the slow phase ends.
    """

    buffer: Ratio
    start: Ratio
    knee: Ratio
    fast: Duration
    slow: Duration
    insolvent: Duration
    grace: Duration = 300
    floor: Ratio = 0


class RiskPart(FilePart):
    """Risk parameters of an underlying: fields of `Market.MarketRisk` of the contracts."""

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
    """Risk parameters of the options on an underlying: fields of `Market.OptionRisk` of the contracts."""

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
    value_band: Ratio = 0


class GuardPart(FilePart):
    """Guard against manipulated prices: fields of `Oracle.PriceGuard`; the stable rate is per second."""

    max_jump: Ratio = 0
    confirm: Duration = 0
    stable_rate: Ratio = 0
    surface_move: Ratio = 0


class InterestPart(FilePart):
    """Interest rates on borrowed quote token per year: fields of `Cash.Interest` of the contracts."""

    min_rate: Ratio = 0
    low_slope: Ratio = 0
    high_slope: Ratio = 0
    optimal_utilisation: Ratio = 0
    reserve_factor: Ratio = 0


class SurfacePart(FilePart):
    """Volatility by strike: `flat`, or SVI total variance `fitted` a duration before the expiry, at a `forward`."""

    flat: Volatility | None = None
    a: TotalVariance = 0
    b: Ratio = 0
    rho: Rate = 0
    m: LogShift = 0
    sigma: LogWidth = 0
    fitted: Duration | None = None
    forward: Price | None = None

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
        numbers = (self.a, self.b, self.rho, self.m, self.sigma, self.fitted, self.forward)
        if self.flat is not None and any(numbers):
            raise ValueError("expected a flat volatility such as '60 %', or a, b, rho, m and sigma: not both")
        if self.flat is None and not any(numbers):
            raise ValueError("expected a flat volatility such as '60 %', or a, b, rho, m and sigma")
        return self


class ExpiryPart(FilePart):
    """Published values of an expiry: a constant forward or one that follows the index, a rate, a surface."""

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
    """An underlying: risk parameters, and the options, portfolio margin, guard, cap and expiries it starts with."""

    options: OptionsPart | None = None
    portfolio: PortfolioMarginPart | None = None
    guard: GuardPart | None = None
    expiries: dict[str, ExpiryPart] = {}
    open_interest_cap: Amount | None = None


class HaircutPart(FilePart):
    """Haircuts of a collateral, the cap on its value, and the time in which a stale price fades.

    Without a cap the whole value counts.
    """

    haircut_initial: Ratio
    haircut_maintenance: Ratio
    cap: Price | None = None
    stale: Duration = 86_400


class CollateralPart(HaircutPart):
    """A collateral token, priced by an underlying. vault cap: most of it that all accounts together hold."""

    decimals: Decimals
    underlying: Name
    kind: Literal["plain", "fee", "reentrant", "callback", "silent"] = "plain"
    vault_cap: Amount | None = None


class DepegPart(FilePart):
    """Depeg terms: the price feed of the quote token, and the surcharge below a threshold."""

    feed: Name
    threshold: Ratio
    factor: Ratio


class RolesPart(FilePart):
    """Roles of the vault besides account owners."""

    owner: Name = "governor"
    guardian: Name = "guardian"
    feeder: Name = "feeder"
    broker: Name = "broker"


class WorldPart(FilePart):
    """Parameters that governance sets before the first trade."""

    quote: QuotePart
    delay: Duration = 172_800
    roles: RolesPart = RolesPart()
    auction: AuctionPart
    interest: InterestPart | None = None
    margin_rules: RulesPart | None = None
    underlyings: dict[Name, UnderlyingPart] = Field(min_length=1)
    collaterals: Mapping[Name, CollateralPart] = {}
