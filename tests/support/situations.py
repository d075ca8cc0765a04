"""Commands in hard situations: a full disk, a reader that is gone, lacking rights, signals, little memory.

A command runs in a fork of this process, which has imported the whole package: a start costs hundredths of a second.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NamedTuple

import crossvault
from crossvault.__main__ import main

Situation = Callable[[], None]

_WAIT_SECS = 60.0
_STRANGER = 65534


class EndedCommand(NamedTuple):
    """The exit code of a command, what it printed on both streams, and the seconds from a signal to its end."""

    code: int
    out: str
    err: str
    secs: float = 0.0
    process: int = 0


def import_package() -> None:
    """Imports every module, so that no fork does it again for itself."""
    for each in walk_packages(crossvault.__path__, "crossvault."):
        import_module(each.name)


def plain() -> None:
    """Nothing is hard."""


def full_output() -> None:
    """Standard output goes to a full disk."""
    _redirect(os.open("/dev/full", os.O_WRONLY), 1)


def full_errors() -> None:
    """Standard error goes to a full disk."""
    _redirect(os.open("/dev/full", os.O_WRONLY), 2)


def reader_gone() -> None:
    """The reader of standard output has ended, as in `… | true`."""
    reader, writer = os.pipe()
    os.close(reader)
    _redirect(writer, 1)


def readers_gone() -> None:
    """The reader of both streams has ended, as in `… 2>&1 | true`."""
    reader_gone()
    os.dup2(1, 2)


def closed_output() -> None:
    """Standard output is closed, as in `… >&-`."""
    os.close(1)


def small_files() -> None:
    """No file may grow beyond 2 kB, as on a disk that fills."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_048, 2_048))


def dead_proxy() -> None:
    """A proxy is set, and none is there."""
    os.environ.update(dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"), "http://127.0.0.1:9"))
    for name in ("NO_PROXY", "no_proxy"):
        os.environ.pop(name, None)


def little_memory() -> None:
    """Beyond what the process has, 200 MB of memory may be taken."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + 200 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def without_rights() -> None:
    """Another user, who may write nowhere; a folder without the right to write does it where the tests are not root."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(_STRANGER)
        os.setuid(_STRANGER)


def ended(*words: str, folder: Path, situation: Situation = plain) -> EndedCommand:
    """Runs a command in a situation."""
    child = _forked(words, folder, situation)
    return _result(child, folder, time.monotonic())


def signalled(*words: str, folder: Path, until: Callable[[], bool], number: int = signal.SIGTERM) -> EndedCommand:
    """Runs a command and sends it a signal once a condition holds."""
    child, began = _forked(words, folder, plain), time.monotonic()
    while time.monotonic() - began < _WAIT_SECS and not until():
        time.sleep(0.02)
    sent = time.monotonic()
    os.kill(child, number)
    return _result(child, folder, sent)


def _forked(words: tuple[str, ...], folder: Path, situation: Situation) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # a collection in the child would copy all that this process holds
    child = os.fork()
    if child == 0:
        _become(words, folder, situation)
    return child


def _result(child: int, folder: Path, since: float) -> EndedCommand:
    _, status = os.waitpid(child, 0)
    secs = time.monotonic() - since
    out, err = ((folder / name).read_text(errors="replace") for name in (".out", ".err"))
    return EndedCommand(os.waitstatus_to_exitcode(status), out, err, secs, child)


def _become(words: tuple[str, ...], folder: Path, situation: Situation) -> None:
    """The child: streams, folder and situation as for a process of its own; never returns."""
    code = 99
    try:
        for number, name in ((1, ".out"), (2, ".err")):
            _redirect(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.setsid()
        os.chdir(folder)
        situation()
        sys.stdout, sys.stderr = _stream(1), _stream(2)
        code = main(words)
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _stream(number: int) -> Any:
    """A text stream on a descriptor as Python opens it; None where it is closed."""
    try:
        os.fstat(number)
    except OSError:
        return None
    return open(number, "w", encoding="utf8", closefd=False)


def _redirect(source: int, number: int) -> None:
    os.dup2(source, number)
    os.close(source)
