"""The last pass: whether a story is minimal is tried over every call and every argument of it."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.differential.step import Step
from crossvault.shrink.removal import Attempt, Steps
from crossvault.shrink.rewrite import leaves, replaced
from crossvault.shrink.simplification import is_amount, weight


def check_minimal(steps: Steps, attempt: Attempt) -> Steps:
    """Leaves out each call, and makes each argument simpler, alone; returns the first that still fails, or the same."""
    for candidate in _smaller(steps):
        if found := attempt(candidate):
            return found
    return steps


def _smaller(steps: Steps) -> Iterator[list[Step]]:
    """The story without each of its calls but the last, and with each of its quantities simpler."""
    for place in range(len(steps) - 2, -1, -1):
        yield [*steps[:place], *steps[place + 1 :]]
    for place, step in enumerate(steps):
        for name, value in dict.fromkeys(leaves(step)):
            for simpler in simpler_values(value) if is_amount(name, value) else ():
                yield replaced(steps, {(place, name, value): simpler})


def simpler_values(value: int) -> list[int]:
    """Zero, one, the opposite, a unit less and a digit less: those of them that are simpler than a value."""
    sign, size = (-1 if value < 0 else 1), abs(value)
    unit = 10 ** (len(str(size)) - len(str(size).rstrip("0"))) if size else 1
    tried = (0, sign, -value, sign * (size - unit), sign * (size // 10), sign * (size // (10 * unit) * 10 * unit))
    return [each for each in dict.fromkeys(tried) if weight(each) < weight(value)]
