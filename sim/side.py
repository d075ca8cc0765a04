"""What both sides of a run get and give: worlds, steps, outcomes, and what a side is.

A step names people, accounts, tokens and underlyings, never addresses; its arguments have the mirror's form
(`AccountId`, integers in the scale of the argument's name, named tuples for parameters).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sim.mirror import market
from sim.mirror.account import AccountId
from sim.mirror.errors import Refusal
from sim.mirror.lens import AccountState, Globals
from sim.mirror.liquidation import Terms
from sim.mirror.valuation import Metrics

VAULT = "vault"
EXCHANGE = "exchange"
CHAIN_ID = 31_337
TOKEN_KINDS = ("plain", "fee", "reentrant", "silent")
TOKEN_ACTIONS = ("mint", "transfer")
DOORS = (
    "set_operator", "publish_price", "deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral",
    "fund_insurance", "trade", "start_liquidation", "declare_insolvent", "bid", "end_liquidation", "offer_ownership",
    "accept_ownership", "set_guardian", "set_feeder", "pause", "unpause", "list_underlying", "list_collateral",
    "schedule_risk", "enact_risk", "schedule_haircut", "enact_haircut", "schedule_auction", "enact_auction",
    "schedule_depeg", "enact_depeg", "batch",
)  # fmt: skip


EXCHANGE_DOORS = ("fill", "cancel", "cancel_below")


class TokenSpec(NamedTuple):
    """A test token: symbol, decimals, and whether it is `plain`, keeps a `fee` of 1 %, is `reentrant` or `silent`."""

    name: str
    decimals: int
    kind: str = "plain"


class WalletSpec(NamedTuple):
    """A contract wallet: its name, and the name of whoever signs for it."""

    name: str
    signer: str


@dataclass(frozen=True, slots=True)
class World:
    """What exists before the first step: tokens, wallets, a vault on the quote token, and an exchange for it.

    starts_at: [unix seconds], not after the first step. owner: role name. terms: of auctions.
    """

    tokens: tuple[TokenSpec, ...]
    quote: str
    owner: str
    delay_secs: int
    terms: Terms
    starts_at: int
    wallets: tuple[WalletSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One call: when, by whom, which door (snake case), with which decoded arguments.

    Actions are the doors of the vault and the exchange, and `mint` and `transfer` of a token (`token, to, amount_raw`).
    """

    at: int
    sender: str
    action: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that the step names, each once, in the order of its arguments."""
        return tuple(dict.fromkeys(_accounts_in(self.args)))


def _accounts_in(value: Any) -> Iterator[AccountId]:
    if isinstance(value, AccountId):
        yield value
    elif isinstance(value, tuple | list | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _accounts_in(each)


def named(steps: Sequence[Step]) -> tuple[AccountId, ...]:
    """The accounts that some steps name, each once, in the order of the steps."""
    return tuple(dict.fromkeys(account for step in steps for account in step.accounts()))


class Event(NamedTuple):
    """An event of the vault or the exchange: name and values in the order of the Solidity event."""

    name: str
    values: tuple[Any, ...]


class Snapshot(NamedTuple):
    """State after a step: the globals and every account that the step names."""

    globals: Globals
    accounts: tuple[AccountState, ...]


class Outcome(NamedTuple):
    """What a step came to: a refusal or none, its events, and the state after it."""

    refusal: Refusal | None
    events: tuple[Event, ...]
    snapshot: Snapshot


class Side(Protocol):
    """One of the two implementations, driven by steps."""

    engine: str

    def play(self, steps: Sequence[Step]) -> list[Outcome]:
        """Executes steps in order and answers the outcome of each."""
        ...

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]:
        """What accounts are told about their margin at a time not before the last step [unix seconds]."""
        ...

    def close(self) -> None:
        """Frees what the side holds."""
        ...


def account_id(text: str) -> AccountId:
    """The account that a text names: `alice` is her account 0, `alice/2` her account 2.

    Raises ValueError when the number is none.
    """
    owner, slash, number = text.partition("/")
    if slash and not number.isdecimal():
        raise ValueError(f"{text!r} is no account: expected NAME or NAME/NUMBER")
    return AccountId(owner, int(number or 0))


def instrument_name(instrument: int, underlyings: Sequence[str]) -> str:
    """The name of an instrument as traders write it, as `ETH-PERP`."""
    underlying = market.underlying_of(instrument)
    if underlying < len(underlyings) and instrument == market.perp(underlying):
        return f"{underlyings[underlying]}-PERP"
    return f"instrument {instrument}"


def instrument_number(name: str, underlyings: Sequence[str]) -> int:
    """The number of an instrument that is named as traders write it; ValueError when there is none such."""
    underlying, _, kind = name.rpartition("-")
    if kind != "PERP" or underlying not in underlyings:
        known = ", ".join(f"{u}-PERP" for u in underlyings)
        raise ValueError(f"{name!r} is no instrument: expected one of {known}")
    return market.perp(list(underlyings).index(underlying))
