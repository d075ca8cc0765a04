"""The loop of a search: each step on the model and at once on a chain in this process, compared before the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import Answer
from crossvault.fuzz.reach import ReachCounts
from crossvault.lockstep.chunk_comparison import (
    NO_VIEWS,
    AheadStep,
    AnswerComparison,
    ModelViews,
    model_views,
    step_answers,
)
from crossvault.lockstep.run import OF_CURVES, Diverged, InvariantChecker, RunResult, compare_world, drive
from crossvault.lockstep.side_comparison import SideComparison
from crossvault.mirror.account import AccountId


class InProcessRun:
    """A model and a chain side at the same step; the first difference raises Diverged."""

    def __init__(
        self,
        model: Model,
        side: InProcessChain,
        guard: InvariantChecker | None = None,
        every: int = 1,
        reach: ReachCounts | None = None,
    ) -> None:
        """every: steps between comparisons of metrics and curves; outcomes are compared at each. reach: counts."""
        self.model, self.side, self.guard, self.every, self.reach = model, side, guard, every, reach
        self.follower: Callable[[Step, Answer], None] | None = None  # called with every answer of the chain
        self.result = RunResult()
        self._fields, self._comparison = side.event_fields(), SideComparison(model, side)
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
        if self.reach:
            self.reach.applied(step, outcome, self.model)
        self._last = step
        self._touched |= dict.fromkeys(step.accounts())
        self._curves_touched |= step.action in OF_CURVES
        self._play(step, outcome)
        if self.guard:
            self.guard.after(step, outcome, self.model)
        return outcome

    @property
    def reached(self) -> int:
        """The number of the step that is played, or compared."""
        return self.result.steps

    def settle(self) -> None:
        """Compares the steps that the chain has not executed yet: there is none. Raises Diverged."""

    def _play(self, step: Step, outcome: Outcome) -> None:
        """Executes a step on the chain, and compares it with the model's outcome and views. Raises Diverged."""
        number = self.result.steps
        call = self.side.transaction(step)
        views = self._noted(step) if number % self.every == 0 else NO_VIEWS
        ahead = AheadStep(step, call, outcome, views)
        self._compare(number, ahead, step_answers(self.side, ahead))

    def _noted(self, step: Step) -> ModelViews:
        """The views of what was touched since the last ones."""
        accounts, has_curves = tuple(self._touched), self._curves_touched
        self._touched.clear()
        self._curves_touched = False
        return model_views(self.model, step.at, accounts, has_curves)

    def _compare(self, number: int, ahead: AheadStep, answers: Sequence[Answer]) -> None:
        """Compares the answers of a step, of its state and of its views with the model. Raises Diverged."""
        compared = AnswerComparison(self.side, self._fields, ahead, answers)
        found = compared.outcome()
        if self.follower:
            self.follower(ahead.step, answers[0])
        if found:
            raise Diverged(number, ahead.step, found)
        for each in compared.metrics():
            if each.found:
                raise Diverged(number, ahead.step, each.found)
            self.result.metrics_compared += 1
            if self.reach:
                self.reach.margin(each.model)
        if found := compared.curves():
            raise Diverged(number, ahead.step, found)
        self.result.compared += 1

    def finish(self) -> None:
        """Compares what no step has shown: every account with its metrics, and the curves."""
        if not self.result.compared:
            return
        compare_world(self.model, self.side, self._fields, self.result.steps, self._last)
        self._compare_rest(tuple(dict.fromkeys((*self._touched, *self.model.vault.ledger.holders))))

    def _compare_rest(self, accounts: Sequence[AccountId]) -> None:
        """Compares the metrics of accounts, and the curves, after the last step. Raises Diverged."""
        step, number = self._last, self.result.steps
        for each in self._comparison.metrics(accounts, step.at):
            if each.found:
                raise Diverged(number, step, each.found)
            self.result.metrics_compared += 1
            if self.reach:
                self.reach.margin(each.model)
        if found := self._comparison.curves():
            raise Diverged(number, step, found)


def run_in_process(
    story: Story,
    model: Model,
    side: InProcessChain,
    guard: InvariantChecker | None = None,
    tick: Callable[[int], None] = lambda steps: None,
    every: int = 1,
) -> RunResult:
    """Plays a story in process to its end or to the first failure, which the result then names.

    tick: called with the count of steps so far. every: steps between comparisons of metrics and curves.
    """
    return run_both(story, InProcessRun(model, side, guard, every), tick)


def run_both(story: Story, both: InProcessRun, tick: Callable[[int], None] = lambda steps: None) -> RunResult:
    """Plays a story on both sides to its end or to the first failure, which the result then names.

    What stops it from outside is raised once every step before is compared.
    """
    started = time.perf_counter()
    try:
        try:
            drive(story, both, tick)
        except Exception:
            both.settle()
            raise
    except Diverged as diverged:
        both.result.failure = diverged
    both.result.seconds = time.perf_counter() - started
    return both.result
