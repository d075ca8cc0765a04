"""The shape of the steps of a scenario file, one class for each form of `do`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from crossvault.scenario.file_part import (
    AccountName,
    Amount,
    Count,
    Difference,
    Expiry,
    FilePart,
    Name,
    Price,
    PriceOrMark,
    Ratio,
    Time,
)
from crossvault.scenario.portfolio_rules import PortfolioMarginPart, RulesPart
from crossvault.scenario.world import (
    AuctionPart,
    DepegPart,
    ExpiryPart,
    GuardPart,
    HaircutPart,
    InterestPart,
    OptionsPart,
    RiskPart,
    SurfacePart,
)


class StepFields(FilePart):
    """Fields of every step: time (default: that of the step before), sender, and expectation."""

    at: Time | None = None
    by: Name | None = None
    expect: Annotated[Any, WithJsonSchema({
        "anyOf": [{"enum": ["accepted", "any"]}, {"type": "object"}],
        "description": "`accepted` (the default), `any`, or `refused` and values such as `equity of alice`",
    })] = None  # fmt: skip


class Mint(StepFields):
    do: Literal["mint"]
    to: Name
    amount: Amount


class Transfer(StepFields):
    do: Literal["transfer"]
    by: Name
    to: Name
    amount: Amount


class Deposit(StepFields):
    do: Literal["deposit"]
    account: AccountName
    amount: Amount


class Withdraw(StepFields):
    do: Literal["withdraw"]
    account: AccountName
    amount: Amount
    to: Name | None = None


class Trade(StepFields):
    do: Literal["trade"]
    maker: AccountName
    taker: AccountName
    instrument: str
    size: Amount
    price: PriceOrMark = None


CallPart = Annotated[Deposit | Withdraw | Trade, Field(discriminator="do")]


class Publish(StepFields):
    do: Literal["publish"]
    underlying: Name
    price: Price
    premium: Difference = 0
    confidence: Ratio = 10**18
    published: Time | None = None


class PublishForward(StepFields):
    do: Literal["publish forward"]
    underlying: Name
    expiry: Expiry
    forward: Price
    rate: Ratio = 0
    confidence: Ratio = 10**18
    published: Time | None = None


class PublishSurface(StepFields):
    do: Literal["publish surface"]
    underlying: Name
    expiry: Expiry
    surface: SurfacePart
    forward: Price | None = None
    confidence: Ratio = 10**18
    published: Time | None = None


class OpenExpiry(StepFields, ExpiryPart):
    do: Literal["open expiry"]
    underlying: Name
    expiry: Expiry


class Settle(StepFields):
    do: Literal["settle"]
    underlying: Name
    expiry: Expiry
    accounts: list[AccountName] | Literal["all"] = "all"


class Sell(StepFields):
    do: Literal["start liquidation", "declare insolvent", "end liquidation"]
    account: AccountName


class Bid(StepFields):
    do: Literal["bid"]
    account: AccountName
    bidder: AccountName
    fraction: Ratio = 10**18
    limit: Amount | None = None


class Fund(StepFields):
    do: Literal["fund insurance"]
    by: Name
    amount: Amount


Scope = Literal["trade", "deposit", "withdraw"]


class Operator(StepFields):
    do: Literal["allow operator", "forbid operator"]
    account: AccountName
    operator: Name
    scopes: list[Scope] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.scopes is not None and self.do != "allow operator":
            raise ValueError("scopes are of 'allow operator'; 'forbid operator' ends all of them")
        if self.scopes == []:
            raise ValueError("scopes: expected one at least; 'forbid operator' leaves none")
        return self


class Govern(StepFields):
    do: Literal["pause", "unpause", "accept ownership", "seal", "cancel changes"]


class Appoint(StepFields):
    do: Literal[
        "offer ownership", "schedule guardian", "set guardian", "schedule feeder", "allow feeder", "forbid feeder",
    ]  # fmt: skip
    to: Name


class RiskChange(StepFields):
    do: Literal["schedule risk", "enact risk"]
    underlying: Name
    risk: RiskPart


class HaircutChange(StepFields):
    do: Literal["schedule haircut", "enact haircut"]
    collateral: Name
    terms: HaircutPart


class AuctionChange(StepFields):
    do: Literal["schedule auction", "enact auction"]
    terms: AuctionPart


class DepegChange(StepFields):
    do: Literal["schedule depeg", "enact depeg"]
    terms: DepegPart


class OptionsChange(StepFields):
    do: Literal["schedule options", "enact options"]
    underlying: Name
    options: OptionsPart


class GuardChange(StepFields):
    do: Literal["schedule guard", "enact guard"]
    underlying: Name
    guard: GuardPart


class InterestChange(StepFields):
    do: Literal["schedule interest", "enact interest"]
    interest: InterestPart


class SetMode(StepFields):
    """Sets the margin mode of an account."""

    do: Literal["set mode"]
    account: AccountName
    mode: Literal["standard", "portfolio"]


class PortfolioMarginChange(StepFields):
    do: Literal["schedule portfolio", "enact portfolio"]
    underlying: Name
    portfolio: PortfolioMarginPart


class CapChange(StepFields):
    """A cap of the whole vault: on a collateral, on the open interest of an underlying, or else on what is borrowed."""

    do: Literal["schedule cap", "enact cap"]
    collateral: Name | None = None
    underlying: Name | None = None
    amount: Amount

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if self.collateral is not None and self.underlying is not None:
            raise ValueError("expected 'collateral' or 'underlying', not both; neither caps what is borrowed")
        return self


class RulesChange(StepFields):
    do: Literal["schedule rules", "enact rules"]
    rules: RulesPart


class Batch(StepFields):
    """Several calls in one step; margin is required once, at the end."""

    do: Literal["batch"]
    calls: list[CallPart] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_moment(self) -> Batch:
        for call in self.calls:
            for name in ("at", "by", "expect"):
                if getattr(call, name) is not None:
                    raise ValueError(f"{name!r} is for the whole batch: write it alongside 'calls'")
        return self


class SignedOrder(StepFields):
    """An order signed by the owner of an account, without a step of the chain. Another `signer` forges it.

    epoch: the one of its account in which it is valid. version: of the form that its signer saw; 1 had no epochs.
    """

    do: Literal["order"]
    name: Name
    account: AccountName
    instrument: str
    size: Amount
    limit: Price
    expires: Time
    salt: Count = 0
    signer: Name | None = None
    epoch: Count = 0
    version: Literal[1, 2] = 2


class MatchPart(FilePart):
    """Two orders by name, and the size to fill."""

    maker: Name
    taker: Name
    size: Amount


class Fill(StepFields):
    do: Literal["fill"]
    matches: list[MatchPart] = Field(min_length=1)


class CancelOrder(StepFields):
    do: Literal["cancel"]
    order: Name


class CancelBelow(StepFields):
    do: Literal["cancel below"]
    account: AccountName
    salt: Count


class NextEpoch(StepFields):
    """All orders of an account are cancelled; those of its next epoch are signed with that number."""

    do: Literal["next epoch"]
    account: AccountName


class Look(StepFields):
    do: Literal["look"]


StepPart = Annotated[
    Mint | Transfer | Deposit | Withdraw | Trade | Publish | Sell | Bid | Fund | Operator | Govern | Appoint
    | RiskChange | HaircutChange | AuctionChange | DepegChange | Look
    | PublishForward | PublishSurface | OpenExpiry | Settle | OptionsChange | GuardChange | InterestChange | Batch
    | SignedOrder | Fill | CancelOrder | CancelBelow | NextEpoch | SetMode | PortfolioMarginChange | RulesChange
    | CapChange,
    Field(discriminator="do"),
]  # fmt: skip
