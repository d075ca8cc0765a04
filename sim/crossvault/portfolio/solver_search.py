"""Searches over integers: the place where a buffer changes its sign, and the place of the least value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache

_FEW = 64  # integers that are evaluated one by one
_DIPS = 3  # low points that are followed
_NOISE = 2**13  # wei by which roundings move a margin

Bracket = tuple[int, int, int]
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
    """The largest accepted place, of points in order: from the last accepted one towards the refused one after it.

    Roundings may accept a place again a few integers further: those next to it are evaluated one by one.
    """
    refused = None
    for point in reversed(points):
        if is_accepted(buffer(point)):
            return point if refused is None else _beyond(buffer, edge(buffer, point, refused))
        refused = point
    return None


def _beyond(buffer: Buffer, place: int) -> int:
    """The last accepted place before a gap of refused ones, or one that no rounding explains."""
    further = place + 1
    while further <= place + _FEW and (found := buffer(further)) is not None and found >= -_NOISE:
        place, further = (further if found >= 0 else place), further + 1
    return place


def first(buffer: Buffer, points: Iterable[int]) -> int | None:
    """The first accepted place, of points in order: from the first accepted one back to the refused one before it."""
    refused = None
    for point in points:
        if is_accepted(buffer(point)):
            return point if refused is None else edge(buffer, point, refused)
        refused = point
    return None


def lowest(value: Callable[[int], int], points: Sequence[int]) -> int:
    """The place of the least value, of points in order: the lowest points, and what is lower next to them.

    Between the points on both sides of a low one, the value is taken to fall and then to rise. The bracket narrows by
    the place where the lines from both its ends meet, which is that of one bend, by places near the lowest, and by
    golden sections. The last integers are evaluated one by one: neither neighbour of the answer is lower.
    """
    cached = cache(value)
    heights, ends = [cached(each) for each in points], len(points) - 1
    dips = [k for k in range(ends + 1) if heights[k] <= min(heights[max(0, k - 1)], heights[min(ends, k + 1)])]
    deepest = sorted(dips, key=heights.__getitem__)[:_DIPS]
    return min(
        (_least(cached, points[max(0, k - 1)], points[k], points[min(ends, k + 1)]) for k in deepest), key=cached
    )


def is_accepted(found: int | None) -> bool:
    """Whether a buffer is not negative."""
    return found is not None and found >= 0


def _secant(inside: int, near: int, outside: int, far: int) -> int:
    """The place where the line through both ends is zero, within the bracket."""
    place = inside + int(Fraction((outside - inside) * near, near - far))
    low, high = (inside, outside) if inside < outside else (outside, inside)
    return min(high - 1, max(low + 1, place))


def _least(value: Callable[[int], int], low: int, best: int, high: int) -> int:
    """The place of the least value in a bracket."""
    around = low, best, high
    while (width := around[2] - around[0]) > _FEW:
        around = _narrowed(value, around, _meeting(value, around[0], around[2]))
        for side in (-1, 1):
            around = _narrowed(value, around, around[1] + side * width // 32)
        if around[2] - around[0] > width // 2:
            around = _narrowed(value, around, _golden(*around))
    best = min(range(around[0], around[2] + 1), key=value)
    while low < best < high and value(near := min(best - 1, best + 1, key=value)) < value(best):
        best = near
    return best


def _narrowed(value: Callable[[int], int], around: Bracket, tried: int | None) -> Bracket:
    """A bracket (low, best, high) after one more place."""
    low, best, high = around
    if tried is None or tried == best or not low < tried < high:
        return around
    if value(tried) < value(best):
        return (low, tried, best) if tried < best else (best, tried, high)
    return (tried, best, high) if tried < best else (low, best, tried)


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
