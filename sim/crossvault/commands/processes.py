"""The processes that a command has started, and theirs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def end_descendants() -> None:
    """Ends every process that this one started, and those that they started, at once."""
    for process in list(_descendants(os.getpid(), _parents())):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def _descendants(process: int, parents: dict[int, int]) -> Iterator[int]:
    for child in (each for each, parent in parents.items() if parent == process):
        yield child
        yield from _descendants(child, parents)


def _parents() -> dict[int, int]:
    """The parent of every process, from /proc, or from ps where there is none."""
    if not Path("/proc/self/stat").exists():
        return _parents_of_ps()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                # after the name in parentheses, which may hold blanks: state, parent
                found[int(entry.name)] = int((entry / "stat").read_text(encoding="utf8").rpartition(")")[2].split()[1])
    return found


def _parents_of_ps() -> dict[int, int]:
    import subprocess

    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    return {int(line.split()[0]): int(line.split()[1]) for line in listed.splitlines()}
