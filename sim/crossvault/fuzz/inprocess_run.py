"""The loop of a search: each step on the model and at once on a chain in this process, compared before the next."""

from __future__ import annotations

import time
from collections.abc import Callable

from crossvault.differential.compare import differences, value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.pyrevm import Answer
from crossvault.fuzz.reach import Reach
from crossvault.lockstep.run import OF_CURVES, Diverged, InvariantChecker, Result, compare_world, drive
from crossvault.mirror.account import AccountId


class InProcessRun:
    """A model and a chain side that stand at the same step; the first difference raises Diverged."""

    def __init__(
        self,
        model: Model,
        side: InProcessChain,
        guard: InvariantChecker | None = None,
        every: int = 1,
        reach: Reach | None = None,
    ) -> None:
        """every: steps between comparisons of metrics and curves; outcomes are compared at each. reach: is counted."""
        self.model, self.side, self.guard, self.every, self.reach = model, side, guard, every, reach
        self.follower: Callable[[Step, Answer], None] | None = None  # hears of every answer of the chain
        self.result = Result()
        self._fields = side.event_fields()
        self._touched: dict[AccountId, None] = {}
        self._curves_touched = False

    def apply(self, step: Step) -> Outcome:
        """Executes a step on both sides. Raises Diverged, and what the guard raises."""
        result = self.result
        if self.guard:
            self.guard.before(step, self.model)
        outcome = self.model.apply(step)
        result.steps += 1
        result.actions[step.action] += 1
        if outcome.refusal:
            result.refusals[outcome.refusal.name] += 1
        if self.guard:
            self.guard.after(step, outcome, self.model)
        if self.reach:
            self.reach.applied(step, outcome, self.model)
        theirs = self.side.apply(step)
        if self.follower:
            self.follower(step, self.side.last)
        if found := differences(theirs, outcome, self._fields):
            raise Diverged(result.steps, step, found)
        self._last = step
        self._touched |= dict.fromkeys(step.accounts())
        self._curves_touched |= step.action in OF_CURVES
        if result.steps % self.every == 0:
            self._compare_told()
        result.compared += 1
        return outcome

    def finish(self) -> None:
        """Compares what no step has shown: every account there is, the curves, and all that accounts are told."""
        if not self.result.compared:
            return
        compare_world(self.model, self.side, self._fields, self.result.steps, self._last)
        self._touched |= dict.fromkeys(self.model.vault.ledger.holders)
        self._curves_touched = True
        self._compare_told()

    def _compare_told(self) -> None:
        """Compares what the accounts that were touched are told, and the curves if one was."""
        step, number = self._last, self.result.steps
        accounts = tuple(self._touched)
        self._touched.clear()
        model, side = self.model.metrics(accounts, step.at), self.side.metrics(accounts, step.at)
        for account, mine, theirs in zip(accounts, model, side, strict=True):
            if found := value_differences(f"{account}.metrics", theirs, mine):
                raise Diverged(number, step, found)
            self.result.metrics_compared += 1
            if self.reach:
                self.reach.told(mine)
        if self._curves_touched:
            self._curves_touched = False
            if found := value_differences("curves", self.side.curves(), self.model.vault.curves()):
                raise Diverged(number, step, found)


def hunt(
    story: Story,
    model: Model,
    side: InProcessChain,
    guard: InvariantChecker | None = None,
    tick: Callable[[int], None] = lambda steps: None,
    every: int = 1,
) -> Result:
    """Plays a story in process to its end or to the first failure, which the result then names.

    tick: called with the count of steps so far. every: steps between comparisons of metrics and curves.
    """
    return follow(story, InProcessRun(model, side, guard, every), tick)


def follow(story: Story, hunting: InProcessRun, tick: Callable[[int], None] = lambda steps: None) -> Result:
    """Plays a story on both sides of a hunt to its end or to the first failure, which the result then names."""
    started = time.perf_counter()
    try:
        drive(story, hunting, tick)
    except Diverged as diverged:
        hunting.result.failure = diverged
    hunting.result.seconds = time.perf_counter() - started
    return hunting.result
