"""Data inside a page: exact decimal text, deflated blocks, and long series thinned without losing their extremes."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_LEVEL = 6
_TENS = 10
SHORT = 400  # points of a series that is not thinned


def exact(value: int, scale: int = 18) -> str:
    """A scaled integer as decimal text: every digit, without the zeros at its end."""
    whole, rest = divmod(abs(value), _TENS**scale)
    sign = "-" if value < 0 else ""
    digits = f"{rest:0{scale}d}".rstrip("0") if scale else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def packed(value: Any) -> str:
    """A value as JSON, deflated (zlib), in base64."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return b64encode(zlib.compress(text.encode(), _LEVEL)).decode()


def unpacked(text: str) -> Any:
    """The value of a block."""
    return json.loads(zlib.decompress(b64decode(text)))


class DataBlocks:
    """The blocks of a page: each has a name that an element of the page refers to."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._count = 0

    def add(self, value: Any) -> str:
        """Packs a value; returns the name of its block."""
        name = self.name()
        self._waiting.append(f'<script type="text/plain" id="{name}">{packed(value)}</script>\n')
        return name

    def name(self) -> str:
        """A name that no other element of the page has."""
        self._count += 1
        return f"d{self._count}"

    def drain(self) -> Iterator[str]:
        """The elements of the blocks that were added since the last call."""
        yield from self._waiting
        self._waiting.clear()


Point = tuple[int, int | None]  # time [unix seconds] or number of a step, and value; None: there is none
_Placed = tuple[int, Point]


@dataclass(slots=True)
class _Interval:
    """The first, lowest, highest and last point of a stretch of a series with their places, and where it has none."""

    first: _Placed
    last: _Placed
    lowest: _Placed | None = None
    highest: _Placed | None = None
    gaps: tuple[_Placed, ...] = ()

    def add(self, placed: _Placed) -> None:
        value = placed[1][1]
        self.last = placed
        if value is None:
            self.gaps = (*self.gaps[:1], placed)
            return
        if self.lowest is None or value < _value(self.lowest):
            self.lowest = placed
        if self.highest is None or value > _value(self.highest):
            self.highest = placed

    def points(self) -> Iterator[Point]:
        kept = dict(each for each in (self.first, self.lowest, self.highest, self.last, *self.gaps) if each)
        for place in sorted(kept):
            yield kept[place]


def _value(placed: _Placed) -> int:
    value = placed[1][1]
    assert value is not None
    return value


@dataclass(slots=True)
class ThinnedSeries:
    """A series in bounded memory: of each interval of time, and of each of places, first, last, lowest and highest.

    `start` and `end` are the first and last time; `rows` is how many places are expected; `parts` is the number of
    intervals of each of the two. Kept points are exact: none is an average. Of points without a value, the first and
    last of an interval are kept. At most `12 * parts` points are kept, and of a series of at most SHORT points all.
    """

    start: int
    end: int
    rows: int
    parts: int = 240
    count: int = 0
    _whole: list[_Placed] = field(default_factory=list)
    _done: list[Point] = field(default_factory=list)
    _key: tuple[int, int] | None = None
    _open: _Interval | None = None

    def add(self, place: int, at: int, value: int | None) -> None:
        """Adds a point; places and times never fall."""
        self.count += 1
        self._whole.append((place, (at, value)))
        if self.count > SHORT:
            for each in self._whole:
                self._thin(*each)
            self._whole.clear()

    def _thin(self, place: int, point: Point) -> None:
        placed, at = (place, point), point[0]
        key = self._interval(at - self.start, self.end - self.start), self._interval(place, self.rows)
        if self._open is None or key != self._key:
            self._done += self._open.points() if self._open else ()
            self._key, self._open = key, _Interval(placed, placed)
        self._open.add(placed)

    def points(self) -> list[Point]:
        """The kept points, in their order."""
        open_ = self._open.points() if self._open else ()
        return [*self._done, *open_, *(point for _, point in self._whole)]

    def _interval(self, part: int, whole: int) -> int:
        return min(self.parts - 1, max(0, part) * self.parts // max(1, whole))
