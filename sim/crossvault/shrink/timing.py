"""Timing: steps that can happen at once do, and each wait is as short and round as it can be."""

from __future__ import annotations

from crossvault.shrink.removal import Attempt, Steps
from crossvault.shrink.rewrite import is_time, leaves, shifted

_ROUND = (0, 1, 60, 600, 3_600, 21_600, 86_400)
_HALVINGS = 24


def shorten_waits(steps: Steps, starts_at: int, attempt: Attempt) -> Steps:
    """Shortens the times between steps; times in arguments move along."""
    place = 0
    while place < len(moments := _moments(steps, starts_at)) - 1:
        gap = moments[place + 1] - moments[place]
        if found := _closed(steps, moments[place + 1], gap, attempt):
            steps = found
            continue  # the next moment has come nearer, or is the same now
        place += 1
    return steps


def _moments(steps: Steps, starts_at: int) -> list[int]:
    """Every time in the steps, from the start [unix seconds]."""
    ats = {step.at for step in steps}
    named = {value for step in steps for name, value in leaves(step) if type(value) is int and is_time(name, value)}
    return sorted({starts_at} | ats | {each for each in named if each > starts_at})


def _closed(steps: Steps, after: int, gap: int, attempt: Attempt) -> Steps | None:
    """The steps with a shorter gap before a moment; None where no shorter one will do."""
    for left in [each for each in _ROUND if each < gap]:
        for ends_too in (True, False):
            if found := attempt(shifted(steps, after, gap - left, ends_too)):
                return found
    low, high, best = 0, gap, None
    for _ in range(_HALVINGS if gap not in _ROUND else 0):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        found = attempt(shifted(steps, after, gap - middle, True))
        best = found or best
        low, high = (low, middle) if found else (middle, high)
    return best
