"""Who holds the other side of a position: of an instrument, whose long is whose short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class SideChange(NamedTuple):
    """A change of what an owner holds against another, who holds the opposite: a signed size [wad]."""

    owner: str
    other: str
    size: int


class OpposingSides:
    """The positions of owners in an instrument, each split by who holds the other side.

    An owner is long against all of its others or short against all. Who reduces a position leaves it: its others that
    were short and those that were long hold each other's side from then on, the oldest first.
    """

    def __init__(self) -> None:
        self._held: dict[str, dict[str, int]] = {}

    def held(self, owner: str) -> Mapping[str, int]:
        """The signed size that an owner holds against each other [wad]; none is zero."""
        return self._held.get(owner, {})

    def all(self) -> Iterator[SideChange]:
        """What every owner holds against each other, each pair once."""
        for owner, others in self._held.items():
            for other, size in others.items():
                if owner < other:
                    yield SideChange(owner, other, size)

    def exchange(self, buyer: str, seller: str, size: int) -> list[SideChange]:
        """Moves a signed size from a seller to another buyer; returns the changes that follow where one reduces."""
        self._add(SideChange(buyer, seller, size))
        return [*self._left(buyer), *self._left(seller)]

    def _left(self, owner: str) -> Iterator[SideChange]:
        """Joins the others of an owner until it is long against all of them or short: the new ones are the last."""
        mine = self._held[owner]
        while mine:
            oldest, newest = next(iter(mine)), next(reversed(mine))
            if (mine[oldest] < 0) == (mine[newest] < 0):
                return
            size = min(abs(mine[oldest]), abs(mine[newest]))
            size = size if mine[oldest] > 0 else -size
            for change in (
                SideChange(owner, oldest, -size), SideChange(owner, newest, size), SideChange(oldest, newest, -size),
            ):  # fmt: skip
                self._add(change)
                yield change

    def _add(self, change: SideChange) -> None:
        for owner, other, size in (change, SideChange(change.other, change.owner, -change.size)):
            mine = self._held.setdefault(owner, {})
            before = mine.get(other, 0)
            if (before < 0) != (before + size < 0) or before + size == 0:
                mine.pop(other, None)  # one that turns is new
            if before + size:
                mine[other] = before + size
