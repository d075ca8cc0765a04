"""A trial plays candidates in one world and finds the divergence that is wanted: all that a shrinker needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from crossvault.differential.compare import Difference
from crossvault.differential.step import Outcome, Step, World


class DivergenceKey(NamedTuple):
    """The likeness of two divergences: the action, the refusal of the model or "", the field that differs first."""

    action: str
    refusal: str
    field: str

    @property
    def is_view(self) -> bool:
        """Whether the field is a margin metric or a curve, which are queried, and not part of a step's outcome."""
        return self.field.startswith(("account.metrics", "curves"))

    def is_like(self, other: DivergenceKey) -> bool:
        """Whether another divergence is the same one; a call of a batch may have become a step of its own."""
        alone = self.action == "batch" and other.action != "batch"
        return self == other or (alone and self._replace(action=other.action) == other)


class Divergence(NamedTuple):
    """The first step where the sides differ: its place, from 0, the model's outcome, and the differences."""

    place: int
    step: Step
    outcome: Outcome
    found: tuple[Difference, ...]
    likeness: DivergenceKey


class Trial(Protocol):
    """Two sides in one world on which candidates are played, as often as wanted.

    wanted: the likeness that is looked for, once it is known; other divergences do not count.
    played: the number of steps played so far.
    """

    world: World
    wanted: DivergenceKey | None
    played: int

    def aim(self, steps: Sequence[Step]) -> Divergence | None:
        """Settles what is wanted by the first steps; returns their divergence where they had to be played for it."""
        ...

    def find(self, steps: Sequence[Step]) -> Divergence | None:
        """The first divergence of steps, if it is the one that is wanted."""
        ...

    def earliest(self, steps: Sequence[Step]) -> Divergence | None:
        """The same with every field compared after every step, so that no difference is noticed late."""
        ...

    def outcomes(self, steps: Sequence[Step]) -> list[Outcome]:
        """The model's outcomes of steps."""
        ...

    def close(self) -> None:
        """Frees the sides."""
        ...
