"""Steps tried again and again on both sides: what begins as the steps tried before did is not played twice."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from crossvault.differential.compare import Difference
from crossvault.differential.full_undo_log import FullUndoLog
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World, named
from crossvault.lockstep.side_comparison import PlayableSide, SideComparison
from crossvault.mirror.account import AccountId
from crossvault.shrink.trial import Divergence, DivergenceKey

IMPOSSIBLE = (ValueError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError)
"""The exceptions of a candidate that makes no sense: a value that does not fit its type, an unknown name."""

_NUMBERS = re.compile(r"\[\d+\]")
NEAR_THE_END = 12  # steps: a search compares margin metrics every few steps only
_MOST_MARKS = 200  # a fast side has room for some hundreds
_SHARED = ("globals", "refusal", "curves", "events")


class Rewindable(Protocol):
    """A side that returns to an earlier state."""

    def mark(self) -> int: ...

    def back(self, mark: int) -> None: ...

    def close(self) -> None: ...


class RewindableSide(PlayableSide, Rewindable, Protocol):
    """A chain side that returns to an earlier state."""


def likeness(step: Step, outcome: Outcome, found: Sequence[Difference]) -> DivergenceKey:
    """The key of a divergence, without accounts and numbers."""
    first = found[0]
    refusal = outcome.refusal.name if outcome.refusal else ""
    head, _, rest = first.field.partition(".")
    is_shared = head.partition("[")[0] in _SHARED or head[:1].isupper()
    field = first.field if is_shared else f"account.{rest}"
    if field == "refusal" or field.startswith("events["):
        field += f" {_name(first.chain)} {_name(first.model)}"
    return DivergenceKey(step.action, refusal, _NUMBERS.sub("[]", field))


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))


class _ModelMark(NamedTuple):
    step: Step
    mark: int
    outcome: Outcome


class SideMark(NamedTuple):
    step: Step
    mark: int | None
    found: tuple[Difference, ...]


class RewindingTrial(ABC):
    """A trial whose model and side return to the state that the next steps have in common with the last ones."""

    def __init__(self, world: World, side: Rewindable, wanted: DivergenceKey | None) -> None:
        self._memory = FullUndoLog()
        self._side = side
        self.world, self.wanted = world, wanted
        self.model = Model(world, self._memory)
        self.played = 0
        self._beginning = side.mark()  # of the side
        self._model_path: list[_ModelMark] = []
        self._side_path: list[SideMark] = []

    @abstractmethod
    def _play(self, step: Step, outcome: Outcome, accounts: Sequence[AccountId] | None) -> Sequence[Difference]:
        """Executes a step on the side and compares it with the model's outcome.

        accounts: those whose views are compared as well, the model being at the same step; None: no view at all.
        """

    @abstractmethod
    def _likeness(self, step: Step, outcome: Outcome, found: Sequence[Difference]) -> DivergenceKey:
        """The key of a divergence."""

    def aim(self, steps: Sequence[Step]) -> Divergence | None:
        """Settles what is wanted; returns the divergence where the steps had to be played for it."""
        known = self.wanted
        if known is not None and not known.is_view:
            return None
        self.wanted = None
        finding = self._first(steps, max(0, len(steps) - NEAR_THE_END) if known else 0)
        self.wanted = finding.likeness if finding else known
        return finding

    def find(self, steps: Sequence[Step]) -> Divergence | None:
        """The first divergence of steps, if it is the one that is wanted; views are compared after the last step."""
        return self._first(steps, len(steps) - 1 if self.wanted else 0)

    def earliest(self, steps: Sequence[Step]) -> Divergence | None:
        """The first divergence of steps with views compared after every step."""
        return self._first(steps, 0)

    def outcomes(self, steps: Sequence[Step]) -> list[Outcome]:
        """The model's outcomes of steps."""
        self._rewind(_common(self._model_path, steps))
        for step in steps[len(self._model_path) :]:
            self._advance(step)
        return [place.outcome for place in self._model_path]

    def close(self) -> None:
        """Frees the side."""
        self._side.close()

    def _first(self, steps: Sequence[Step], views_from: int) -> Divergence | None:
        """The first divergence that counts. views_from: the place from which on views are compared."""
        try:
            if self.wanted and not self._is_possible(steps[-1], self.outcomes(steps)[-1]):
                return None
            return self._compared(steps, views_from)
        except IMPOSSIBLE:
            self._restart()
            return None

    def _rewind(self, steps: int) -> None:
        """Takes the model back to the state after so many steps."""
        if steps < len(self._model_path):
            self._memory.back(self._model_path[steps].mark)
            del self._model_path[steps:]

    def _advance(self, step: Step) -> None:
        mark = len(self._memory.kept)
        self._model_path.append(_ModelMark(step, mark, self.model.apply(step)))

    def _is_possible(self, step: Step, outcome: Outcome) -> bool:
        """Whether a last step may show the wanted divergence, by its outcome on the model alone."""
        assert self.wanted is not None
        refusal = outcome.refusal.name if outcome.refusal else ""
        return refusal == self.wanted.refusal and self.wanted.action in (step.action, "batch")

    def _compared(self, steps: Sequence[Step], views_from: int) -> Divergence | None:
        path, last = self._side_path, len(steps) - 1
        same, here = self._rewound(steps)
        if path and path[-1].found:
            return self._finding(same - 1)
        if views_from < last:
            self._rewind(same)  # views are compared where both sides are at the same step
        return self._extended(steps, same, here, views_from)

    def _extended(self, steps: Sequence[Step], same: int, here: int | None, views_from: int) -> Divergence | None:
        """Plays the steps from a place on. here: the mark of the side there, if it has one."""
        stride = 1 + len(steps) // _MOST_MARKS
        for place in range(same, len(steps)):
            step = steps[place]
            mark = here if place == same and here is not None else None if place % stride else self._side.mark()
            if place == len(self._model_path):
                self._advance(step)
            accounts = self._viewed(steps, place, views_from)
            found = self._play(step, self._model_path[place].outcome, accounts)
            self.played += 1
            self._side_path.append(SideMark(step, mark, tuple(found)))
            if found:
                return self._finding(place)
        return None

    def _viewed(self, steps: Sequence[Step], place: int, views_from: int) -> Sequence[AccountId] | None:
        """The accounts whose views are compared after a step; None: no view at all."""
        if place < views_from:
            return None
        return named(steps) if place >= len(steps) - 1 - NEAR_THE_END else steps[place].accounts()

    def _rewound(self, steps: Sequence[Step]) -> tuple[int, int | None]:
        """Takes the side back to the last state that steps have in common with those before.

        Returns its place, and the mark there, which stays: a second one for each candidate would use up the room.
        """
        path = self._side_path
        same = min(_common(path, steps), len(steps) - 1)  # more is compared after the last step than after others
        while same < len(path) and path[same].mark is None:
            same -= 1
        if same == len(path):
            return same, None
        mark = path[same].mark
        assert mark is not None
        self._side.back(mark)
        del path[same:]
        return same, mark

    def _finding(self, place: int) -> Divergence | None:
        at, outcome = self._side_path[place], self._model_path[place].outcome
        like = self._likeness(at.step, outcome, at.found)
        fits = self.wanted is None or self.wanted.is_like(like)
        return Divergence(place, at.step, outcome, at.found, like) if fits else None

    def _restart(self) -> None:
        """Returns to the beginning, from wherever a candidate left either side."""
        if self._model_path:
            self._memory.back(self._model_path[0].mark)
        self._memory.undo()
        self._side.back(self._beginning)
        self._model_path.clear()
        self._side_path.clear()


class ShrinkTrial(RewindingTrial):
    """A trial of the contracts: every field of the outcome is compared, and the views that may show what is wanted."""

    def __init__(self, world: World, side: RewindableSide, wanted: DivergenceKey | None = None) -> None:
        super().__init__(world, side, wanted)
        self.side = side
        self._comparison = SideComparison(self.model, side)

    def expect(self, steps: Sequence[Step], found: Sequence[Difference]) -> None:
        """Makes the differences after steps, noticed elsewhere, what is wanted."""
        self.wanted = likeness(steps[-1], self.outcomes(steps)[-1], found)

    def _play(self, step: Step, outcome: Outcome, accounts: Sequence[AccountId] | None) -> Sequence[Difference]:
        found = self._comparison.step(step, outcome)
        if found or accounts is None:
            return found
        if self._is_wanted("account.metrics"):
            found = [each for row in self._comparison.metrics(accounts, step.at) for each in row.found]
        return found or (self._comparison.curves() if self._is_wanted("curves") else [])

    def _likeness(self, step: Step, outcome: Outcome, found: Sequence[Difference]) -> DivergenceKey:
        return likeness(step, outcome, found)

    def _is_wanted(self, field: str) -> bool:
        return self.wanted is None or self.wanted.field.startswith(field)


def _common(path: Sequence[_ModelMark | SideMark], steps: Sequence[Step]) -> int:
    """The number of leading steps that a path shares."""
    for number in range(min(len(path), len(steps))):
        old, new = path[number].step, steps[number]
        if old is not new and old != new:
            return number
    return min(len(path), len(steps))
