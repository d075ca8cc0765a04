"""A rule of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment

Check = Callable[[Moment], Iterator[Breach]]


class Rule(NamedTuple):
    """A rule: its number, its sentence, its function, one of how many steps it is checked at, and its cost.

    known: actions at which today's vault is known to break it (docs/known-weaknesses.md).
    """

    number: str
    sentence: str
    check: Check
    share: int = 1
    cost: str = ""
    known: frozenset[str] = frozenset()
