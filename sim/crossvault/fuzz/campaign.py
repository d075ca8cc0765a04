"""Many walks in many processes, until the steps are played, one fails, or the user interrupts."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from crossvault.evm.artifacts import Build
from crossvault.fuzz.blocks import Place
from crossvault.fuzz.corpus import Corpus
from crossvault.fuzz.reach import ReachCounts
from crossvault.fuzz.task import WalkResult, WalkStopped, WalkTask, tasks, walk
from crossvault.judge.judge import USUAL, JudgePlan, Thoroughness
from crossvault.setup.worker import begin_worker

Tick = Callable[[int], None]
Found = Callable[[WalkResult], None]
PlayWalk = Callable[[WalkTask, Build, Tick], WalkResult]
"""Plays a walk whose steps are written for the contracts of a build."""

_POLL_SECS = 0.2
_PATIENCE_SECS = 0.6  # a command has less than two seconds to end


class CampaignPlan(NamedTuple):
    """The plan of a campaign: its number of steps or its seconds, first seed, number of processes, and set pieces.

    judge: of each walk.
    """

    seed: int
    jobs: int
    steps: int | None = None
    secs: int | None = None
    pieces: tuple[WalkTask, ...] = ()
    judge: JudgePlan = USUAL


@dataclass(slots=True)
class CampaignResult:
    """The result of a campaign.

    known: steps that met a known weakness of the vault, by the rule that it breaks. judge: its thoroughness.
    """

    reach: ReachCounts = field(default_factory=ReachCounts)
    walks: int = 0
    metrics: int = 0
    cpu_secs: float = 0.0
    seconds: float = 0.0
    failures: list[WalkResult] = field(default_factory=list)
    seen: set[Place] = field(default_factory=set)
    known: Counter[str] = field(default_factory=Counter)
    judge: Thoroughness = "default"
    interrupted: bool = False

    def add(self, walked: WalkResult) -> None:
        """Takes in a walk."""
        self.walks += 1
        self.metrics += walked.metrics
        self.cpu_secs += walked.seconds
        self.reach.add(walked.reach)
        self.seen |= walked.seen
        self.known.update(walked.known)
        if walked.failure:
            self.failures.append(walked)


class _SharedState(NamedTuple):
    """The state that all processes of a campaign share: contracts, blocks, whether to stop, and the count of steps."""

    build: Build
    places: Sequence[Place]
    stop: Any
    steps: Any
    until: float
    judge: JudgePlan
    play: PlayWalk | None


class FuzzCampaign:
    """A plan, what it is played against, and the corpus that it adds to."""

    def __init__(
        self,
        plan: CampaignPlan,
        build: Build,
        corpus: Corpus,
        places: Sequence[Place] = (),
        play: PlayWalk | None = None,
    ) -> None:
        """places: blocks of the contracts to look out for. play: plays a walk otherwise than `walk`."""
        self._plan, self._corpus, self.findings = plan, corpus, CampaignResult(judge=plan.judge.how)
        until = float("inf") if plan.secs is None else time.time() + plan.secs
        self._shared = _SharedState(
            build, places, multiprocessing.Event(), multiprocessing.Value("q", 0), until, plan.judge, play
        )
        self._pending: set[Future[WalkResult]] = set()

    def run(self, tick: Tick = lambda steps: None, found: Found = lambda walked: None) -> CampaignResult:
        """Plays walks. After an interruption the reach until then is kept.

        tick: called with the steps so far. found: called with every walk that fails, at once.
        """
        started, todo = time.perf_counter(), self._tasks()
        with ProcessPoolExecutor(self._plan.jobs, initializer=_begin, initargs=(self._shared,)) as pool:
            try:
                while self._give(pool, todo) or self._pending:
                    self._take(_POLL_SECS, found)
                    tick(self._shared.steps.value)
            except KeyboardInterrupt:
                self.findings.interrupted = True
            self._shared.stop.set()
            self._await_last(pool, found)
        self.findings.seconds = time.perf_counter() - started
        return self.findings

    def _tasks(self) -> Iterator[WalkTask]:
        """First what failed before, then the set pieces, then a new seed each, until there are enough steps."""
        left = self._plan.steps
        for task in chain(self._corpus.failed(), self._plan.pieces, tasks(self._plan.seed)):
            if task in self._corpus:
                continue
            if left is None:
                yield task
            elif left > 0:
                yield task._replace(length=min(task.length, left))
                left -= task.least
            else:
                return

    def _give(self, pool: ProcessPoolExecutor, todo: Iterator[WalkTask]) -> bool:
        """Submits a walk for every idle process; returns whether there was one."""
        over = self.findings.failures or time.time() > self._shared.until
        if over:
            self._shared.stop.set()
        given = False
        while not over and len(self._pending) < self._plan.jobs and (task := next(todo, None)):
            self._pending.add(pool.submit(_walk, task, frozenset(self.findings.seen)))
            given = True
        return given

    def _await_last(self, pool: ProcessPoolExecutor, found: Found) -> None:
        """Takes in the walks under way; after an interruption those that do not stop at once are given up."""
        patience = _PATIENCE_SECS if self.findings.interrupted else float("inf")
        until = time.monotonic() + patience
        while self._pending and time.monotonic() < until:
            self._take(_POLL_SECS, found)
        if self._pending:
            self._pending.clear()
            for process in multiprocessing.active_children():
                process.kill()

    def _take(self, patience: float | None, found: Found) -> None:
        """Takes in the walks that have ended."""
        done, self._pending = wait(self._pending, patience, FIRST_COMPLETED)
        for each in done:
            walked = each.result()
            self.findings.add(walked)
            if walked.failure:
                found(walked)
            if walked.is_complete:
                self._corpus.note(walked)


_shared: _SharedState


def _begin(shared: _SharedState) -> None:
    global _shared
    _shared = shared
    begin_worker()


def _walk(task: WalkTask, seen: frozenset[Place]) -> WalkResult:
    def tick(steps: int) -> None:
        shared = _shared
        with shared.steps.get_lock():
            shared.steps.value += 1
        if shared.stop.is_set() or time.time() > shared.until:
            raise WalkStopped

    if _shared.play:
        return _shared.play(task, _shared.build, tick)
    return walk(task, _shared.build, tick, _shared.places, seen, _shared.judge)
