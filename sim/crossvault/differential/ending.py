"""Exit codes, and the classes of exceptions that end a command as expected: each carries its code."""

from __future__ import annotations

from typing import ClassVar

DONE, FAILED, USAGE, MISSING, INTERRUPTED, DISAGREED, MISSED = range(7)


class Ending(Exception):
    """An expected end of a command: its text is the message, without a traceback."""

    exit_code: ClassVar[int]


class FailedRun(Ending):
    """The sides differ, an invariant broke, or a story went otherwise than its file states."""

    exit_code = FAILED


class BadInput(Ending):
    """Bad usage or bad input."""

    exit_code = USAGE


class BadEnvironment(Ending):
    """The environment lacks a tool, or the node was lost."""

    exit_code = MISSING


class Interruption(Ending):
    """An end before the work was done; what was recorded until then is kept."""

    exit_code = INTERRUPTED


class EngineConflict(Ending):
    """The two engines of the chain disagree with each other."""

    exit_code = DISAGREED


class MissedThreshold(Ending):
    """A threshold was not met."""

    exit_code = MISSED


def exit_code(error: BaseException) -> int | None:
    """Returns the exit code of an expected end; None for a defect, which must stay a traceback."""
    if isinstance(error, Ending):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    from concurrent.futures.process import BrokenProcessPool

    # the system ended a process of a search: mostly for want of memory
    return MISSING if isinstance(error, BrokenProcessPool) else None
