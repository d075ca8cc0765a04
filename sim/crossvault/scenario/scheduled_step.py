"""One step to come, as the stage keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.scenario.expectations import Expect
from crossvault.scenario.source import Route

StepBuilder = Callable[[Model], Step | None]
ACCEPTED = Expect()


class ScheduledStep(NamedTuple):
    """One step to come: the field it stands in, how to make it when its turn comes (or not), what is expected of it."""

    at: int
    route: Route
    make: StepBuilder | None
    expect: Expect
    wakes: bool = False
