"""Who acts in a story by a rule: agents look at the model's state and yield steps; the same seed, the same steps."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step

Acts = Generator[Step, Outcome, None]


class Agent(Protocol):
    """Whoever acts: at every print it looks at a model that stands after all steps before."""

    def act(self, model: Model, at: int) -> Acts:
        """Yields its steps of a moment [unix seconds], and is sent the outcome of each."""
        ...
