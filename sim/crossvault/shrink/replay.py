"""Steps tried again and again on both sides: what begins as the steps tried before did is not played twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from crossvault.differential.compare import Difference, differences, value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World, named
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.lens import CurveState
from crossvault.mirror.valuation import Metrics

UNSAYABLE = (ValueError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError)
"""What a candidate that makes no sense raises: a value that does not fit its type, a name that nobody has."""

_NUMBERS = re.compile(r"\[\d+\]")
NEAR_THE_END = 12  # steps: who hunts compares what accounts are told every few steps only
_MOST_MARKS = 200  # a fast side has room for some hundreds
_SHARED = ("globals", "refusal", "curves", "events")


class RewindableSide(Protocol):
    """A chain side that goes back to where it was."""

    engine: str

    def apply(self, step: Step) -> Outcome: ...

    def metrics(self, accounts: Sequence[AccountId], at: int) -> list[Metrics]: ...

    def curves(self) -> tuple[CurveState, ...]: ...

    def event_fields(self) -> dict[str, tuple[str, ...]]: ...

    def mark(self) -> int: ...

    def back(self, mark: int) -> None: ...

    def close(self) -> None: ...


class FullUndoLog(UndoLog):
    """An undo log that forgets nothing: a model on it goes back to after any of its steps."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[list[tuple[Any, Any, Any]]] = []

    def keep(self) -> None:
        """Makes the writes since the last call one step that can be taken back."""
        self.kept.append(self.entries)
        self.entries = []
        self.version += 1

    def back(self, mark: int) -> None:
        """Takes back all but the first so many steps."""
        self.undo()
        while len(self.kept) > mark:
            self.entries = self.kept.pop()
            self.undo()
        self.version += 1  # never one that was there before: what is remembered of a state goes by it


class DivergenceKey(NamedTuple):
    """What two findings have in common when they are one: action, what the model said, which field differs first."""

    action: str
    refusal: str
    field: str

    @property
    def is_told(self) -> bool:
        """Whether it is in what accounts are told or in the curves, not in what a step did."""
        return self.field.startswith(("account.metrics", "curves"))

    def is_like(self, other: DivergenceKey) -> bool:
        """Whether another finding is the same one; a call that stood in a batch may stand alone."""
        alone = self.action == "batch" and other.action != "batch"
        return self == other or (alone and self._replace(action=other.action) == other)


class Divergence(NamedTuple):
    """Where the sides differ: the place of the step, from 0, and how."""

    place: int
    step: Step
    outcome: Outcome
    found: tuple[Difference, ...]
    likeness: DivergenceKey


def likeness(step: Step, outcome: Outcome, found: Sequence[Difference]) -> DivergenceKey:
    """What a finding is, whoever it befell."""
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


class _Place(NamedTuple):
    step: Step
    mark: Any
    outcome: Outcome
    found: tuple[Difference, ...] = ()


class ShrinkTrial:
    """A model and a fast side on one world; each goes back to what the next steps have in common with the last."""

    def __init__(self, world: World, side: RewindableSide, wanted: DivergenceKey | None = None) -> None:
        """wanted: what is looked for, if it is known; other findings end the steps without one."""
        self._memory = FullUndoLog()
        self.world, self.side, self.wanted = world, side, wanted
        self.model = Model(world, self._memory)
        self.played = 0
        self._fields = side.event_fields()
        self._model_path: list[_Place] = []
        self._side_path: list[_Place] = []

    def find(self, steps: Sequence[Step], told_from: int | None = None) -> Divergence | None:
        """The first step where the sides differ, if it is what is wanted.

        told_from: from which place on what accounts are told is compared; the last, where it is known what is wanted.
        """
        try:
            if self.wanted and not self._may_be(steps[-1], self.outcomes(steps)[-1]):
                return None
            usual = len(steps) - 1 if self.wanted else 0
            return self._compared(steps, usual if told_from is None else told_from)
        except UNSAYABLE:
            self._restart()
            return None

    def outcomes(self, steps: Sequence[Step]) -> list[Outcome]:
        """What the model makes of steps."""
        self._rewind(_common(self._model_path, steps))
        for step in steps[len(self._model_path) :]:
            self._advance(step)
        return [place.outcome for place in self._model_path]

    def _rewind(self, steps: int) -> None:
        """Takes the model back to after so many steps."""
        if steps < len(self._model_path):
            self._memory.back(self._model_path[steps].mark)
            del self._model_path[steps:]

    def _advance(self, step: Step) -> None:
        mark = len(self._memory.kept)
        self._model_path.append(_Place(step, mark, self.model.apply(step)))

    def _may_be(self, step: Step, outcome: Outcome) -> bool:
        assert self.wanted is not None
        refusal = outcome.refusal.name if outcome.refusal else ""
        return refusal == self.wanted.refusal and self.wanted.action in (step.action, "batch")

    def _compared(self, steps: Sequence[Step], told_from: int) -> Divergence | None:
        path, last = self._side_path, len(steps) - 1
        same = min(_common(path, steps), last)  # more is compared after the last step than after others
        while same < len(path) and path[same].mark is None:
            same -= 1
        if same < len(path):
            self.side.back(path[same].mark)
            del path[same:]
        if path and path[-1].found:
            return self._finding(same - 1)
        stride = 1 + len(steps) // _MOST_MARKS
        if told_from < last:
            self._rewind(same)  # what accounts are told is compared where both sides stand
        for place in range(same, len(steps)):
            step, mark = steps[place], None if place % stride else self.side.mark()
            played = self.side.apply(step)
            self.played += 1
            if place == len(self._model_path):
                self._advance(step)
            found = differences(played, self._model_path[place].outcome, self._fields)
            if not found and place >= told_from:
                found = self._told(step, named(steps) if place >= last - NEAR_THE_END else step.accounts())
            path.append(_Place(step, mark, played, tuple(found)))
            if found:
                return self._finding(place)
        return None

    def _asks(self, field: str) -> bool:
        return self.wanted is None or self.wanted.field.startswith(field)

    def _finding(self, place: int) -> Divergence | None:
        at, outcome = self._side_path[place], self._model_path[place].outcome
        like = likeness(at.step, outcome, at.found)
        fits = self.wanted is None or self.wanted.is_like(like)
        return Divergence(place, at.step, outcome, at.found, like) if fits else None

    def _told(self, step: Step, accounts: Sequence[AccountId]) -> list[Difference]:
        """Differences in what accounts are told and in the curves, where they are looked for."""
        found: list[Difference] = []
        if self._asks("account.metrics"):
            mine, other = self.side.metrics(accounts, step.at), self.model.metrics(accounts, step.at)
            for account, *told in zip(accounts, mine, other, strict=True):
                found += value_differences(f"{account}.metrics", *told)
        if not found and self._asks("curves"):
            found += value_differences("curves", self.side.curves(), self.model.vault.curves())
        return found

    def _restart(self) -> None:
        """Goes back to the beginning, from wherever a candidate left either side."""
        if self._model_path:
            self._memory.back(self._model_path[0].mark)
        self._memory.undo()
        if self._side_path:
            self.side.back(self._side_path[0].mark)
        self._model_path.clear()
        self._side_path.clear()


def _common(path: Sequence[_Place], steps: Sequence[Step]) -> int:
    """How many steps at the beginning are those of a path."""
    for number, (place, step) in enumerate(zip(path, steps, strict=False)):
        if place.step is not step and place.step != step:
            return number
    return min(len(path), len(steps))
