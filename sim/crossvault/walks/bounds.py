"""A walk that ends at the edges: every door by a stranger, and its numbers at the limits that refusals name.

A refusal names the limit of its door. So a number far beyond all bounds is tried on the model alone, and the limit that
the refusal names is then played on both sides, with one less and one more.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from crossvault.differential.drive import observed
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import Story
from crossvault.evm.abi import Interface
from crossvault.evm.artifacts import Build
from crossvault.evm.codec import AddressBook, Codec
from crossvault.evm.deploy import vault_abi
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.walks.base import STRANGER
from crossvault.walks.random_walk import Walk

_FAR = 2**255
_MOST_ITEMS = 2  # of an array: the first and the last represent all
_UNBOUND = ("mint", "transfer", "batch")

Path = tuple[Any, ...]


class BoundsWalk(Walk):
    """A random walk, and then the limits of every door that it went through."""

    def __init__(self, seed: int, steps: int, build: Build) -> None:
        """build: contracts whose door types decide which numbers can be encoded."""
        super().__init__(seed, steps)
        self._doors = Interface(vault_abi(build), Codec(AddressBook()))

    def story(self) -> Story:
        """The walk as a story; it can be played once."""
        story = super().story()
        return replace(story, name=f"bounds-{self._seed}", hash=f"bounds {story.hash}")

    def steps(self, model: Model) -> Generator[Step, Outcome, None]:
        """The set-up, the given number of random steps, and the limits."""
        taken: dict[str, Step] = {}

        def note(step: Step, outcome: Outcome) -> None:
            if outcome.refusal is None:
                taken[step.action] = step

        yield from observed(super().steps(model), after=note)
        for action, found in taken.items():
            if action not in _UNBOUND:
                yield replace(found, at=self._at, sender=STRANGER)
                yield from self._edges(model, replace(found, at=self._at))

    def _edges(self, model: Model, step: Step) -> Iterator[Step]:
        for path, value in _numbers(step.args):
            limits = {limit for far in (_FAR, -_FAR) for limit in _limits(model, _with(step, path, far), far)}
            signed = value < 0 or any(limit < 0 for limit in limits)
            sides = (1, -1) if signed else (1,)
            near = {side * limit + by for limit in limits for side in sides for by in (-1, 0, 1)} | {0, 1}
            for each in sorted(near):
                edge = _with(step, path, each)
                if (signed or each >= 0) and each != value and self._fits(edge):
                    yield edge

    def _fits(self, step: Step) -> bool:
        """Whether the arguments fit the types of the door."""
        try:
            self._doors.call(step.action, step.args)
        except ValueError:
            return False
        return True


def _limits(model: Model, step: Step, far: int) -> set[int]:
    """The numbers in the refusal of a step, except the refused one."""
    try:
        model.call(step)
    except Refusal as refused:
        numbers = (each for each in refused.args if isinstance(each, int) and not isinstance(each, bool))
        return {each for each in numbers if abs(each) != abs(far) and abs(each) < 2**128}
    except (ArithmeticError, IndexError, ValueError):
        return set()
    finally:
        model.journal.undo()
        model.vault.events = ()
    return set()


def _numbers(value: Any, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Every integer in some arguments, with its path."""
    if isinstance(value, bool | str | AccountId):
        return
    if isinstance(value, int):
        yield path, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _numbers(each, (*path, name))
    elif isinstance(value, tuple):
        places = list(range(len(value)))
        if not hasattr(value, "_fields"):
            places = sorted({*places[: _MOST_ITEMS - 1], *places[-1:]})
        for place in places:
            yield from _numbers(value[place], (*path, place))


def _with(step: Step, path: Path, number: int) -> Step:
    """The step with another number at a path."""
    return replace(step, args=_changed(step.args, path, number))


def _changed(value: Any, path: Path, number: int) -> Any:
    if not path:
        return number
    first, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, first: _changed(value[first], rest, number)}
    items = [*value[:first], _changed(value[first], rest, number), *value[first + 1 :]]
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
