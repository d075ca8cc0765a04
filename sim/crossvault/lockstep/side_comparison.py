"""A model and a chain side on the same steps: the differences of an outcome, of margin metrics, and of curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from crossvault.differential.compare import Difference, differences, value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import CurveState
from crossvault.mirror.valuation import Metrics


class PlayableSide(Protocol):
    """A chain side that executes a step at once."""

    def apply(self, step: Step) -> Outcome:
        """Executes a step and returns its outcome."""
        ...

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]:
        """The margin metrics of accounts at a time [unix seconds]."""
        ...

    def curves(self) -> tuple[CurveState, ...]:
        """The state of the expiries that have not settled."""
        ...

    def event_fields(self) -> dict[str, tuple[str, ...]]:
        """The names of the values of every event."""
        ...


class ComparedMetrics(NamedTuple):
    """The margin metrics of an account in the model, and where those of the chain differ."""

    account: AccountId
    model: Metrics
    found: list[Difference]


class SideComparison:
    """Plays the steps of a model on a chain side and compares the two; the model is one step ahead."""

    def __init__(self, model: Model, side: PlayableSide) -> None:
        self._model, self._side = model, side
        self._fields = side.event_fields()

    def step(self, step: Step, outcome: Outcome) -> list[Difference]:
        """Executes a step on the side; returns the differences from the model's outcome."""
        return differences(self._side.apply(step), outcome, self._fields)

    def metrics(self, accounts: Sequence[AccountId], at: int) -> Iterator[ComparedMetrics]:
        """The margin metrics of accounts at a time [unix seconds], compared."""
        return compared_metrics(accounts, self._side.metrics(accounts, at), self._model.metrics(accounts, at))

    def curves(self) -> list[Difference]:
        """The differences between the curves of both sides."""
        return value_differences("curves", self._side.curves(), self._model.vault.curves())


def compared_metrics(
    accounts: Sequence[AccountId], chain: Sequence[Metrics], model: Sequence[Metrics]
) -> Iterator[ComparedMetrics]:
    """The margin metrics of accounts on both sides, account by account."""
    for account, theirs, ours in zip(accounts, chain, model, strict=True):
        yield ComparedMetrics(account, ours, value_differences(f"{account}.metrics", theirs, ours))
