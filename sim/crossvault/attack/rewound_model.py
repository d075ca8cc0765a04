"""The model of a search: it goes back to the state after any of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crossvault.differential.full_undo_log import FullUndoLog
from crossvault.differential.model import Model
from crossvault.differential.step import World


class RewoundModel(Model):
    """A model that goes back to the state after any of its steps."""

    def __init__(self, world: World) -> None:
        self.memory = FullUndoLog()
        super().__init__(world, self.memory)

    @property
    def mark(self) -> int:
        """The number of steps that can be taken back."""
        return len(self.memory.kept)

    def back(self, mark: int, at: int) -> None:
        """Takes back all but the first so many steps; at: the time of the last, which metrics are never before."""
        self.memory.back(mark)
        self.at, self.steps = at, mark - 1  # the construction is one, too

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Takes back what is done within."""
        mark, at, steps = self.mark, self.at, self.steps
        try:
            yield
        finally:
            self.memory.back(mark)
            self.at, self.steps = at, steps
