"""Plays steps on a deployed vault: simulates steps that the model refuses, sends all others.

The replica reads every step, including those of other accounts, from the vault's logs and compares it; the story plays
on the replica's model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from crossvault.audit.block_comparison import BlockDiffers, responses
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
from crossvault.lockstep.run import Diverged, Observer, RunResult
from crossvault.mirror.refusal import Refusal
from crossvault.rpc.transactions import Receipt, SignedTransaction, TransactionReplaced

_TRIES = 5


class StepLost(Interruption):
    """An accepted step was dropped, or cannot be mined; steps compared before it remain compared."""


class SentSteps(StepObserver):
    """Sent steps by transaction hash, their outcomes, and the history of the vault."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.history: list[Step] = []
        self.unlogged: list[tuple[int, Step]] = []  # steps without vault logs, with the block they roll back with
        self.replay: Callable[[Step], object] = lambda step: None

    def known(self, transaction: str) -> Step | None:
        """The step of one of our transactions."""
        return self.steps.get(transaction)

    def played(self, seen: AuditedStep, outcome: Outcome) -> None:
        """Records the outcome."""
        self.outcomes[seen.transaction] = outcome
        self.history.append(seen.step)

    def went_back(self, number: int) -> None:
        """Replays unlogged steps after a rollback, mints first: replayed steps may need the tokens."""
        gone = [step for block, step in self.unlogged if block > number]
        self.unlogged = [(min(block, number), step) for block, step in self.unlogged]
        for step in sorted(gone, key=lambda each: each.action not in TOKEN_ACTIONS):
            self.replay(step)


@dataclass
class LivePlayer:
    """Both sides of a story on an external chain.

    confirmations: blocks that a step needs, its own included. Steps execute at the time of their blocks. model: as of
    the last block read.
    """

    replica: Replica
    sent_steps: SentSteps
    bindings: LiveBindings
    actors: LiveActors
    confirmations: int = 1
    observers: Sequence[Observer] = ()
    result: RunResult = field(default_factory=RunResult)

    model: Model = field(init=False)

    def __post_init__(self) -> None:
        self.model = self.replica.model
        self.sent_steps.replay = self.replica.replay_unlogged

    def apply(self, step: Step) -> Outcome:
        """Executes a step at or after its time.

        Raises BlockDiffers, Diverged, StepLost, OverBudget, FeeTooHigh, ChainLost.
        """
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
        """Reads the chain to its head and compares all known accounts."""
        self._catch_up()
        self.replica.compare_all()

    def _wait_for(self, at: int) -> None:
        """Waits until the chain's last block is at or after a time [unix seconds]."""
        self._catch_up()
        for wait_secs in self.actors.network.pace.waits():
            if self.replica.block.at >= at:
                return
            time.sleep(wait_secs)
            self._catch_up()

    def _catch_up(self) -> None:
        """Reads all new blocks, and resends transactions that a reorganisation dropped."""
        before = self.replica.counts.reorganisations
        self._read()
        if self.replica.counts.reorganisations == before:
            return
        if self.replica.model is not self.model:
            raise StepLost("a reorganisation is deeper than the undo history")
        try:
            refused = self.actors.resend(self.confirmations, self._await_turn)
        except TransactionReplaced as gone:
            raise StepLost(f"after a reorganisation: {gone}") from gone
        if refused:
            what = self.sent_steps.steps.get(refused, "a top-up of gas")
            raise StepLost(
                f"after a reorganisation the chain refuses a transaction that it accepted before: {refused}, {what}"
            )
        self._read()

    def _read(self) -> None:
        """Catches up the replica. Raises Diverged, or BlockDiffers where the difference belongs to no step."""
        try:
            self.replica.catch_up()
        except BlockDiffers as wrong:
            if wrong.seen is None:
                raise
            raise Diverged(self.result.steps + 1, wrong.seen.step, wrong.found) from wrong

    def _await_turn(self, transaction: str) -> None:
        """Waits until the chain's time reaches that of a sent step: replacement blocks may be earlier."""
        step, client = self.sent_steps.steps.get(transaction), self.actors.network.client
        while step and int(client.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) < step.at:
            time.sleep(self.actors.network.pace.poll_secs)

    def _refused(self, step: Step) -> Outcome | None:
        """Simulates a step that the model refuses at the last block read, and compares the refusals."""
        expected = Outcome(refusal(self.model, step), (), self.model.snapshot(step.accounts()))
        answer = self._simulated(step)
        if answer != expected.refusal:
            found = Outcome(answer, (), expected.snapshot)
            raise Diverged(self.result.steps + 1, step, differences(found, expected, self.bindings.event_fields()))
        return expected

    def _accepted(self, step: Step) -> Outcome | None:
        """Sends a step and returns its outcome; None when the chain refuses it at a later block."""
        call = self.bindings.transaction(step)
        sender = self.actors.sender(step.sender)
        try:
            gas = sender.estimate(call["to"], call["input"])
        except ChainRefused:  # the node is at an unread block, or the sides differ
            self._require_no_refusal(step)
            self._catch_up()
            return None
        self.actors.fund_gas(step.sender, gas)
        prepared = sender.prepare(call["to"], call["input"], gas=gas)
        self.sent_steps.steps[prepared.hash] = step
        receipt = self._settled(step.sender, prepared)
        self._catch_up()
        if receipt is None:  # per the node; the vault's logs may still contain a version
            return next(
                (self.sent_steps.outcomes[each] for each in self._versions(step) if each in self.sent_steps.outcomes),
                None,
            )
        if not receipt.accepted:
            return None
        self.actors.remember(step.sender, prepared)
        if step.action in TOKEN_ACTIONS or receipt.hash not in self.sent_steps.outcomes:
            return self._silent(step)
        return self.sent_steps.outcomes[receipt.hash]

    def _versions(self, step: Step) -> list[str]:
        return [transaction for transaction, step_sent in self.sent_steps.steps.items() if step_sent is step]

    def _silent(self, step: Step) -> Outcome:
        """Replays a step that leaves no vault log on the model. Raises StepLost for any other step."""
        if step.action not in (*TOKEN_ACTIONS, *EXCHANGE_DOORS):
            raise StepLost(f"{step.action} by {step.sender} was accepted, but the vault's logs do not contain it")
        self.sent_steps.unlogged.append((self.replica.block.number, step))
        outcome = self.replica.replay_unlogged(step)
        if outcome.refusal:
            raise Diverged(self.result.steps + 1, step, differences(outcome._replace(refusal=None), outcome, {}))
        return outcome

    def _settled(self, name: str, prepared: SignedTransaction) -> Receipt | None:
        sender = self.actors.sender(name)
        sender.post(prepared)

        def dearer(version: SignedTransaction) -> None:
            self.sent_steps.steps[version.hash] = self.sent_steps.steps[prepared.hash]

        try:
            return sender.confirm(prepared, self.confirmations, dearer)
        except TransactionReplaced:
            return None

    def _require_no_refusal(self, step: Step) -> None:
        """Raises Diverged when the chain refuses a step at the same block at which the model accepts it."""
        answer = self._simulated(step)
        if answer is not None:
            state = self.model.snapshot(step.accounts())
            found = differences(Outcome(answer, (), state), Outcome(None, (), state), self.bindings.event_fields())
            raise Diverged(self.result.steps + 1, step, found)

    def _simulated(self, step: Step) -> Refusal | None:
        """Simulates a step after the last block read; returns the chain's refusal, if any."""
        where = {"blockHash": self.replica.block.hash, "requireCanonical": True}
        [answer] = responses(self.replica.source, [("eth_call", [self.bindings.transaction(step), where])])
        return answer if isinstance(answer, Refusal) else None

    def _note(self, step: Step, outcome: Outcome) -> None:
        self.result.steps += 1
        self.result.compared += 1
        self.result.metrics_compared = self.replica.counts.metrics
        self.result.actions[step.action] += 1
        if outcome.refusal:
            self.result.refusals[outcome.refusal.name] += 1
        for observer in self.observers:
            observer.applied(self.result.steps, step, outcome, self.model)
            observer.compared(self.result.steps, step, outcome, outcome)


def refusal(model: Model, step: Step) -> Refusal | None:
    """The refusal of a step by the model, if any; leaves the model unchanged."""
    try:
        model.call(step)
    except Refusal as refused:
        return refused
    finally:
        model.journal.undo()
        model.vault.events = ()
    return None
