"""A record on the model, up to a moment: the state just before a step, or at a time between two steps."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.differential.full_undo_log import FullUndoLog
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.lockstep.record import Record
from crossvault.mirror.refusal import Refusal


class PlayheadMark(NamedTuple):
    """A state to return to."""

    kept: int
    number: int
    at: int
    steps: int


class Playhead:
    """A record on the model: `number` steps are played, and the state returns to any mark since the last `move`."""

    def __init__(self, record: Record) -> None:
        self.steps = record.steps
        self._log = FullUndoLog()
        self.model = Model(record.story().world, self._log)
        self.number = 0

    @property
    def is_at_end(self) -> bool:
        """Whether every step is played."""
        return self.number == len(self.steps)

    def advance(self) -> Refusal | None:
        """Plays the next step; returns its refusal."""
        refusal, _ = self.model.execute(self.steps[self.number])
        self.number += 1
        return refusal

    def skip(self) -> None:
        """Leaves the next step out."""
        self.number += 1

    def insert(self, step: Step) -> Refusal | None:
        """Plays a step that is not of the record; returns its refusal."""
        return self.model.execute(step)[0]

    def mark(self) -> PlayheadMark:
        """The present state."""
        return PlayheadMark(len(self._log.kept), self.number, self.model.at, self.model.steps)

    def back(self, mark: PlayheadMark) -> None:
        """Returns to a state."""
        self._log.back(mark.kept)
        self.number, self.model.at, self.model.steps = mark.number, mark.at, mark.steps

    def move(self, number: int) -> None:
        """Plays on until so many steps are played, for good."""
        while self.number < number:
            self.advance()
            self._log.kept.clear()
