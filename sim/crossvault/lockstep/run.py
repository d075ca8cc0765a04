"""The loop: a story's steps through the model and through the chain, every outcome compared.

Steps come from the model's state, so no answer of the chain is awaited: while the chain works on a chunk, the model is
ahead with the next.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from crossvault.differential.compare import Difference, EventFields, differences, value_differences
from crossvault.differential.drive import driven
from crossvault.differential.ending import BadInput, Broken as Broken, FailedRun
from crossvault.differential.model import Model
from crossvault.differential.own_code import OwnCodeError
from crossvault.differential.step import Action, Outcome, Snapshot, Step, named
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.evm.chain import CHUNK, Chain, PreparedChunk
from crossvault.evm.codec import DoesNotFit
from crossvault.lockstep.side_comparison import compared_metrics
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import CurveState
from crossvault.mirror.valuation import Metrics

OF_CURVES: tuple[Action, ...] = ("open_expiry", "publish_forward", "publish_surface", "publish_price")
_SWITCH_SECS = 0.0005  # the thread that talks to the node must not wait long for the one that runs the model


class Observer(Protocol):
    """An observer of every step of a run: on the model at once, and again when the chain has executed it."""

    def applied(self, number: int, step: Step, outcome: Outcome, model: Model) -> None:
        """The model has executed a step; numbers count from 1."""

    def compared(self, number: int, step: Step, model: Outcome, chain: Outcome) -> None:
        """The chain has executed it, too."""


class InvariantChecker(Protocol):
    """A check before and after every step of the model, which stops the run when an invariant is broken."""

    def before(self, step: Step, model: Model) -> None:
        """A step is about to be executed."""

    def after(self, step: Step, outcome: Outcome, model: Model) -> None:
        """It was executed. Raises Broken to stop the run."""


class ArgumentTooWide(BadInput, ValueError):
    """A step whose argument does not fit its type in the contracts."""


class Diverged(FailedRun):
    """The sides differ: the first step where they do, and how."""

    def __init__(self, number: int, step: Step, found: Sequence[Difference]) -> None:
        super().__init__(f"step {number} ({step.action} by {step.sender}): {found[0]}")
        self.number, self.step, self.found = number, step, tuple(found)


@dataclass(slots=True)
class RunResult:
    """Result of a run; `failure` is the reason of an early end, if there was one."""

    steps: int = 0
    compared: int = 0
    metrics_compared: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    failure: Diverged | Broken | ExpectationFailed | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class _RunChunk:
    first: int
    steps: list[Step] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    accounts: tuple[AccountId, ...] = ()
    metrics: list[Metrics] = field(default_factory=list)
    curves: tuple[CurveState, ...] = ()

    def seal(self, model: Model) -> None:
        """Notes the metrics of the accounts that the chunk touched, and the curves, as the model has them after it."""
        self.accounts = named(self.steps)
        self.curves = model.vault.curves()
        self.metrics = model.metrics(self.accounts, self.steps[-1].at)


class PairedSides(Protocol):
    """Both sides of a run, in lockstep or one after the other."""

    model: Model
    result: RunResult

    def apply(self, step: Step) -> Outcome:
        """Executes a step. Raises Diverged for this or an earlier one."""
        ...

    def finish(self) -> None:
        """Compares what is not compared yet. Raises Diverged."""
        ...


class StateReader(Protocol):
    """A chain side whose whole state can be read."""

    def snapshot(self, accounts: Sequence[AccountId]) -> Snapshot:
        """State of the vault and of some accounts."""
        ...

    def curves(self) -> tuple[CurveState, ...]:
        """State of the expiries that have not settled."""
        ...


Sent = tuple[_RunChunk, PreparedChunk, Future[list[bytes]]]


class Lockstep:
    """A model and a chain on the same steps."""

    def __init__(
        self, model: Model, chain: Chain, observers: Sequence[Observer] = (), guard: InvariantChecker | None = None
    ) -> None:
        self.model, self.chain, self.observers, self.guard = model, chain, observers, guard
        self.result = RunResult()
        self._fields = chain.event_fields()
        self._chunk = _RunChunk(1)
        self._sent: Sent | None = None
        self._worker = ThreadPoolExecutor(1)

    def apply(self, step: Step) -> Outcome:
        """Executes a step on the model at once and on the chain soon. Raises Diverged for this or an earlier step."""
        if self.guard:
            self.guard.before(step, self.model)
        outcome = self.model.apply(step)
        self.result.steps += 1
        self.result.actions[step.action] += 1
        if outcome.refusal:
            self.result.refusals[outcome.refusal.name] += 1
        self.last = step
        self._chunk.steps.append(step)
        self._chunk.outcomes.append(outcome)
        for observer in self.observers:
            observer.applied(self.result.steps, step, outcome, self.model)
        if self.guard:
            self.guard.after(step, outcome, self.model)
        if len(self._chunk.steps) >= CHUNK:
            self._send()
        return outcome

    def finish(self) -> None:
        """Waits until every step is compared. Raises Diverged."""
        if self._chunk.steps:
            self._send()
        sent, self._sent = self._sent, None
        self._settle(sent)
        compare_world(self.model, self.chain, self._fields, self.result.steps, self.last)

    def stop(self) -> None:
        """Waits for the chunk under way and drops it."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _send(self) -> None:
        chunk, self._chunk = self._chunk, _RunChunk(self.result.steps + 1)
        chunk.seal(self.model)
        prepared = self.chain.prepare(chunk.steps)
        before, self._sent = self._sent, (chunk, prepared, self._worker.submit(self.chain.send, prepared))
        self._settle(before)

    def _settle(self, sent: Sent | None) -> None:
        """Reads and compares a chunk, while the node is busy with the next."""
        if not sent:
            return
        chunk, prepared, answers = sent
        played = self.chain.read(prepared, answers.result())
        for place, (step, model, chain) in enumerate(zip(chunk.steps, chunk.outcomes, played.outcomes, strict=True)):
            number = chunk.first + place
            found = differences(chain, model, self._fields)
            try:
                for observer in self.observers:
                    observer.compared(number, step, model, chain)
            except OSError:
                if not found:
                    raise  # a difference is reported even where its record cannot be written
            if found:
                raise Diverged(number, step, found)
            self.result.compared += 1
        self._compare_metrics(chunk, played.metrics)
        self._compare_curves(chunk, played.curves)

    def _compare_metrics(self, chunk: _RunChunk, metrics: Sequence[Metrics]) -> None:
        for each in compared_metrics(chunk.accounts, metrics, chunk.metrics):
            if each.found:
                place = max(i for i, step in enumerate(chunk.steps) if each.account in step.accounts())
                raise Diverged(chunk.first + place, chunk.steps[place], each.found)
            self.result.metrics_compared += 1

    def _compare_curves(self, chunk: _RunChunk, curves: Sequence[CurveState]) -> None:
        """Compares the expiries; a difference is reported at the last step of the chunk that can have changed one."""
        if found := value_differences("curves", curves, chunk.curves):
            places = (place for place, step in enumerate(chunk.steps) if step.action in OF_CURVES)
            place = max(places, default=len(chunk.steps) - 1)
            raise Diverged(chunk.first + place, chunk.steps[place], found)


def run(
    story: Story,
    model: Model,
    chain: Chain,
    observers: Sequence[Observer] = (),
    guard: InvariantChecker | None = None,
    tick: Callable[[int], None] = lambda steps: None,
) -> RunResult:
    """Plays a story on both sides to its end or to the first failure, which the result then names.

    tick: called with the count of steps so far. Raises ChainLost, EnginesDisagree.
    """
    started, interval = time.perf_counter(), sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECS)
    lockstep = Lockstep(model, chain, observers, guard)
    try:
        drive(story, lockstep, tick)
    except Diverged as diverged:
        lockstep.result.failure = diverged
    finally:
        lockstep.stop()
        sys.setswitchinterval(interval)
        lockstep.result.seconds = time.perf_counter() - started
    return lockstep.result


def drive(story: Story, both: PairedSides, tick: Callable[[int], None]) -> None:
    """Gives a story's steps to both sides until it ends or breaks, which the result then names.

    Raises Diverged, ArgumentTooWide with the place of the argument in the story's file, and OwnCodeError for what code
    of the user does wrong.
    """
    try:
        _drive(story, both, tick)
    except DoesNotFit as wrong:
        if wrong.step is None:
            raise
        argument = wrong.path.removeprefix(f"{wrong.step.action}.")
        raise ArgumentTooWide(story.problem(wrong.step, argument, f"{wrong.value} does not fit {wrong.kind}")) from None


def _drive(story: Story, both: PairedSides, tick: Callable[[int], None]) -> None:
    try:
        for _ in driven(story.steps(both.model), both.apply):
            tick(both.result.steps)
    except (Broken, ExpectationFailed) as failed:
        both.result.failure = failed
    except OwnCodeError:
        both.finish()  # a difference before it is the finding
        raise
    both.finish()


def compare_world(model: Model, chain: StateReader, fields: EventFields, number: int, step: Step) -> None:
    """Compares every account, named by a step or not, and the curves. Raises Diverged."""
    known = tuple(model.vault.ledger.holders)
    for start in range(0, len(known), CHUNK):
        some = known[start : start + CHUNK]
        theirs, ours = chain.snapshot(some), model.snapshot(some)
        if theirs != ours:
            found = differences(Outcome(None, (), theirs), Outcome(None, (), ours), fields)
            raise Diverged(number, step, found)
    if found := value_differences("curves", chain.curves(), model.vault.curves()):
        raise Diverged(number, step, found)
