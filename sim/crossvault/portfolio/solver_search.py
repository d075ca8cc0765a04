"""Searches over integers: the place where a buffer changes its sign, and its two neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

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


def is_accepted(found: int | None) -> bool:
    """Whether a buffer is not negative."""
    return found is not None and found >= 0


def _secant(inside: int, near: int, outside: int, far: int) -> int:
    """The place where the line through both ends is zero, within the bracket."""
    place = inside + int(Fraction((outside - inside) * near, near - far))
    low, high = (inside, outside) if inside < outside else (outside, inside)
    return min(high - 1, max(low + 1, place))
