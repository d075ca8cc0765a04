"""The shape of a scenario file: what may be written where. Names are resolved later, by the cast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from sim.scenario import quantity
from sim.scenario.quantity import Moment, Quantity
from sim.scenario.source import did_you_mean


def _text(reader: Callable[[object], object], what: str, *examples: str) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(reader), WithJsonSchema({"type": "string", "description": what, "examples": list(examples)})


Amount = Annotated[Quantity, *_text(quantity.quantity, "amount with its unit, exact", "1,500.25 USDC", "-5 ETH")]
Ratio = Annotated[int, *_text(quantity.ratio, "ratio in percent", "15 %")]
Price = Annotated[int, *_text(quantity.price, "price of one whole unit in quote", "2,000 USD")]
Difference = Annotated[int, *_text(quantity.difference, "signed difference of prices", "-1.50 USD")]
Multiple = Annotated[int, *_text(quantity.multiple, "multiple; negative for a short", "5x", "-3x")]
Duration = Annotated[int, *_text(quantity.duration, "whole weeks, days, hours, minutes, seconds", "1h 30m", "2 days")]
Time = Annotated[Moment, *_text(quantity.moment, "time after the start, or in UTC", "+2h", "2020-03-12T00:00:00Z")]
Date = Annotated[int, *_text(quantity.date, "time in UTC", "2020-03-12T00:00:00Z")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,30}$")]
AccountName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,30}(/[0-9]{1,3})?$")]
Label = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"type": ["string", "integer"]}),
]
Count = Annotated[int, Field(strict=True, ge=0)]
Decimals = Annotated[int, Field(strict=True, ge=0, le=18)]


def _spoken(field: str) -> str:
    return field.strip("_").replace("_", " ")


class Part(BaseModel):
    """A mapping of the file; keys are written with spaces, and no others are taken."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_spoken, strict=False)

    @model_validator(mode="before")
    @classmethod
    def _no_strangers(cls, data: Any) -> Any:
        known = [str(info.alias or name) for name, info in cls.model_fields.items()]
        if isinstance(data, dict):
            for key in data:
                if key not in known:
                    raise PydanticCustomError("stranger", "{hint}", {"key": key, "hint": did_you_mean(str(key), known)})
        return data


class QuotePart(Part):
    """The quote token."""

    name: Name
    decimals: Decimals
    kind: Literal["plain", "fee", "reentrant", "silent"] = "plain"


class AuctionPart(Part):
    """How an auction runs: factor between value and price at its start, after the fast phase, and the lengths."""

    buffer: Ratio
    start: Ratio
    knee: Ratio
    fast: Duration
    slow: Duration
    insolvent: Duration


class RiskPart(Part):
    """Risk parameters of an underlying, as `Market.Risk` of the contracts has them."""

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
    skew_scale: Amount | None = None


class TermsPart(Part):
    """What a collateral counts for; no cap: all of it."""

    haircut_initial: Ratio
    haircut_maintenance: Ratio
    cap: Price | None = None


class CollateralPart(TermsPart):
    """A token that is collateral, priced by an underlying."""

    decimals: Decimals
    underlying: Name
    kind: Literal["plain", "fee", "reentrant", "silent"] = "plain"


class DepegPart(Part):
    """How the quote token's own price enters."""

    feed: Name
    threshold: Ratio
    factor: Ratio


class RolesPart(Part):
    """Who does what no account does."""

    owner: Name = "governor"
    guardian: Name = "guardian"
    feeder: Name = "feeder"
    broker: Name = "broker"


class WorldPart(Part):
    """What governance sets up before anyone trades."""

    quote: QuotePart
    delay: Duration = 172_800
    roles: RolesPart = RolesPart()
    auction: AuctionPart
    underlyings: dict[Name, RiskPart] = Field(min_length=1)
    collaterals: dict[Name, CollateralPart] = {}


class PricePart(Part):
    """Prices of an underlying: `every` and `values`, or `at`, or a column of a `file`."""

    every: Duration | None = None
    values: list[Price] | None = None
    at: dict[str, Price] | None = None
    file: str | None = None
    column: Literal["open", "high", "low", "close"] | None = None
    path: Literal["column", "ohlc"] = "column"
    where: Mapping[Literal["venue", "market", "symbol", "interval_s"], Label] = {}
    from_: Time | None = None
    until: Time | None = None
    premium: Difference = 0
    confidence: Ratio = 10**18
    lag: Duration = 0

    @model_validator(mode="after")
    def _one_kind(self) -> PricePart:
        given = [name for name in ("values", "at", "file") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of 'values', 'at', 'file', got {' and '.join(given) or 'none'}")
        if (self.values is not None) != bool(self.every):
            raise ValueError("expected 'values' and 'every' together")
        if self.file is None and (self.column or self.where or self.from_ or self.until or self.path == "ohlc"):
            raise ValueError("'column', 'path', 'where', 'from' and 'until' are for a 'file'")
        if self.file is not None and (self.column is None) == (self.path == "column"):
            raise ValueError("expected 'column: close' (or open, high, low), or 'path: ohlc'")
        return self


class TastePart(Part):
    """What a seeded trader likes: how often it acts, and the most it trades and moves at once."""

    chance: Ratio
    size: dict[str, Amount] = {}
    cash: Amount | None = None


class RulePart(Part):
    """When a liquidator buys: at what discount factor, for what reward, and how much of what it may."""

    discount: Ratio = 95 * 10**16
    reward: Ratio = 10 * 10**16
    most: Ratio = 10**18
    unload: bool = True


class ActorPart(Part):
    """An account of a role: what it brings, what it opens with, and how it acts."""

    kind: Literal["trader", "maker", "liquidator", "stranger"] = "trader"
    deposits: list[Amount] = []
    wallet: list[Amount] = []
    positions: dict[str, Amount] = {}
    leverage: dict[str, Multiple] = {}
    against: AccountName | None = None
    taste: TastePart | None = None
    rule: RulePart | None = None


class Act(Part):
    """What every step has: when (as the step before, if not said), by whom, and what is expected."""

    at: Time | None = None
    by: Name | None = None
    expect: Annotated[Any, WithJsonSchema({
        "anyOf": [{"enum": ["accepted", "any"]}, {"type": "object"}],
        "description": "`accepted` (the default), `any`, or `refused` and values such as `equity of alice`",
    })] = None  # fmt: skip


class Mint(Act):
    do: Literal["mint"]
    to: Name
    amount: Amount


class Transfer(Act):
    do: Literal["transfer"]
    by: Name
    to: Name
    amount: Amount


class Deposit(Act):
    do: Literal["deposit"]
    account: AccountName
    amount: Amount


class Withdraw(Act):
    do: Literal["withdraw"]
    account: AccountName
    amount: Amount
    to: Name | None = None


class Trade(Act):
    do: Literal["trade"]
    maker: AccountName
    taker: AccountName
    instrument: str
    size: Amount
    price: Price | None = None


class Publish(Act):
    do: Literal["publish"]
    underlying: Name
    price: Price
    premium: Difference = 0
    confidence: Ratio = 10**18
    published: Time | None = None


class Sell(Act):
    do: Literal["start liquidation", "declare insolvent", "end liquidation"]
    account: AccountName


class Bid(Act):
    do: Literal["bid"]
    account: AccountName
    bidder: AccountName
    fraction: Ratio = 10**18
    limit: Amount | None = None


class Fund(Act):
    do: Literal["fund insurance"]
    by: Name
    amount: Amount


class Operator(Act):
    do: Literal["allow operator", "forbid operator"]
    account: AccountName
    operator: Name


class Govern(Act):
    do: Literal["pause", "unpause", "accept ownership"]


class Appoint(Act):
    do: Literal["offer ownership", "set guardian", "allow feeder", "forbid feeder"]
    to: Name


class RiskChange(Act):
    do: Literal["schedule risk", "enact risk"]
    underlying: Name
    risk: RiskPart


class HaircutChange(Act):
    do: Literal["schedule haircut", "enact haircut"]
    collateral: Name
    terms: TermsPart


class AuctionChange(Act):
    do: Literal["schedule auction", "enact auction"]
    terms: AuctionPart


class DepegChange(Act):
    do: Literal["schedule depeg", "enact depeg"]
    terms: DepegPart


class Look(Act):
    do: Literal["look"]


StepPart = Annotated[
    Mint | Transfer | Deposit | Withdraw | Trade | Publish | Sell | Bid | Fund | Operator | Govern | Appoint
    | RiskChange | HaircutChange | AuctionChange | DepegChange | Look,
    Field(discriminator="do"),
]  # fmt: skip


class Script(Part):
    """A scenario file."""

    name: Name
    about: str
    seed: Count = 0
    starts: Date
    ends: Time | None = None
    looks: Duration | None = None
    world: WorldPart
    prices: dict[Name, PricePart] = {}
    insurance: Amount | None = None
    actors: dict[AccountName, ActorPart] = {}
    steps: list[StepPart] = []
    checks: list[Any] = []
