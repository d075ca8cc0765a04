"""The loop of a search on a node: the model is ahead by up to a chunk of steps, which one request then executes.

It finds what the loop finds that compares at once: the same step, the same differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.differential.compare import differences, value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.evm.bindings import Answer, Call
from crossvault.evm.chain import CHUNK
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import is_in_process
from crossvault.fuzz.inprocess_run import InProcessRun
from crossvault.fuzz.reach import ReachCounts
from crossvault.lockstep.run import Diverged, InvariantChecker
from crossvault.lockstep.side_comparison import compared_metrics
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import CurveState
from crossvault.mirror.valuation import Metrics


class _ModelViews(NamedTuple):
    """The metrics of accounts as the model has them after a step, and the curves where one may have changed."""

    metrics: dict[AccountId, Metrics]
    curves: tuple[CurveState, ...] | None


class _AheadStep(NamedTuple):
    """A step that the model has executed and the chain has not."""

    number: int
    step: Step
    call: Call
    outcome: Outcome
    views: _ModelViews


class ChunkedRun(InProcessRun):
    """A model and a chain side that executes steps in chunks. A difference raises Diverged for its step, later."""

    def __init__(
        self,
        model: Model,
        side: InProcessChain,
        guard: InvariantChecker | None = None,
        every: int = 1,
        reach: ReachCounts | None = None,
    ) -> None:
        super().__init__(model, side, guard, every, reach)
        self._ahead: list[_AheadStep] = []
        self._compared: int | None = None

    @property
    def reached(self) -> int:
        """The number of the step that is played, or compared."""
        return self.result.steps if self._compared is None else self._compared

    def settle(self) -> None:
        """Compares the steps that the chain has not executed yet. Raises Diverged, EnginesDisagree."""
        ahead, self._ahead = self._ahead, []
        if not ahead:
            return
        answers = self.side.chunk([(each.step, each.call, self._views(each)) for each in ahead])
        for each, (answer, *views) in zip(ahead, answers, strict=True):
            self._compared = each.number
            self._compare(each, answer, views)
        self._compared = None

    def finish(self) -> None:
        """Compares what no step has shown: every account with its metrics, and the curves."""
        self.settle()
        super().finish()

    def _play(self, step: Step, outcome: Outcome) -> None:
        number, views = self.result.steps, _ModelViews({}, None)
        call = self.side.transaction(step)
        if number % self.every == 0:
            views = self._noted(step)
        self._ahead.append(_AheadStep(number, step, call, outcome, views))
        if number % CHUNK == 0:
            self.settle()

    def _noted(self, step: Step) -> _ModelViews:
        """The views of what was touched since the last ones."""
        accounts, has_curves = tuple(self._touched), self._curves_touched
        self._touched.clear()
        self._curves_touched = False
        metrics = self.model.metrics(accounts, step.at)
        curves = self.model.vault.curves() if has_curves else None
        return _ModelViews(dict(zip(accounts, metrics, strict=True)), curves)

    def _views(self, ahead: _AheadStep) -> list[Call]:
        side = self.side
        calls = [side.view("snapshot", {"ids": ahead.step.accounts()})]
        calls += [side.view("metrics", {"account": account}) for account in ahead.views.metrics]
        return [*calls, side.view("curves", {})] if ahead.views.curves is not None else calls

    def _compare(self, ahead: _AheadStep, answer: Answer, views: Sequence[Answer]) -> None:
        number, step = ahead.number, ahead.step
        state, *viewed = views
        found = differences(self.side.outcome(answer, state), ahead.outcome, self._fields)
        if self.follower:
            self.follower(step, answer)
        if found:
            raise Diverged(number, step, found)
        self._compare_noted(ahead, viewed)
        self.result.compared += 1

    def _compare_noted(self, ahead: _AheadStep, viewed: Sequence[Answer]) -> None:
        accounts, metrics = tuple(ahead.views.metrics), list(ahead.views.metrics.values())
        decoded = [self.side.decode_metrics(each) for each in viewed[: len(accounts)]]
        for each in compared_metrics(accounts, decoded, metrics):
            if each.found:
                raise Diverged(ahead.number, ahead.step, each.found)
            self.result.metrics_compared += 1
            if self.reach:
                self.reach.margin(each.model)
        if ahead.views.curves is not None:
            curves = self.side.decode_curves(viewed[-1]["returnData"])
            if found := value_differences("curves", curves, ahead.views.curves):
                raise Diverged(ahead.number, ahead.step, found)


def search_run(
    model: Model,
    side: InProcessChain,
    guard: InvariantChecker | None = None,
    every: int = 1,
    reach: ReachCounts | None = None,
) -> InProcessRun:
    """Both sides of a search: step by step in this process, in chunks on a node."""
    kind = InProcessRun if is_in_process() else ChunkedRun
    return kind(model, side, guard, every, reach)
