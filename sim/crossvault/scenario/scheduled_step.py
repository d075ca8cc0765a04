"""A step of the schedule of a story."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.scenario.expectations import StepExpectation
from crossvault.scenario.own_values import FieldProblem
from crossvault.scenario.source import Route

StepBuilder = Callable[[Model], Step | None]
ACCEPTED = StepExpectation()


class ScheduledStep(NamedTuple):
    """A scheduled step: its time, its field in the file, the builder that returns it when due (None: only a look),
    its expectation, whether agents act after it, and a value of it that the vault refuses in any state.
    """

    at: int
    route: Route
    make: StepBuilder | None
    expect: StepExpectation
    wakes: bool = False
    refusable: FieldProblem | None = None
