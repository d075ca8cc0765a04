"""Undo history of a model that follows a chain: rolls back blocks as deep as a reorganisation may reach."""

from __future__ import annotations

from collections import deque
from typing import Any

from crossvault.differential.last_writes import StepUndoLog

Entries = list[tuple[Any, Any, Any]]


class UndoHistory(StepUndoLog):
    """An undo log that keeps the writes of a bounded number of marked segments."""

    __slots__ = ("_floor", "_segments", "_written")

    def __init__(self, most: int) -> None:
        """most: number of marks that can be rolled back to."""
        super().__init__()
        self._segments: deque[tuple[int, Entries]] = deque(maxlen=most)
        self._written: Entries = []
        self._floor: int | None = None

    def keep(self) -> None:
        """Commits all writes since the last call; only a rollback of their segment undoes them."""
        self._written += self.entries
        super().keep()

    def mark(self, number: int) -> None:
        """Ends a segment: the writes since the last mark belong to this number, which only grows."""
        if len(self._segments) == self._segments.maxlen:
            self._floor = self._segments[0][0]
        self._segments.append((number, self._written))
        self._written = []

    def reaches(self, number: int) -> bool:
        """Whether every write after the mark of a number is still kept."""
        return self._floor is None or self._floor <= number

    def back(self, number: int) -> None:
        """Rolls back every write after the last mark at or below a number."""
        self.undo()
        self._undo(self._written)
        self._written = []
        while self._segments and self._segments[-1][0] > number:
            self._undo(self._segments.pop()[1])
        self.version += 1  # never reused: caches are keyed by the version

    def _undo(self, entries: Entries) -> None:
        self.entries = entries
        self.undo()
        self.entries = []
