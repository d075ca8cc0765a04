"""Cases from published sources."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from crossvault.mirror.fixed import WAD

Check = Callable[[], None]


class Case(NamedTuple):
    """One published case: its check, or the reason why it cannot be checked."""

    name: str
    check: Check | None
    why: str = ""


def wad(text: str | float | int) -> int:
    """A decimal in wads, rounded to the nearest wei."""
    return round(Fraction(str(text)) * WAD)
