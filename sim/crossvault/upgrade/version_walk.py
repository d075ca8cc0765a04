"""One walk of a campaign on two versions, to their first difference; the model answers for its steps."""

from __future__ import annotations

import time
from collections.abc import Callable

from crossvault.differential.compare import Difference
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.evm.artifacts import Build
from crossvault.fuzz.reach import ReachCounts
from crossvault.fuzz.task import DIVERGED, METRICS_EVERY, STEPS, Failure, WalkResult, WalkStopped, WalkTask, texts
from crossvault.lockstep.run import Diverged
from crossvault.mirror.account import AccountId
from crossvault.upgrade.version_run import VersionPair, Versions


class VersionWalks:
    """Plays walks on two versions."""

    def __init__(self, old: Build, new: Build) -> None:
        self._old, self._new = old, new

    def __call__(self, task: WalkTask, ours: Build, tick: Callable[[int], None]) -> WalkResult:
        """Plays a walk. ours: the contracts that its steps are written for; tick may raise WalkStopped."""
        return _VersionWalk(task, Versions(self._old, self._new, ours)).played(tick)


class _VersionWalk:
    def __init__(self, task: WalkTask, versions: Versions) -> None:
        self._task, self._story = task, task.story(versions.ours)
        self._pair, self._model = VersionPair(self._story.world, versions), Model(self._story.world)
        self._reach = ReachCounts()
        self._reach.varieties.update(task.variety().labels() if task.kind == STEPS else ("signed orders",))
        self._metrics, self._touched = 0, dict[AccountId, None]()

    def played(self, tick: Callable[[int], None]) -> WalkResult:
        """The walk, to its end or to the first difference; `tick` may raise WalkStopped."""
        started, steps, found = time.process_time(), list[Step](), None
        is_complete = True
        try:
            for step, outcome in driven(self._story.steps(self._model), self._model.apply):
                steps.append(step)
                self._reach.applied(step, outcome, self._model)
                if found := self._differences(step, len(steps)):
                    break
                tick(len(steps))
            else:
                found = self._viewed(steps[-1]) if steps else []
        except WalkStopped:
            is_complete = False
        finally:
            self._pair.close()
        failure = None
        if found:
            text = str(Diverged(len(steps), steps[-1], found))
            failure = Failure(DIVERGED, text, tuple(steps), texts(found))
        spent = time.process_time() - started
        return WalkResult(self._task, is_complete, self._metrics, spent, self._reach, failure)

    def _differences(self, step: Step, number: int) -> list[Difference]:
        found = self._pair.differences(step)
        self._touched |= dict.fromkeys(step.accounts())
        return found or (self._viewed(step) if number % METRICS_EVERY == 0 else [])

    def _viewed(self, step: Step) -> list[Difference]:
        accounts = tuple(self._touched)
        self._touched.clear()
        self._metrics += len(accounts)
        return self._pair.view_differences(accounts, step.at)
