"""The undo log of a model that follows a chain: blocks can be taken back, as far as a reorganisation may reach."""

from __future__ import annotations

from collections import deque
from typing import Any

from crossvault.mirror.evm import UndoLog

Entries = list[tuple[Any, Any, Any]]


class UndoHistory(UndoLog):
    """Remembers what the last so many marked stretches wrote."""

    __slots__ = ("_floor", "_stretches", "_written")

    def __init__(self, most: int) -> None:
        """most: how many marks can be gone back to."""
        super().__init__()
        self._stretches: deque[tuple[int, Entries]] = deque(maxlen=most)
        self._written: Entries = []
        self._floor: int | None = None

    def keep(self) -> None:
        """Makes all writes since the last call final, until they are taken back with their stretch."""
        self._written += self.entries
        super().keep()

    def mark(self, number: int) -> None:
        """Ends a stretch; whatever was written since the last mark is of this number, which only grows."""
        if len(self._stretches) == self._stretches.maxlen:
            self._floor = self._stretches[0][0]
        self._stretches.append((number, self._written))
        self._written = []

    def reaches(self, number: int) -> bool:
        """Whether everything is known that was written after the mark of a number."""
        return self._floor is None or self._floor <= number

    def back(self, number: int) -> None:
        """Takes back everything after the last mark that is not above a number."""
        self.undo()
        self._take_back(self._written)
        self._written = []
        while self._stretches and self._stretches[-1][0] > number:
            self._take_back(self._stretches.pop()[1])
        self.version += 1  # never one that was there before: what is remembered of a state goes by it

    def _take_back(self, entries: Entries) -> None:
        self.entries = entries
        self.undo()
        self.entries = []
