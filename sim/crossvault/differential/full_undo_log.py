"""An undo log that forgets nothing: a model on it returns to the state after any of its steps."""

from __future__ import annotations

from typing import Any

from crossvault.differential.last_writes import StepUndoLog


class FullUndoLog(StepUndoLog):
    """An undo log that forgets nothing: a model on it returns to the state after any of its steps."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[list[tuple[Any, Any, Any]]] = []

    def keep(self) -> None:
        """Makes the writes since the last call one step that can be taken back."""
        self.kept.append(self.entries)
        self.last, self.entries = self.entries, []
        self.version += 1

    def back(self, mark: int) -> None:
        """Takes back all but the first so many steps."""
        self.undo()
        while len(self.kept) > mark:
            self.entries = self.kept.pop()
            self.undo()
        self.version += 1  # never one that existed before: caches of a state go by it
