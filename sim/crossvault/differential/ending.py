"""Exit codes, and the classes of exceptions that end a command as expected: each carries its code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

DONE, FAILED, USAGE, MISSING, INTERRUPTED, DISAGREED, MISSED = range(7)
DEFECT = 70  # as EX_SOFTWARE of sysexits.h: a fault of crossvault itself
WORST_LAST = (DONE, MISSED, USAGE, MISSING, INTERRUPTED, DEFECT, DISAGREED, FAILED)


class InputProblem(NamedTuple):
    """A problem of the user's input, and where it is, as far as that is known; as text `file:line: field: problem`.

    argument: that of the command line which replaces a part of a file.
    """

    problem: str
    file: str | None = None
    line: int | None = None
    field: str | None = None
    argument: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return ": ".join(each for each in (self.argument, place, self.field, self.problem) if each)


class Ending(Exception):
    """An expected end of a command: its text is the message, without a traceback; problems: those with a place."""

    exit_code: ClassVar[int]

    def __init__(self, *problems: object) -> None:
        super().__init__("\n".join(str(each) for each in problems))
        self.problems = tuple(each for each in problems if isinstance(each, InputProblem))


class FailedRun(Ending):
    """The sides differ, an invariant broke, or a story went otherwise than its file states."""

    exit_code = FAILED


class Broken(FailedRun):
    """An invariant of the model does not hold."""


class BrokenInvariant(Broken):
    """An invariant does not hold: its number or name, the numbers that should agree, the step, and the money [wad].

    sentence: what holds of it, where a rule of the judge has one.
    """

    def __init__(
        self, number: str, what: str, where: str, money_wad: int | None = None, sentence: str | None = None
    ) -> None:
        super().__init__(f"{number}: {what} ({where})")
        self.number, self.what, self.where, self.money_wad, self.sentence = number, what, where, money_wad, sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.number, self.what, self.where, self.money_wad, self.sentence)


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
    """Returns the exit code of an expected end, or of the environment's fault; None for a defect of crossvault."""
    if isinstance(error, Ending):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, OSError | MemoryError):  # a full disk, missing rights, a lost connection, no memory
        return MISSING
    from concurrent.futures.process import BrokenProcessPool

    # the system ended a process of a search: mostly for want of memory
    return MISSING if isinstance(error, BrokenProcessPool) else None


def worst(codes: Iterable[int]) -> int:
    """The code of several ends: that of a finding before any other, DONE where there is none."""
    return max(codes, key=WORST_LAST.index, default=DONE)


def words(error: BaseException) -> str:
    """The message of an end; an error of the system names its file first."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, KeyboardInterrupt):
        return str(error) or "interrupted"
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    return str(error) or type(error).__name__


def reason(error: Exception) -> str:
    """The reason for which a file cannot be read, without its name."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
