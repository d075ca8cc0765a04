"""Notices on stderr: what a command does while it works, and how long that took; results are not among them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class Verbosity(IntEnum):
    """How much is printed beside results and errors."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_chosen = Verbosity.NORMAL


def choose(verbosity: Verbosity) -> None:
    """Sets how much is printed from now on."""
    global _chosen
    _chosen = verbosity


def notice(text: str) -> None:
    """Prints a line, but for a quiet command."""
    if _chosen >= Verbosity.NORMAL:
        print(text, file=sys.stderr, flush=True)


def detail(text: str) -> None:
    """Prints a line of a verbose command."""
    if _chosen >= Verbosity.VERBOSE:
        print(text, file=sys.stderr, flush=True)


def is_verbose() -> bool:
    """Whether a command prints all that it has."""
    return _chosen >= Verbosity.VERBOSE


def is_drawn() -> bool:
    """Whether progress is drawn: on a terminal, but for a quiet command."""
    return _chosen >= Verbosity.NORMAL and sys.stderr.isatty()


@contextmanager
def timed(present: str, past: str) -> Iterator[None]:
    """Shows what is being done, with the seconds so far, where progress is drawn; at its end prints what it took."""
    begun = time.monotonic()
    with _drawn(present):
        yield
    notice(f"crossvault: {past} in {time.monotonic() - begun:.1f} s")


@contextmanager
def _drawn(present: str) -> Iterator[None]:
    if not is_drawn():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(present, total=None)
        yield
