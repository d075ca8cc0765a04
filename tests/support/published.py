"""A case that others published."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from crossvault.mirror.fixed import WAD

Check = Callable[[], None]


class Case(NamedTuple):
    """One published case: what to check, or why it cannot be."""

    name: str
    check: Check | None
    why: str = ""


def wad(text: str | float | int) -> int:
    """A decimal of a file in wads, exactly but for what is below half a wei."""
    return round(Fraction(str(text)) * WAD)
