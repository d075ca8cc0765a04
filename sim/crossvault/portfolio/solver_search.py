"""Searches over integers: the place where a buffer changes its sign, and the place of the least value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache

_FEW = 64  # integers that are evaluated one by one

Buffer = Callable[[int], int | None]  # none: refused, whatever the margin


def edge(buffer: Buffer, inside: int, outside: int) -> int:
    """The last integer from `inside`, where the buffer is not negative, towards `outside`, where it is.

    The next integer has a negative buffer or none: both are evaluated, whatever the shape between. Secants narrow the
    bracket, and halving where they do not.
    """
    near, far = buffer(inside), buffer(outside)
    assert near is not None and near >= 0 and not is_accepted(far), "no change of sign"
    halve = False
    while abs(outside - inside) > 1:
        width = abs(outside - inside)
        middle = (inside + outside) // 2 if halve or far is None else _secant(inside, near, outside, far)
        found = buffer(middle)
        if found is not None and found >= 0:
            inside, near = middle, found
        else:
            outside, far = middle, found
        halve = not halve and abs(outside - inside) * 4 > width
    return inside


def last(buffer: Buffer, points: Sequence[int]) -> int | None:
    """The largest accepted place, of points in order: from the last accepted one towards the refused one after it."""
    refused = None
    for point in reversed(points):
        if is_accepted(buffer(point)):
            return point if refused is None else edge(buffer, point, refused)
        refused = point
    return None


def first(buffer: Buffer, points: Iterable[int]) -> int | None:
    """The first accepted place, of points in order: from the first accepted one back to the refused one before it."""
    refused = None
    for point in points:
        if is_accepted(buffer(point)):
            return point if refused is None else edge(buffer, point, refused)
        refused = point
    return None


def lowest(value: Callable[[int], int], points: Sequence[int]) -> int:
    """The place of the least value, of points in order: the lowest point, and what is lower next to it.

    Between the points on both sides of the lowest one, the value is taken to fall and then to rise. The search tries
    where the lines from both sides meet, which is the place of one bend, and golden sections. It ends where both
    neighbours are higher, or where every integer that is left was evaluated.
    """
    cached = cache(value)
    place = min(range(len(points)), key=lambda each: cached(points[each]))
    low, high = points[max(0, place - 1)], points[min(len(points) - 1, place + 1)]
    best, by_lines = points[place], True
    while high - low > _FEW:
        best = _downhill(cached, low, best, high)
        if all(cached(each) > cached(best) for each in (best - 1, best + 1) if low <= each <= high):
            return best
        tried = _meeting(cached, low, high) if by_lines else None
        tried = _golden(low, best, high) if tried is None or tried == best else tried
        by_lines = not by_lines
        if cached(tried) < cached(best):
            low, best, high = (low, tried, best) if tried < best else (best, tried, high)
        else:
            low, high = (tried, high) if tried < best else (low, tried)
    return min(range(low, high + 1), key=cached)


def is_accepted(found: int | None) -> bool:
    """Whether a buffer is not negative."""
    return found is not None and found >= 0


def _secant(inside: int, near: int, outside: int, far: int) -> int:
    """The place where the line through both ends is zero, within the bracket."""
    place = inside + int(Fraction((outside - inside) * near, near - far))
    low, high = (inside, outside) if inside < outside else (outside, inside)
    return min(high - 1, max(low + 1, place))


def _downhill(value: Callable[[int], int], low: int, best: int, high: int) -> int:
    """A few steps to lower neighbours."""
    for _ in range(_FEW // 8):
        near = min((each for each in (best - 1, best + 1) if low <= each <= high), key=value)
        if value(near) >= value(best):
            return best
        best = near
    return best


def _meeting(value: Callable[[int], int], low: int, high: int) -> int | None:
    """The place within a bracket where the lines through its ends and the places next to them meet."""
    step = max(1, (high - low) // 1_000)
    fall, rise = value(low) - value(low + step), value(high) - value(high - step)
    if fall + rise <= 0:
        return None
    lead = value(low) - value(high) + Fraction(rise * (high - low), step)
    place = low + int(lead * step / (fall + rise))
    return place if low < place < high else None


def _golden(low: int, best: int, high: int) -> int:
    """The golden section of the larger side of a bracket."""
    if best - low > high - best:
        return best - max(1, (best - low) * 382 // 1_000)
    return best + max(1, (high - best) * 382 // 1_000)
