"""Decodes the logs of a block into the steps that emit them, from the events alone.

Each door ends with an event of its own that holds its arguments and its sender. Interim events (accrued interest,
settled expiries) come before it, and the events of batched calls before that of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple, get_args, get_type_hints

from crossvault.differential import doors
from crossvault.differential.step import VAULT, Action, Event, Step
from crossvault.mirror.account import AccountId

Fields = Mapping[str, Sequence[str]]

OPENED = "VaultOpened"
# event -> door; arguments have the names of the event's values
DOOR_OF: Mapping[str, Action] = {
    "OperatorSet": "set_operator", "ScopesSet": "set_scopes", "ModeSet": "set_mode", "CashDeposited": "deposit_cash",
    "CashWithdrawn": "withdraw_cash", "CollateralDeposited": "deposit_collateral",
    "CollateralWithdrawn": "withdraw_collateral", "InsuranceFunded": "fund_insurance", "Traded": "trade",
    "Settled": "settle", "Batched": "batch", "LiquidationStarted": "start_liquidation",
    "InsolvencyDeclared": "declare_insolvent", "Bid": "bid", "LiquidationEnded": "end_liquidation",
    "OwnershipOffered": "offer_ownership", "OwnershipAccepted": "accept_ownership", "GuardianSet": "set_guardian",
    "GuardianScheduled": "schedule_guardian", "Sealed": "seal", "ChangesCancelled": "cancel_changes",
    "FeederSet": "set_feeder", "FeederScheduled": "schedule_feeder",
    "UnderlyingScheduled": "schedule_underlying", "CollateralScheduled": "schedule_collateral",
    "Paused": "pause", "Unpaused": "unpause", "UnderlyingListed": "list_underlying",
    "CollateralListed": "list_collateral", "RiskScheduled": "schedule_risk", "RiskEnacted": "enact_risk",
    "ExpiryOpened": "open_expiry", "OptionsScheduled": "schedule_options", "OptionsEnacted": "enact_options",
    "GuardScheduled": "schedule_guard", "GuardEnacted": "enact_guard", "InterestScheduled": "schedule_interest",
    "InterestEnacted": "enact_interest", "HaircutScheduled": "schedule_haircut", "HaircutEnacted": "enact_haircut",
    "AuctionScheduled": "schedule_auction", "AuctionEnacted": "enact_auction", "DepegScheduled": "schedule_depeg",
    "DepegEnacted": "enact_depeg", "PricePublished": "publish_price", "ForwardPublished": "publish_forward",
    "SurfacePublished": "publish_surface", "PortfolioScheduled": "schedule_portfolio",
    "PortfolioEnacted": "enact_portfolio", "CapScheduled": "schedule_cap",
    "CapEnacted": "enact_cap", "RulesScheduled": "schedule_rules", "RulesEnacted": "enact_rules",
}  # fmt: skip
INTERIM_EVENTS = ("InterestAccrued", "ExpirySettled", "LiquidationRestarted")
RENAMED_ARGUMENTS = {("GuardianSet", "to"): "guardian", ("GuardianScheduled", "to"): "guardian"}
BATCHABLE: tuple[Action, ...] = ("deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "trade")
_PAID_BY: tuple[Action, ...] = ("deposit_cash", "deposit_collateral", "fund_insurance")
_PAID_OUT: tuple[Action, ...] = ("withdraw_cash", "withdraw_collateral")


class UnknownLog(Exception):
    """A log that no door of the vault emits: the contract is not a crossvault vault."""


class DecodedLog(NamedTuple):
    """A log in the mirror's types. token: the name of the token that emits it; None: the vault does."""

    transaction: str
    event: Event
    token: str | None = None


class AuditedStep(NamedTuple):
    """A step with the hash of its transaction and the events that it emits."""

    step: Step
    transaction: str
    events: tuple[Event, ...] = ()


class TokenMovement(NamedTuple):
    """A token transfer to or from the vault."""

    token: str
    payer: str
    to: str
    amount_raw: int


def steps_of(logs: Sequence[DecodedLog], at: int, tokens: Tokens, fields: Fields) -> Iterator[AuditedStep]:
    """Yields the steps of a block in order, and between them the gifts: transfers that no door makes.

    at: time of the block [unix seconds]; fields: names of the values of events. Raises UnknownLog.
    """
    for transaction, group in groupby(logs, key=lambda each: each.transaction):
        yield from _TransactionSteps(transaction, at, tokens, fields).steps(list(group))


def since_opening(logs: Sequence[DecodedLog]) -> Iterator[DecodedLog]:
    """Yields the logs of the block that opened the vault, without those of its constructor before the opening event.

    The history of a vault begins with that event; before it comes the table of its facets (EIP-2535).
    """
    opened = next((place for place, each in enumerate(logs) if each.token is None and each.event.name == OPENED), 0)
    return (each for place, each in enumerate(logs) if place >= opened or each.token is not None)


class Tokens:
    """The tokens that doors transfer: the quote token, and the collateral tokens by listing number."""

    def __init__(self, quote: str, collaterals: Sequence[str] = ()) -> None:
        self.quote, self.collaterals = quote, list(collaterals)

    def of(self, door: str, args: Mapping[str, Any]) -> str:
        """The token that a door transfers; an empty name where the collateral is not listed."""
        number = args.get("collateral")
        if number is None:
            return self.quote
        return self.collaterals[number] if number < len(self.collaterals) else ""


class _TransactionSteps:
    def __init__(self, transaction: str, at: int, tokens: Tokens, fields: Fields) -> None:
        self._transaction, self._at, self._tokens, self._fields = transaction, at, tokens, fields
        self._found: list[AuditedStep] = []
        self._interim: list[Event] = []
        self._moves: list[TokenMovement] = []

    def steps(self, logs: Sequence[DecodedLog]) -> list[AuditedStep]:
        for _, event, token in logs:
            if token is not None:
                payer, to, amount_raw = event.values
                self._moves.append(TokenMovement(token, payer, to, amount_raw))
            elif event.name in INTERIM_EVENTS:
                self._interim.append(event)
            elif event.name == "Batched":
                self._add_batch(event)
            elif event.name != OPENED:
                self._add_door(event)
        self._add_gifts()
        if self._interim:
            raise UnknownLog(f"{self._interim[0].name} in {self._transaction}: no door event follows it")
        return self._found

    def _add_door(self, event: Event) -> None:
        door = DOOR_OF.get(event.name)
        if door is None:
            raise UnknownLog(f"{event.name} in {self._transaction}: is not an event of a vault")
        args = arguments(door, event, self._fields)
        sender = event.values[0]
        if door in _PAID_BY or door in _PAID_OUT:
            payer, to = (sender, VAULT) if door in _PAID_BY else (VAULT, args["to"])
            self._remove_transfer(TokenMovement(self._tokens.of(door, args), payer, to, args["amount_raw"]))
        self._add_gifts()
        if door == "list_collateral":
            self._tokens.collaterals.append(args["token"])
        self._add(doors.named(self._at, sender, door, args), event)

    def _add_batch(self, event: Event) -> None:
        sender, count = event.values
        places: list[int] = []
        for place in reversed(range(len(self._found))):
            step = self._found[place].step
            if len(places) < count and step.sender == sender and step.action in BATCHABLE:
                places.insert(0, place)
        if len(places) < count:
            raise UnknownLog(
                f"a batch of {count} calls in {self._transaction}, but {len(places)} of its calls in the logs"
            )
        parts = [self._found[place] for place in places]
        self._found = [seen for place, seen in enumerate(self._found) if place not in places]
        self._add_gifts()
        calls = tuple(doors.call_of(each.step) for each in parts)
        self._interim = [*(event for each in parts for event in each.events), *self._interim]
        self._add(doors.batch(self._at, sender, calls=calls), event)

    def _remove_transfer(self, move: TokenMovement) -> None:
        """Removes a door's own transfer from the pending ones; a token may emit no Transfer log."""
        if move in self._moves:
            self._moves.remove(move)

    def _add_gifts(self) -> None:
        for move in self._moves:
            issued = doors.transfer if move.payer == VAULT else doors.mint
            step = issued(self._at, move.payer, token=move.token, to=move.to, amount_raw=move.amount_raw)
            self._found.append(AuditedStep(step, self._transaction))
        self._moves.clear()

    def _add(self, step: Step, event: Event) -> None:
        self._found.append(AuditedStep(step, self._transaction, (*self._interim, event)))
        self._interim.clear()


def arguments(door: Action, event: Event, fields: Fields) -> dict[str, Any]:
    """The arguments of a door, read from its event."""
    places = fields[event.name]
    return {
        name: formed(kind, event.values[places.index(RENAMED_ARGUMENTS.get((event.name, name), name))])
        for name, kind in doors.arguments(door).items()
    }


def formed(kind: Any, value: Any) -> Any:
    """A decoded value in the mirror's types: structs become named tuples; later fields have their defaults."""
    if not isinstance(value, tuple) or isinstance(value, AccountId):
        return value
    if hasattr(kind, "_fields"):
        kinds = _kinds(kind)[: len(value)]  # an earlier interface lacks fields at the end, and has none beyond ours
        return kind(*(formed(each, part) for each, part in zip(kinds, value, strict=True)))
    [element, *_] = get_args(kind)
    return tuple(formed(element, part) for part in value)


@cache
def _kinds(struct: Any) -> tuple[Any, ...]:
    hints = get_type_hints(struct)
    return tuple(hints[name] for name in struct._fields)
