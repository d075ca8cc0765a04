"""Plays steps on a deployed vault. What the model refuses is asked of the chain and costs nothing; the rest is sent.

Whoever else acts on the vault meanwhile is replayed with it: the replica reads every step, ours too, from the vault's
logs, compares it, and its model is the one that the story decides on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from crossvault.audit.block_comparison import BlockDiffers, answered
from crossvault.audit.follower import StepObserver
from crossvault.audit.log_steps import AuditedStep
from crossvault.audit.replica import Replica
from crossvault.differential.compare import differences
from crossvault.differential.ending import Interruption
from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE_DOORS, TOKEN_ACTIONS, Outcome, Step
from crossvault.evm.anvil import ChainRefused
from crossvault.live.actors import LiveActors
from crossvault.live.live_bindings import LiveBindings
from crossvault.lockstep.run import Diverged, Observer, Result
from crossvault.mirror.refusal import Refusal
from crossvault.rpc.transactions import Receipt, SignedTransaction, Superseded

_TRIES = 5


class StepLost(Interruption):
    """A step that was accepted is gone, or cannot be made to happen: what was compared until then stands."""


class SentSteps(StepObserver):
    """What we sent, and what became of it; and all that was done on the vault before, if it is wanted."""

    def __init__(self) -> None:
        self.sent: dict[str, Step] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.history: list[Step] = []
        self.unheard: list[tuple[int, Step]] = []  # what the vault does not tell of, with the block it goes with
        self.replay: Callable[[Step], object] = lambda step: None

    def known(self, transaction: str) -> Step | None:
        """The step that a transaction of ours makes."""
        return self.sent.get(transaction)

    def played(self, seen: AuditedStep, outcome: Outcome) -> None:
        """Keeps what became of it."""
        self.outcomes[seen.transaction] = outcome
        self.history.append(seen.step)

    def went_back(self, number: int) -> None:
        """Gives tokens once more at once: what is played again may need them."""
        gone = [step for block, step in self.unheard if block > number]
        self.unheard = [(min(block, number), step) for block, step in self.unheard]
        for step in sorted(gone, key=lambda each: each.action not in TOKEN_ACTIONS):
            self.replay(step)


@dataclass
class LivePlayer:
    """Both sides of a story on a chain that others run.

    confirmations: blocks that a step needs, its own included. Steps happen at the time of their blocks. model: as of
    the last block that was read.
    """

    replica: Replica
    ours: SentSteps
    voice: LiveBindings
    company: LiveActors
    confirmations: int = 1
    observers: Sequence[Observer] = ()
    result: Result = field(default_factory=Result)

    model: Model = field(init=False)

    def __post_init__(self) -> None:
        self.model = self.replica.model
        self.ours.replay = self.replica.unheard

    def apply(self, step: Step) -> Outcome:
        """Executes a step, not before its time. Raises Differs, Diverged, Lost, OverBudget, TooDear, ChainLost."""
        self._wait_for(step.at)
        for _ in range(_TRIES):
            now = replace(step, at=self.replica.block.at)
            outcome = self._refused(now) if refusal(self.model, now) else self._accepted(now)
            if outcome is not None:
                self._note(now, outcome)
                return outcome
        raise StepLost(
            f"{step.action} by {step.sender}: the chain reverts what the model accepts, {_TRIES} times in a row"
        )

    def finish(self) -> None:
        """Reads the chain to its head once more, and compares all accounts there are."""
        self._catch_up()
        self.replica.compare_all()

    def _wait_for(self, at: int) -> None:
        """Until the chain's last block is not before a time [unix seconds]."""
        self._catch_up()
        for wait_secs in self.company.ground.pace.waits():
            if self.replica.block.at >= at:
                return
            time.sleep(wait_secs)
            self._catch_up()

    def _catch_up(self) -> None:
        """Reads all blocks there are, and sees to it that what was sent is still in them."""
        before = self.replica.tally.reorganisations
        self._read()
        if self.replica.tally.reorganisations == before:
            return
        if self.replica.model is not self.model:
            raise StepLost("a reorganisation went further back than is remembered")
        try:
            refused = self.company.send_again(self.confirmations, self._await_turn)
        except Superseded as gone:
            raise StepLost(f"after a reorganisation: {gone}") from gone
        if refused:
            what = self.ours.sent.get(refused, "a gift of gas")
            raise StepLost(f"after a reorganisation the chain refuses what it accepted before: {refused}, {what}")
        self._read()

    def _read(self) -> None:
        """Lets the replica read on. Raises Diverged, or Differs where no step is to blame."""
        try:
            self.replica.catch_up()
        except BlockDiffers as wrong:
            if wrong.seen is None:
                raise
            raise Diverged(self.result.steps + 1, wrong.seen.step, wrong.found) from wrong

    def _await_turn(self, transaction: str) -> None:
        """Until the chain's time is what it was when a step was sent: blocks that come instead may be earlier."""
        step, wire = self.ours.sent.get(transaction), self.company.ground.wire
        while step and int(wire.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) < step.at:
            time.sleep(self.company.ground.pace.poll_secs)

    def _refused(self, step: Step) -> Outcome | None:
        """What the chain answers to a step that the model refuses, of the block that both have read."""
        expected = Outcome(refusal(self.model, step), (), self.model.snapshot(step.accounts()))
        told = self._asked(step)
        if told != expected.refusal:
            found = Outcome(told, (), expected.snapshot)
            raise Diverged(self.result.steps + 1, step, differences(found, expected, self.voice.event_fields()))
        return expected

    def _accepted(self, step: Step) -> Outcome | None:
        """What became of a step that was sent; None when the chain refused it after all, as of a later block."""
        call = self.voice.transaction(step)
        courier = self.company.courier(step.sender)
        try:
            gas = courier.estimate(call["to"], call["input"])
        except ChainRefused:  # its state is that of a block that we have not read, or the sides differ
            self._require_no_refusal(step)
            self._catch_up()
            return None
        self.company.provide(step.sender, gas)
        prepared = courier.prepare(call["to"], call["input"], gas=gas)
        self.ours.sent[prepared.hash] = step
        receipt = self._settled(step.sender, prepared)
        self._catch_up()
        if receipt is None:  # as the node says; the vault's logs may know better
            return next((self.ours.outcomes[each] for each in self._versions(step) if each in self.ours.outcomes), None)
        if not receipt.accepted:
            return None
        self.company.remember(step.sender, prepared)
        if step.action in TOKEN_ACTIONS or receipt.hash not in self.ours.outcomes:
            return self._silent(step)
        return self.ours.outcomes[receipt.hash]

    def _versions(self, step: Step) -> list[str]:
        return [transaction for transaction, sent in self.ours.sent.items() if sent is step]

    def _silent(self, step: Step) -> Outcome:
        """What the model makes of a step that the vault does not tell of. Raises Lost when it refuses it."""
        if step.action not in (*TOKEN_ACTIONS, *EXCHANGE_DOORS):
            raise StepLost(f"{step.action} by {step.sender} was accepted, but the vault's logs do not tell of it")
        self.ours.unheard.append((self.replica.block.number, step))
        outcome = self.replica.unheard(step)
        if outcome.refusal:
            raise Diverged(self.result.steps + 1, step, differences(outcome._replace(refusal=None), outcome, {}))
        return outcome

    def _settled(self, name: str, prepared: SignedTransaction) -> Receipt | None:
        courier = self.company.courier(name)
        courier.post(prepared)

        def dearer(version: SignedTransaction) -> None:
            self.ours.sent[version.hash] = self.ours.sent[prepared.hash]

        try:
            return courier.confirm(prepared, self.confirmations, dearer)
        except Superseded:
            return None

    def _require_no_refusal(self, step: Step) -> None:
        """Raises Diverged when the chain refuses a step of the very block at which the model accepts it."""
        told = self._asked(step)
        if told is not None:
            state = self.model.snapshot(step.accounts())
            found = differences(Outcome(told, (), state), Outcome(None, (), state), self.voice.event_fields())
            raise Diverged(self.result.steps + 1, step, found)

    def _asked(self, step: Step) -> Refusal | None:
        """What the chain would answer to a step right after the last block that was read: its refusal, or none."""
        where = {"blockHash": self.replica.block.hash, "requireCanonical": True}
        [told] = answered(self.replica.source, [("eth_call", [self.voice.transaction(step), where])])
        return told if isinstance(told, Refusal) else None

    def _note(self, step: Step, outcome: Outcome) -> None:
        self.result.steps += 1
        self.result.compared += 1
        self.result.metrics_compared = self.replica.tally.metrics
        self.result.actions[step.action] += 1
        if outcome.refusal:
            self.result.refusals[outcome.refusal.name] += 1
        for observer in self.observers:
            observer.applied(self.result.steps, step, outcome, self.model)
            observer.compared(self.result.steps, step, outcome, outcome)


def refusal(model: Model, step: Step) -> Refusal | None:
    """What the model would say to a step; nothing is kept."""
    try:
        model.call(step)
    except Refusal as refused:
        return refused
    finally:
        model.journal.undo()
        model.vault.events = ()
    return None
