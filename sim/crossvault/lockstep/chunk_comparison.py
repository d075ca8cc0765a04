"""Steps that the model has executed and a chain side executes in one chunk, and their answers compared with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crossvault.differential.compare import Difference, EventFields, differences, value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.evm.bindings import Answer, Call
from crossvault.evm.inprocess import InProcessChain
from crossvault.lockstep.side_comparison import ComparedMetrics, compared_metrics
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import CurveState
from crossvault.mirror.valuation import Metrics


class ModelViews(NamedTuple):
    """The metrics of accounts as the model has them after a step, and the curves where they are compared."""

    metrics: dict[AccountId, Metrics]
    curves: tuple[CurveState, ...] | None


NO_VIEWS = ModelViews({}, None)


def model_views(model: Model, at: int, accounts: Sequence[AccountId], has_curves: bool) -> ModelViews:
    """The views of the model at a time [unix seconds]."""
    metrics = dict(zip(accounts, model.metrics(accounts, at), strict=True))
    return ModelViews(metrics, model.vault.curves() if has_curves else None)


class AheadStep(NamedTuple):
    """A step that the model has executed and the chain has not."""

    step: Step
    call: Call
    outcome: Outcome
    views: ModelViews


class AnswerComparison:
    """The answers of a step of a chunk, compared with the model."""

    def __init__(self, side: InProcessChain, fields: EventFields, ahead: AheadStep, answers: Sequence[Answer]) -> None:
        """answers: of the step, of its state, and of its views."""
        self._side, self._fields, self._ahead = side, fields, ahead
        self._answer, self._state, *self._viewed = answers

    def outcome(self) -> list[Difference]:
        """The differences of the outcome."""
        return differences(self._side.outcome(self._answer, self._state), self._ahead.outcome, self._fields)

    def metrics(self) -> Iterator[ComparedMetrics]:
        """The margin metrics of the accounts."""
        ours = self._ahead.views.metrics
        theirs = [self._side.decode_metrics(each) for each in self._viewed[: len(ours)]]
        return compared_metrics(tuple(ours), theirs, tuple(ours.values()))

    def curves(self) -> list[Difference]:
        """The differences of the curves, where they are compared."""
        ours = self._ahead.views.curves
        if ours is None:
            return []
        return value_differences("curves", self._side.decode_curves(self._viewed[-1]["returnData"]), ours)


def chunk_answers(side: InProcessChain, ahead: Sequence[AheadStep]) -> list[list[Answer]]:
    """Executes steps on the side in one chunk; returns the answers of each, of its state and of its views."""
    return side.chunk([(each.step, each.call, _view_calls(side, each)) for each in ahead])


def step_answers(side: InProcessChain, ahead: AheadStep) -> list[Answer]:
    """Executes a step on the side at once; returns its answer, and those of its state and of its views."""
    return side.answers(ahead.step, ahead.call, _view_calls(side, ahead))


def _view_calls(side: InProcessChain, ahead: AheadStep) -> list[Call]:
    calls = [side.view("snapshot", {"ids": ahead.step.accounts()})]
    calls += [side.view("metrics", {"account": account}) for account in ahead.views.metrics]
    return [*calls, side.view("curves", {})] if ahead.views.curves is not None else calls
