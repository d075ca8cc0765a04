"""The model side: the mirror in memory, with tokens around it and an undo log under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from inspect import signature
from typing import Any

from crossvault.differential.callbacks import callback
from crossvault.differential.last_writes import StepUndoLog
from crossvault.differential.step import (
    CHAIN_ID,
    DEPLOYER,
    EXCHANGE,
    EXCHANGE_DOORS,
    TOKEN_ACTIONS,
    VAULT,
    Event,
    Outcome,
    Snapshot,
    Step,
    TokenSpec,
    World,
)
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import StorageMap, StorageStruct, UndoLog
from crossvault.mirror.exchange import Exchange
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics
from crossvault.mirror.vault import Vault


class ERC20InsufficientBalance(Refusal):
    """A holder has fewer tokens than it would pay (raised by the token)."""

    sender: str
    balance_raw: int
    needed_raw: int


class ModelToken(StorageStruct):
    """A test token as the probes in Solidity are: balances by name, minted to anyone, spendable by the vault."""

    __slots__ = ("balances", "callback", "hook", "spec")
    zeros = {"balances": lambda journal: StorageMap(journal, int), "spec": None, "hook": None, "callback": None}
    balances: StorageMap[str, int]
    spec: TokenSpec
    hook: Callable[[], None]
    callback: Callable[[int], None]

    def __init__(self, spec: TokenSpec, journal: UndoLog) -> None:
        super().__init__(journal)
        object.__setattr__(self, "spec", spec)  # not a write: an undo must not leave a token without decimals

    def decimals(self) -> int:
        return self.spec.decimals

    def balance_of(self, holder: str) -> int:
        return self.balances[holder]

    def mint(self, to: str, amount_raw: int) -> None:
        self.balances[to] += amount_raw

    def transfer(self, to: str, amount_raw: int, *, sender: str) -> None:
        self._move(sender, to, amount_raw, sender)

    def transfer_from(self, payer: str, to: str, amount_raw: int, *, sender: str) -> None:
        self._move(payer, to, amount_raw, sender)

    def _move(self, sender: str, to: str, amount_raw: int, by: str) -> None:
        balance = self.balances[sender]
        if balance < amount_raw:
            raise ERC20InsufficientBalance(sender, balance, amount_raw)
        self.balances[sender] = balance - amount_raw
        self.balances[to] += amount_raw
        if self.spec.kind == "fee":
            self.balances[to] -= amount_raw // 100
        elif self.spec.kind == "reentrant":
            self.hook()
        elif self.spec.kind == "callback" and by == VAULT:
            self.callback(amount_raw)


class Model:
    """The mirror behind the interface of a side; a step costs the same however many accounts there are.

    at: time of the last step [unix seconds]; steps: how many there were; opening: event of its construction.
    """

    engine = "mirror"

    def __init__(self, world: World, journal: StepUndoLog | None = None) -> None:
        """journal: an undo log of more than one call, where one is needed."""
        self.world, self.journal = world, journal or StepUndoLog()
        self.tokens = {spec.name: ModelToken(spec, self.journal) for spec in world.tokens}
        self.vault = Vault(
            world.owner, world.quote, world.delay_secs, world.terms,
            sender=DEPLOYER, tokens=self.tokens, this=VAULT, journal=self.journal,
        )  # fmt: skip
        self.exchange = Exchange(
            self.vault, wallets=dict(world.wallets), chain_id=CHAIN_ID, this=EXCHANGE, journal=self.journal
        )
        for name, token in self.tokens.items():
            token.hook = partial(self.vault.fund_insurance, 1, sender=name)
            token.callback = partial(self._call_back, name)
        self.opening, self.vault.events = Event(*self.vault.events[0]), ()
        self.journal.keep()
        self.at, self.steps = world.starts_at, 0
        self._metrics: dict[AccountId, Metrics] = {}
        self._measured_in = -1, 0
        self._doors: dict[str, tuple[Callable[..., Any], bool]] = {}

    def apply(self, step: Step) -> Outcome:
        """Executes one step; a refusal undoes all its writes."""
        return Outcome(*self.execute(step), self.snapshot(step.accounts()))

    def execute(self, step: Step) -> tuple[Refusal | None, tuple[Event, ...]]:
        """Executes one step, as `apply` does, without a snapshot of the state after it."""
        refusal: Refusal | None = None
        self.at, self.steps = step.at, self.steps + 1
        try:
            self.call(step)
        except Refusal as refused:
            self.journal.undo()
            refusal = refused
        events = tuple(Event(*event) for event in self.vault.events)
        self.vault.events = ()
        self.journal.keep()
        return refusal, events

    def play(self, steps: Sequence[Step]) -> list[Outcome]:
        """Executes steps in order and returns the outcome of each."""
        return [self.apply(step) for step in steps]

    def snapshot(self, accounts: Sequence[AccountId]) -> Snapshot:
        """State of the vault and of some accounts."""
        return Snapshot(*self.vault.snapshot(accounts))

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]:
        """Margin metrics of accounts at a time [unix seconds], not before the last step."""
        at = max(at, self.at)  # a story may query a time that the blocks of the chain have passed
        state = self.journal.version, at
        if self.journal.entries or state != self._measured_in:  # the same state has the same metrics
            self._metrics.clear()
            self._measured_in = (-1, 0) if self.journal.entries else state
        for account in accounts:
            if account not in self._metrics:
                self._metrics[account] = self.vault.metrics(account, now=at)
        return [self._metrics[account] for account in accounts]

    def close(self) -> None:
        """Frees nothing: the model is memory."""

    def call(self, step: Step) -> None:
        """Executes a step without an undo point; raises its refusal."""
        if step.action in TOKEN_ACTIONS:
            token, to, amount_raw = (step.args[name] for name in ("token", "to", "amount_raw"))
            if step.action == "mint":
                return self.tokens[token].mint(to, amount_raw)
            return self.tokens[token].transfer(to, amount_raw, sender=step.sender)
        door, timed = self._door(step.action)
        if timed:
            door(**step.args, sender=step.sender, now=step.at)
        else:
            door(**step.args, sender=step.sender)

    def _call_back(self, token: str, amount_raw: int) -> None:
        """Enters the vault again, as a token does from within a transfer."""
        if step := callback(token, amount_raw, self.at):
            self.call(step)

    def _door(self, action: str) -> tuple[Callable[..., Any], bool]:
        if action not in self._doors:
            door = getattr(self.exchange if action in EXCHANGE_DOORS else self.vault, action)
            self._doors[action] = door, "now" in signature(door).parameters
        return self._doors[action]
