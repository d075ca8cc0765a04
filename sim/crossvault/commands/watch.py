"""`--watch`: a command again whenever contracts, scenarios, data or the code of the mirror change.

Each time is a process of its own, so that changed code is read; what has not changed is compiled by nothing, as builds
are kept by content. A change during a run ends the run and begins it again.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from crossvault.differential.ending import DONE, INTERRUPTED
from crossvault.setup import toolchain
from crossvault.setup.notices import notice

FLAG = "--watch"
SUFFIXES = (".sol", ".py", ".yaml", ".yml", ".toml", ".csv", ".parquet", ".json")
QUIET_SECS = 0.3  # without a change, before a change counts: an editor writes a file in several steps
_LOOK_SECS = 0.1
_GRACE_SECS = 1.1  # a command has less than two seconds to end
_CHANGING = ("modified", "created", "moved", "deleted")  # files that are only read are opened and closed

Changes = queue.SimpleQueue[str]


class ChangeHandler(FileSystemEventHandler):
    """Notes the paths of source files that change below a folder; hidden folders and those of caches are left out."""

    def __init__(self, folder: Path, changes: Changes) -> None:
        self._folder, self._changes = folder, changes

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Notes a change."""
        if event.is_directory or event.event_type not in _CHANGING:
            return
        for each in filter(None, (event.src_path, getattr(event, "dest_path", ""))):
            path = Path(os.fsdecode(each))
            if is_source(path, self._folder):
                self._changes.put(str(path))


def is_source(path: Path, folder: Path) -> bool:
    """Whether a change of a file below a folder is one to look at."""
    parts = path.relative_to(folder).parts if path.is_relative_to(folder) else (path.name,)
    hidden = any(part.startswith(".") or part in ("__pycache__", "node_modules") for part in parts)
    return path.suffix in SUFFIXES and not hidden


def watch(words: Sequence[str], places: Sequence[Path]) -> int:
    """Runs a command line again at each change until Ctrl-C; the exit code is that of the last run that ended.

    Ctrl-C during a run ends with the code of that run: INTERRUPTED, unless it had found something before.
    """
    command = [sys.executable, "-P", "-m", "crossvault", *(word for word in words if not _is_flag(word))]
    changes: Changes = queue.SimpleQueue()
    observer: Any = Observer()
    for folder, is_deep in _folders(places):
        observer.schedule(ChangeHandler(folder, changes), str(folder), recursive=is_deep)
    observer.start()
    code = DONE
    try:
        while True:
            code = _run(command, changes)
            notice(f"crossvault: ended with exit code {code}; waiting for a change, Ctrl-C ends")
            changed = _awaited(changes)
            notice(f"crossvault: changed: {', '.join(sorted(map(os.path.relpath, changed)))}")
    except _Interrupted as during:
        return during.code
    except KeyboardInterrupt:
        return code
    finally:
        observer.stop()


def watched(arguments: Namespace) -> list[Path]:
    """The files and folders that the result of a command depends on."""
    given = [*getattr(arguments, "scenarios", ()), arguments.contracts, getattr(arguments, "against", None)]
    return [*_shipped(), *(Path(each) for each in given if each and Path(each).exists())]


def watched_by_tests() -> list[Path]:
    """The files and folders that the result of the tests depends on."""
    root = toolchain.clone()
    return [*_shipped(), *([root / "tests"] if root else [])]


def _shipped() -> list[Path]:
    return [toolchain.contracts_dir(), toolchain.PACKAGE]


class _Interrupted(Exception):
    """Ctrl-C during a run, with its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


def _is_flag(word: str) -> bool:
    return len(word) > 3 and FLAG.startswith(word)  # argparse takes the beginning of a flag, too


def _folders(places: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """The folders to look at, each once, and whether those below them count."""
    found: dict[Path, bool] = {}
    for each in places:
        path = each.resolve()
        folder = path if path.is_dir() else path.parent
        found[folder] = found.get(folder, False) or path.is_dir()
    deep = [folder for folder, is_deep in found.items() if is_deep]
    for folder, is_deep in found.items():
        if not any(other in folder.parents for other in deep):
            yield folder, is_deep


def _run(command: Sequence[str], changes: Changes) -> int:
    """The exit code of a run; a change on the way ends it and begins another."""
    while True:
        with suppress(queue.Empty):  # what changed before it begins is no reason to begin again
            while True:
                changes.get_nowait()
        child = subprocess.Popen(command)
        try:
            while child.poll() is None:
                if not changes.empty():
                    break
                time.sleep(_LOOK_SECS)
            else:
                return child.returncode if child.returncode >= 0 else INTERRUPTED
        except KeyboardInterrupt:
            raise _Interrupted(_ended(child, signal.SIGINT)) from None
        notice("crossvault: a file changed: from the beginning")
        _ended(child, signal.SIGTERM)
        _awaited(changes)


def _ended(child: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """Ends a run by a signal, which a terminal may have sent to it already; its exit code."""
    with suppress(OSError):
        child.send_signal(number)
    try:
        code = child.wait(_GRACE_SECS)
    except subprocess.TimeoutExpired:
        child.kill()
        code = child.wait()
    return code if code >= 0 else INTERRUPTED


def _awaited(changes: Changes) -> set[str]:
    """Awaits a change, and then that nothing changes any more; returns the paths."""
    found: set[str] = set()
    while not found:
        with suppress(queue.Empty):
            found.add(changes.get(timeout=_LOOK_SECS))
    with suppress(queue.Empty):
        while True:
            found.add(changes.get(timeout=QUIET_SECS))
    return found
