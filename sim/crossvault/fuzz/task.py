"""One walk of a campaign, drawn from a seed, and its result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

from crossvault.differential.compare import Difference
from crossvault.differential.drive import driven, observed
from crossvault.differential.ending import FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.differential.story import Story
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.blocks import Place
from crossvault.fuzz.chunked_run import search_run
from crossvault.fuzz.coverage import CoverageEvm
from crossvault.fuzz.inprocess_run import run_both
from crossvault.fuzz.pieces import BOUNDS, CORNERS, DESKS, LIMITS, OPENING, PIECES, first
from crossvault.fuzz.reach import ReachCounts
from crossvault.judge.judge import USUAL, JudgePlan
from crossvault.lockstep.run import Broken, Diverged
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from crossvault.walks.variety import WalkParameters, drawn

STEPS, ORDERS = "steps", "orders"
DIVERGED, BROKEN, UNREADABLE = "diverged", "broken", "unreadable"  # how a walk fails
METRICS_EVERY = 10  # steps between comparisons of margin metrics, which cost as much as a step

_LENGTHS = {STEPS: 1_000, ORDERS: 500}
_EVERY_ORDERS = 5  # one walk in so many is of signed orders
_ROUND = 20
_BETWEEN = {4: LIMITS, 9: DESKS, 14: CORNERS, 19: BOUNDS}  # of so many walks, by seed


class WalkTask(NamedTuple):
    """A walk to be played: of `steps` or of signed `orders`, from a seed, so many steps after its set-up.

    Or a set piece by its name, so many steps of it at most.
    """

    kind: str
    seed: int
    length: int

    def variety(self) -> WalkParameters:
        """The ways in which the walk differs from a plain one."""
        return drawn(Random(f"variety {self.seed}")) if self.kind == STEPS else WalkParameters()

    @property
    def least(self) -> int:
        """The least number of steps."""
        piece = PIECES.get(self.kind)
        return min(piece.least, self.length) if piece else self.length

    def story(self, build: Build | None = None) -> Story:
        """The walk as a story; it can be played once. build: contracts whose door types bound a set piece."""
        if piece := PIECES.get(self.kind):
            whole = piece.story(self.seed, build or compile_contracts())
            return replace(whole, steps=lambda model: first(whole.steps(model), self.length))
        if self.kind == ORDERS:
            return OrderWalk(self.seed, self.length).story()
        return Walk(self.seed, self.length, variety=self.variety()).story()


def opening(seed: int) -> tuple[WalkTask, ...]:
    """The set pieces that a campaign begins with."""
    return tuple(_piece(kind, seed) for kind in OPENING)


def tasks(seed: int) -> Iterator[WalkTask]:
    """A walk, or now and then a set piece, for each seed, without end."""
    while True:
        place = seed % _ROUND
        if kind := _BETWEEN.get(place):
            yield _piece(kind, seed)
        else:
            kind = ORDERS if place % _EVERY_ORDERS == 2 else STEPS
            yield WalkTask(kind, seed, _LENGTHS[kind])
        seed += 1


def _piece(kind: str, seed: int) -> WalkTask:
    return WalkTask(kind, seed, PIECES[kind].most)


class Failure(NamedTuple):
    """Failure of a walk: `diverged`, `broken` or `unreadable`; the reason; the steps up to it; and what differs.

    found: the values as texts, where they are no numbers.
    """

    how: str
    text: str
    steps: tuple[Step, ...]
    found: tuple[Difference, ...] = ()


class WalkResult(NamedTuple):
    """The result of a walk; a stopped one is not complete. known: steps that met a known weakness, by its rule."""

    task: WalkTask
    is_complete: bool
    metrics: int
    seconds: float
    reach: ReachCounts
    failure: Failure | None = None
    seen: frozenset[Place] = frozenset()
    known: Counter[str] = Counter()


class WalkStopped(Exception):
    """A walk is stopped from outside."""


def walk(
    task: WalkTask,
    build: Build,
    tick: Callable[[int], None] = lambda steps: None,
    places: Sequence[Place] = (),
    seen: Iterable[Place] = (),
    judge: JudgePlan = USUAL,
) -> WalkResult:
    """Plays a walk in this process with every invariant; `tick` is called at every step, and may raise WalkStopped.

    places: blocks of the contracts to look out for, but for those that were seen. judge: of the walk.
    """
    story, steps, started = task.story(build), list[Step](), time.process_time()
    model, guard, reach = Model(story.world), judge.judge(), ReachCounts()
    reach.varieties.update(task.variety().labels() if task.kind == STEPS else ("signed orders",))
    both = search_run(model, InProcessChain(story.world, build), guard, METRICS_EVERY, reach)
    coverage = CoverageEvm(story.world, build, places, set(seen)) if places else None
    if coverage:
        both.follower = coverage.follow

    def walked(is_complete: bool, failure: Failure | None = None) -> WalkResult:
        spent = time.process_time() - started
        found = frozenset(coverage.seen) if coverage else frozenset()
        return WalkResult(task, is_complete, both.result.metrics_compared, spent, reach, failure, found, guard.known)

    try:
        failed = run_both(noted(story, steps), both, tick).failure
        if failed is None:
            guard.finish()
    except WalkStopped:
        return walked(False)
    except Broken as broken:
        failed = broken
    except (ValueError, IndexError, OverflowError) as odd:
        return walked(True, _unreadable(odd, steps[: both.reached]))
    return walked(True, _failure(failed, steps) if failed else None)


def _failure(failed: FailedRun, steps: Sequence[Step]) -> Failure:
    if isinstance(failed, Diverged):
        return Failure(DIVERGED, str(failed), tuple(steps[: failed.number]), texts(failed.found))
    return Failure(BROKEN, str(failed), tuple(steps))


def _unreadable(odd: Exception, steps: Sequence[Step]) -> Failure:
    text = f"step {len(steps)} ({steps[-1].action}): the contracts returned data that cannot be decoded: {odd}"
    return Failure(UNREADABLE, text, tuple(steps))


def texts(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Differences that can travel between processes, as the classes of refusals cannot."""
    return tuple(replace(each, chain=_text(each.chain), model=_text(each.model)) for each in found)


def _text(value: object) -> int | str:
    return value if isinstance(value, int | str) else str(value)


def steps_of(story: Story) -> list[Step]:
    """The steps of a story, as the model alone plays it. Raises ExpectationFailed."""
    model = Model(story.world)
    return [step for step, _ in driven(story.steps(model), model.apply)]


def noted(story: Story, steps: list[Step]) -> Story:
    """The story, with every step appended to a list as it comes."""
    return replace(story, steps=lambda model: observed(story.steps(model), before=steps.append))
