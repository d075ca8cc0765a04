"""The writes of the last step of a model, so that the state before it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crossvault.mirror.evm import ABSENT, UndoLog

if TYPE_CHECKING:
    from crossvault.differential.model import Model

Write = tuple[Any, Any, Any]  # what was written to, its key or field, and the value before


class StepUndoLog(UndoLog):
    """An undo log that keeps the writes of the last step until the next one ends."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        super().__init__()
        self.last: list[Write] = []

    def keep(self) -> None:
        """Makes all writes since the last `keep` final; they were those of one step."""
        self.version += bool(self.entries)
        self.last, self.entries = self.entries, []


@contextmanager
def before_last_step(model: Model, at: int) -> Iterator[None]:
    """Takes a model back to the state before its last step, and forward again. at: time of the step before."""
    journal, now_at = model.journal, model.at
    undone = [_swapped(*write) for write in reversed(journal.last)]
    journal.version += 1  # a cache of the state goes by it
    model.at = at
    try:
        yield
    finally:
        for write in reversed(undone):
            _swapped(*write)
        journal.version += 1
        model.at = now_at


def _swapped(target: Any, key: Any, value: Any) -> Write:
    """Writes a value without a journal; returns the write that takes it back."""
    if not isinstance(target, dict):
        now = getattr(target, key)
        object.__setattr__(target, key, value)
        return target, key, now
    now = dict.get(target, key, ABSENT)
    if value is ABSENT:
        dict.pop(target, key, None)
    else:
        dict.__setitem__(target, key, value)
    return target, key, now
