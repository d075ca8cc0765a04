"""Worlds, steps and outcomes: the input and the output of both sides of a run.

A step names people, accounts, tokens and underlyings, never addresses; its arguments have the mirror's form
(`AccountId`, integers in the scale of the argument's name, named tuples for parameters).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Protocol, get_args

from crossvault.mirror import fixed, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import AccountState, Globals
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics

VAULT = "vault"
EXCHANGE = "exchange"
DEPLOYER = "deployer"
CHAIN_ID = 31_337
TOKEN_KINDS = ("plain", "fee", "reentrant", "callback", "silent")
VaultDoor = Literal[
    "set_operator", "publish_price", "deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral",
    "fund_insurance", "trade", "start_liquidation", "declare_insolvent", "bid", "end_liquidation", "offer_ownership",
    "accept_ownership", "set_guardian", "set_feeder", "pause", "unpause", "list_underlying", "list_collateral",
    "schedule_risk", "enact_risk", "schedule_haircut", "enact_haircut", "schedule_auction", "enact_auction",
    "schedule_depeg", "enact_depeg", "batch",
    "publish_forward", "publish_surface", "open_expiry", "schedule_options", "enact_options", "schedule_guard",
    "enact_guard", "schedule_interest", "enact_interest", "settle", "set_mode", "schedule_portfolio", "enact_portfolio",
    "schedule_rules", "enact_rules", "schedule_cap", "enact_cap", "set_scopes", "schedule_feeder",
    "schedule_underlying", "schedule_collateral", "schedule_guardian", "seal", "cancel_changes",
]  # fmt: skip
ExchangeDoor = Literal["fill", "cancel", "cancel_below", "next_epoch"]
TokenAction = Literal["mint", "transfer"]
Action = Literal[VaultDoor, ExchangeDoor, TokenAction]

DOORS: tuple[VaultDoor, ...] = get_args(VaultDoor)
EXCHANGE_DOORS: tuple[ExchangeDoor, ...] = get_args(ExchangeDoor)
TOKEN_ACTIONS: tuple[TokenAction, ...] = get_args(TokenAction)
ACTIONS: tuple[Action, ...] = (*DOORS, *EXCHANGE_DOORS, *TOKEN_ACTIONS)


class TokenSpec(NamedTuple):
    """A test token: symbol, decimals, and whether it is `plain`, keeps a `fee` of 1 %, is `reentrant` or `silent`.

    A `reentrant` one enters the vault again in every transfer, a `callback` one in some, by many doors.
    """

    name: str
    decimals: int
    kind: str = "plain"


class WalletSpec(NamedTuple):
    """A contract wallet: its name, and the name of its signer."""

    name: str
    signer: str


@dataclass(frozen=True, slots=True)
class World:
    """State before the first step: tokens, wallets, a vault on the quote token, and its exchange.

    starts_at: [unix seconds], not after the first step. owner: role name. terms: of auctions.
    """

    tokens: tuple[TokenSpec, ...]
    quote: str
    owner: str
    delay_secs: int
    terms: AuctionTerms
    starts_at: int
    wallets: tuple[WalletSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One call: its time [unix seconds], its sender, its door (snake case) and its decoded arguments.

    Actions are the doors of the vault and the exchange, and `mint` and `transfer` of a token. A constructor of `doors`
    makes it.
    """

    at: int
    sender: str
    action: Action
    args: Mapping[str, Any] = field(default_factory=dict)
    _named: list[tuple[AccountId, ...]] = field(default_factory=list, init=False, repr=False, compare=False)

    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that the step names, each once, in the order of its arguments."""
        if not self._named:  # both sides and every observer read it, and a step does not change
            self._named.append(tuple(dict.fromkeys(named_in(self.args))))
        return self._named[0]


def named_in(value: Any) -> Iterator[AccountId]:
    """The accounts in a value of the mirror's form, such as the arguments of a step or the values of its events."""
    if isinstance(value, AccountId):
        yield value
    elif isinstance(value, int | str):
        return
    elif isinstance(value, tuple | list | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from named_in(each)


def named(steps: Sequence[Step]) -> tuple[AccountId, ...]:
    """The accounts that some steps name, each once, in the order of the steps."""
    return tuple(dict.fromkeys(account for step in steps for account in step.accounts()))


def traded(action: str, args: Mapping[str, Any]) -> Iterator[int]:
    """The instruments that a step trades."""
    if action == "trade":
        yield args["instrument"]
    elif action == "fill":
        yield from (pair.maker.instrument for pair in args["matches"])
    elif action == "batch":
        for call in args["calls"]:
            yield from traded(call.action, call.args)


class Event(NamedTuple):
    """An event of the vault or the exchange: name and values in the order of the Solidity event."""

    name: str
    values: tuple[Any, ...]


class Snapshot(NamedTuple):
    """State after a step: the globals and every account that the step names."""

    globals: Globals
    accounts: tuple[AccountState, ...]


class Outcome(NamedTuple):
    """Result of a step: a refusal or none, its events, and the state after it."""

    refusal: Refusal | None
    events: tuple[Event, ...]
    snapshot: Snapshot


StepStream = Generator[Step, Outcome, None]
"""Steps that follow from the outcomes of the steps before them, which are sent."""


class Side(Protocol):
    """One of the two implementations, driven by steps: the model, or the contracts on an engine."""

    @property
    def engine(self) -> str:
        """Name of the implementation, with its version where it has one."""
        ...

    def play(self, steps: Sequence[Step]) -> list[Outcome]:
        """Executes steps in order and returns the outcome of each."""
        ...

    def snapshot(self, accounts: Sequence[AccountId]) -> Snapshot:
        """State of the vault and of some accounts."""
        ...

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]:
        """Margin metrics of accounts at a time not before the last step [unix seconds]."""
        ...

    def close(self) -> None:
        """Frees the resources of the side."""
        ...


def account_id(text: str) -> AccountId:
    """The account that a text names: `alice` is her account 0, `alice/2` her account 2.

    Raises ValueError for a bad number.
    """
    owner, slash, number = text.partition("/")
    if slash and not number.isdecimal():
        raise ValueError(f"{text!r} is not an account: expected NAME or NAME/NUMBER")
    return AccountId(owner, int(number or 0))


_KIND_LETTERS = {market.CALL: "C", market.PUT: "P"}
_LETTER_KINDS = {letter: kind for kind, letter in _KIND_LETTERS.items()}
_INSTRUMENT = re.compile(r"(.+?)-(?:PERP|(\d{8})(?:T(\d{6}))?(?:-(\d+(?:\.\d{1,18})?)-([CP]))?)")
_USUAL_TIME = "080000"  # time at which listed options end, unless their name has another


class BadStrike(ValueError):
    """A strike that no option can have."""


def instrument_name(instrument: int, underlyings: Sequence[str]) -> str:
    """The name of an instrument as traders write it: `ETH-PERP`, `ETH-20261225`, `ETH-20261225-4000-C`.

    An expiry at another time than 08:00 UTC carries it, as `ETH-20261225T143000`.
    """
    underlying, kind = market.underlying_of(instrument), market.kind_of(instrument)
    expiry, strike_wad = market.expiry_of(instrument), market.strike_of(instrument)
    formed = instrument == market.instrument_of(underlying, kind, expiry, strike_wad)
    if formed and underlying < len(underlyings):
        if instrument == market.perp(underlying):
            return f"{underlyings[underlying]}-PERP"
        if expiry and expiry <= LAST_WRITTEN and (kind in _KIND_LETTERS) == (strike_wad != 0) and kind != market.PERP:
            end = f"{underlyings[underlying]}-{expiry_name(expiry)}"
            if kind == market.FUTURE:
                return end
            if kind in _KIND_LETTERS:
                return f"{end}-{_decimal(strike_wad)}-{_KIND_LETTERS[kind]}"
    return f"instrument {instrument}"


LAST_WRITTEN = 253_402_300_799  # the end of the year 9999


def expiry_name(expiry: int) -> str:
    """An expiry as traders write it: `20261225`, or `20261225T143000` when it is not at 08:00 UTC."""
    when = datetime.fromtimestamp(expiry, UTC)
    clock = f"{when:%H%M%S}"
    return f"{when:%Y%m%d}" + ("" if clock == _USUAL_TIME else f"T{clock}")


def expiry_number(name: str) -> int:
    """The time that a text such as `20261225` or `20261225T143000` names [unix seconds]. Raises ValueError."""
    day, _, clock = name.partition("T")
    when = datetime.strptime(day + (clock or _USUAL_TIME), "%Y%m%d%H%M%S")
    return int(when.replace(tzinfo=UTC).timestamp())


def instrument_number(name: str, underlyings: Sequence[str]) -> int:
    """The number of an instrument by its name, as traders write it. Raises ValueError."""
    found = _INSTRUMENT.fullmatch(name)
    if not found or found[1] not in underlyings:
        known = ", ".join(f"{u}-PERP" for u in underlyings)
        forms = f"{underlyings[0]}-20261225 or {underlyings[0]}-20261225-4000-C" if underlyings else "none"
        raise ValueError(f"{name!r} is not an instrument: expected one of {known}, or such as {forms}")
    underlying = list(underlyings).index(found[1])
    if found[2] is None:
        return market.perp(underlying)
    expiry = expiry_number(found[2] + (f"T{found[3]}" if found[3] else ""))
    if found[4] is None:
        return market.instrument_of(underlying, market.FUTURE, expiry, 0)
    whole, _, fraction = found[4].partition(".")
    strike_wad = int(whole) * fixed.WAD + int(fraction.ljust(18, "0"))
    if not 0 < strike_wad <= fixed.CAP:
        raise BadStrike(f"strike {found[4]} is out of range: expected more than 0 and at most 2^96 - 1 wad")
    return market.instrument_of(underlying, _LETTER_KINDS[found[5]], expiry, strike_wad)


def _decimal(wad: int) -> str:
    whole, fraction = divmod(wad, fixed.WAD)
    return f"{whole}.{fraction:018d}".rstrip("0").rstrip(".")
