"""A failing sequence of steps -> the smallest that still fails in the same way, by the table of passes.

A trial plays the candidates: on the model first, which decides most of them, then on the side. No candidate is played
twice, and the common beginning of two of them is not played again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World, named
from crossvault.evm.inprocess import InProcessChain
from crossvault.lockstep.run import Diverged
from crossvault.mirror.account import AccountId
from crossvault.shrink.chunked_trial import shrink_trial
from crossvault.shrink.largest import LargestDifference, largest
from crossvault.shrink.passes import PASSES, Pass
from crossvault.shrink.removal import Steps, slice_steps
from crossvault.shrink.size import size
from crossvault.shrink.trial import Divergence, Trial

OpenSide = Callable[[World], InProcessChain]
OpenTrial = Callable[[World], Trial | None]
"""Opens a trial of another world; None where that world is impossible."""
Tick = Callable[[int], None]

_MOST_ROUNDS = 8


class NoDivergence(Exception):
    """The steps do not diverge: there is nothing to shrink."""


class _ShrinkDeadline(Exception):
    """The time for shrinking is over."""


@dataclass(frozen=True, slots=True)
class ShrinkResult:
    """A shrunk finding. finished: nothing smaller was left to try; tries and played: candidates, steps."""

    world: World
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    finding: Divergence
    underlyings: tuple[str, ...]
    collaterals: tuple[str, ...]
    finished: bool
    interrupted: bool
    tries: int
    played: int
    seconds: float
    largest: LargestDifference | None = None

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that the steps name."""
        return named(self.steps)


def shrink(
    world: World,
    steps: Sequence[Step],
    contracts: Path | None = None,
    seconds: float = 30.0,
    failure: Diverged | None = None,
    opened: OpenSide | None = None,
    tick: Tick = lambda steps: None,
) -> ShrinkResult:
    """The smallest story of a divergence of the contracts. Raises NoDivergence when the steps do not diverge.

    failure: the divergence, where it is known (which saves playing everything once more); opened: opens a side;
    tick: called with the count of steps that were left out so far.
    Ctrl-C ends it early: the result is the best until then.
    """
    sides = opened or _in_process(contracts)
    trial = shrink_trial(world, sides(world))
    if failure:
        steps = steps[: failure.number]
        trial.expect(steps, failure.found)
    return shrunk(trial, steps, seconds, lambda other: shrink_trial(other, sides(other)), tick)


def shrunk(
    trial: Trial, steps: Sequence[Step], seconds: float, opened: OpenTrial, tick: Tick = lambda steps: None
) -> ShrinkResult:
    """The smallest story of a divergence, as a trial sees it. opened: opens it elsewhere. Raises NoDivergence."""
    shrinker = Shrinker(trial, steps, seconds, opened)
    shrinker.tick = tick
    try:
        shrinker.run()
    finally:
        shrinker.close()
    return shrinker.result()


def _in_process(contracts: Path | None) -> OpenSide:
    from crossvault.evm.compiler import compile_contracts

    build = compile_contracts(contracts)
    return lambda world: InProcessChain(world, build)


class Shrinker:
    """The best candidate so far, and the passes that make it smaller."""

    def __init__(self, trial: Trial, steps: Sequence[Step], seconds: float, opened: OpenTrial) -> None:
        self._began = time.perf_counter()
        self._ends = self._began + seconds
        self._open, self._trial = opened, trial
        self._salt = b""  # a candidate tried in one world is another one in the next
        self._tried: dict[bytes, Divergence | None] = {}
        self._digests: dict[int, tuple[Step, bytes]] = {}
        self._first = list(steps)
        self.best: Steps = []
        self.tick: Tick = lambda steps: None
        self._finding: Divergence | None = None
        self.tries = self._played = 0
        self._largest: LargestDifference | None = None
        self._finished = self._interrupted = False

    @property
    def world(self) -> World:
        """The world of the best."""
        return self._trial.world

    def run(self, passes: Sequence[Pass] = PASSES) -> None:
        """Shrinks until no pass helps, the time is over or a user interrupts. Raises NoDivergence."""
        try:
            self._begin()
            for _ in range(_MOST_ROUNDS):
                before = self._state()
                for each in passes:
                    self._run(each)
                if self._state() == before:
                    self._finished = True
                    return
        except _ShrinkDeadline:
            pass
        except KeyboardInterrupt:
            self._interrupted = True
        if self._finding is None:
            raise NoDivergence("interrupted, or out of time, before the divergence was seen again")

    def result(self) -> ShrinkResult:
        """The best until now."""
        assert self._finding is not None
        outcomes = Model(self.world).play(self.best)  # an interrupt may have left the model of the trial anywhere
        done = [step for step, outcome in zip(self.best, outcomes, strict=True) if not outcome.refusal]
        return ShrinkResult(
            world=self.world,
            steps=tuple(self.best),
            outcomes=tuple(outcomes),
            finding=self._finding,
            underlyings=tuple(step.args["name"] for step in done if step.action == "list_underlying"),
            collaterals=tuple(step.args["token"] for step in done if step.action == "list_collateral"),
            finished=self._finished,
            interrupted=self._interrupted,
            tries=self.tries,
            played=self._played + self._trial.played,
            seconds=time.perf_counter() - self._began,
            largest=self._largest,
        )

    def close(self) -> None:
        """Frees the trial."""
        self._trial.close()

    def attempt(self, steps: Sequence[Step]) -> Steps | None:
        """The steps up to the one that fails, when they fail as wanted, and then they are the best so far."""
        if time.perf_counter() > self._ends:
            raise _ShrinkDeadline
        key = self._key(steps)
        if self._finding is not None and key == self._key(self.best):
            return None
        if key not in self._tried:
            self.tries += 1
            self._tried[key] = self._trial.find(steps)
            self._note(steps, self._tried[key])
        finding = self._tried[key]
        if finding is None:
            return None
        return self._keep(steps, finding)

    def enter(self, world: World) -> bool:
        """Takes the best to another world, if it fails there, too."""
        if world == self.world:
            return True
        trial = self._open(world)
        if trial is None:
            return False
        trial.wanted = self._trial.wanted
        finding = trial.find(self.best)
        self.tries += 1
        if finding is None:
            self._played += trial.played
            trial.close()
            return False
        self._played += self._trial.played
        self._trial.close()
        self._trial, self._salt = trial, repr(world).encode()
        self._keep(self.best, finding)
        return True

    def cut(self) -> None:
        """Ends the steps where the sides differ first, even if only in a view."""
        if finding := self._trial.earliest(self.best):
            self._keep(self.best, finding)

    def _begin(self) -> None:
        """Sees the divergence: in all of the steps when it is not known yet, else in a slice of them."""
        steps = self._first
        if finding := self._trial.aim(steps):
            self._note(steps, finding)
            steps = self._keep(steps, finding)
        elif self._trial.wanted is None:
            raise NoDivergence("the steps do not diverge: there is nothing to shrink")
        slice_steps(steps, self._trial.outcomes(steps), self.attempt)
        if self._finding is None and self.attempt(steps) is None:
            raise NoDivergence("the steps do not diverge in the way that is wanted")

    def _run(self, each: Pass) -> None:
        """Runs a pass and takes it back if the story is larger after it."""
        before = size(self.world, self.best), self.best, self._finding
        each.run(self)
        if size(self.world, self.best) > before[0]:
            _, self.best, self._finding = before

    def _keep(self, steps: Sequence[Step], finding: Divergence) -> Steps:
        self.best, self._finding = list(steps[: finding.place + 1]), finding
        self.tick(len(self._first) - len(self.best))
        return self.best

    def _note(self, steps: Sequence[Step], finding: Divergence | None) -> None:
        """Remembers the largest difference of money that was seen."""
        seen = finding and largest(finding.found, steps[: finding.place + 1], self.world)
        if seen and (self._largest is None or abs(seen.wei) > abs(self._largest.wei)):
            self._largest = seen

    def _state(self) -> tuple[World, bytes]:
        return self.world, self._key(self.best)

    def _key(self, steps: Sequence[Step]) -> bytes:
        return b"".join((self._salt, *map(self._digest, steps)))

    def _digest(self, step: Step) -> bytes:
        known = self._digests.get(id(step))
        if known is None:  # the step is kept: its id is not given to another one
            known = self._digests[id(step)] = step, blake2b(repr(step).encode(), digest_size=12).digest()
        return known[1]
