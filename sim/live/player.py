"""Plays steps on a deployed vault. What the model refuses is asked of the chain and costs nothing; the rest is sent.

Whoever else acts on the vault meanwhile is replayed with it: the replica reads every step, ours too, from the vault's
logs, compares it, and is the model that the story decides on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sim.anvil import ChainRefused
from sim.audit.replica import Replica
from sim.compare import differences
from sim.live.company import Company
from sim.live.speech import Voice
from sim.mirror.errors import Refusal
from sim.model import Model
from sim.network.courier import Prepared, Receipt, Superseded
from sim.run import Diverged, Observer, Result
from sim.side import Outcome, Step

_TRIES = 5
_REMEMBERED = 64  # transactions that a reorganisation may still undo


class Lost(Exception):
    """A reorganisation took a step away and it cannot happen again as it did: what was compared until then stands."""


@dataclass
class Player:
    """Both sides of a story on a chain that others run.

    confirmations: blocks that a step needs, its own included. Steps happen at the time of their blocks.
    """

    replica: Replica
    voice: Voice
    company: Company
    confirmations: int = 1
    observers: Sequence[Observer] = ()
    result: Result = field(default_factory=Result)
    _sent: list[tuple[str, Prepared]] = field(default_factory=list)

    @property
    def model(self) -> Model:
        """The model, as of the last block that was read."""
        return self.replica.model

    def apply(self, step: Step) -> Outcome:
        """Executes a step, not before its time. Raises Diverged, Lost, OverBudget, TooDear, ChainLost, ChainRefused."""
        self._wait_for(step.at)
        for _ in range(_TRIES):
            now = replace(step, at=self.replica.head.at)
            outcome = self._refused(now) if refusal(self.model, now) else self._accepted(now)
            if outcome is not None:
                self._note(now, outcome)
                return outcome
        raise Lost(f"{step.action} by {step.sender}: the chain reverts what the model accepts, {_TRIES} times in a row")

    def finish(self) -> None:
        """Reads the chain to its head once more."""
        self._catch_up()

    def _wait_for(self, at: int) -> None:
        """Until the chain's last block is not before a time [unix seconds]."""
        self._catch_up()
        while self.replica.head.at < at:
            time.sleep(self.company.ground.pace.poll_secs)
            self._catch_up()

    def _catch_up(self) -> None:
        """Reads all blocks there are, and sees to it that what was sent is still in them."""
        self.replica.catch_up()
        for name, prepared in self._sent:
            courier = self.company.courier(name)
            if courier.receipt(prepared.hash) is None:
                try:
                    courier.post(prepared)
                    again = courier.settle(prepared, self.confirmations)
                except Superseded as gone:
                    raise Lost(f"after a reorganisation: {gone}") from gone
                if not again.accepted:
                    raise Lost(f"after a reorganisation {prepared.hash} is refused, which was accepted before")
                self.replica.catch_up()

    def _refused(self, step: Step) -> Outcome:
        """What the chain answers to a step that the model refuses, at the block that both have read."""
        expected = self.model.apply(step)
        call = self.voice.transaction(step)
        told = self.voice.vault.refusal(self.replica.revert_data(call))
        if told != expected.refusal:
            found = Outcome(told, (), expected.snapshot)
            raise Diverged(self.result.steps + 1, step, differences(found, expected, {}))
        return expected

    def _accepted(self, step: Step) -> Outcome | None:
        """What became of a step that was sent; None when the chain refused it after all, as of a later block."""
        call = self.voice.transaction(step)
        courier = self.company.courier(step.sender)
        try:
            gas = courier.estimate(call["to"], call["input"])
        except ChainRefused:  # its state is that of a block that we have not read, or the sides differ
            return self._contradicted(step)
        self.company.provide(step.sender, gas)
        prepared = courier.prepare(call["to"], call["input"], gas=gas)
        self.replica.known[prepared.hash] = step
        receipt = self._settled(step.sender, prepared)
        if receipt is None:
            return None
        self._sent = [*self._sent, (step.sender, prepared)][-_REMEMBERED:]
        self._catch_up()
        return self.replica.outcomes.get(receipt.hash) if receipt.accepted else None

    def _settled(self, name: str, prepared: Prepared) -> Receipt | None:
        courier = self.company.courier(name)
        courier.post(prepared)

        def dearer(version: Prepared) -> None:
            self.replica.known[version.hash] = self.replica.known[prepared.hash]

        try:
            return courier.settle(prepared, self.confirmations, dearer)
        except Superseded:
            return None

    def _contradicted(self, step: Step) -> None:
        """The chain would refuse what the model accepts: a difference, if it says so of the block that both have."""
        told = self.replica.revert_data(self.voice.transaction(step))
        if told is None:  # it was of a later state
            return self._catch_up()
        expected = self.model.snapshot(step.accounts())
        sides = Outcome(self.voice.vault.refusal(told), (), expected), Outcome(None, (), expected)
        raise Diverged(self.result.steps + 1, step, differences(*sides, {}))

    def _note(self, step: Step, outcome: Outcome) -> None:
        self.result.steps += 1
        self.result.compared += 1
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
