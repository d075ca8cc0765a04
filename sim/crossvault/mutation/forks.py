"""Forks of a warm process: each does one piece of work in what the process has imported and recorded, and ends."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from crossvault.setup.worker import begin_worker

TIMEOUT, CRASH = "timeout", "crash"
MOST_BYTES = 6 * 2**30  # of memory of a fork: a mutant may ask for any amount

Send = Callable[[Any], None]
Work = Callable[[Send], None]


@dataclass
class ForkResult:
    """What a fork sent, and how it ended: `timeout` by its limit, `crash` by a defect of its work, or empty."""

    name: str
    sent: list[Any] = field(default_factory=list)
    ended: str = ""


@dataclass
class _Running:
    result: ForkResult
    process: int
    text: bytearray = field(default_factory=bytearray)


def run_forks(works: Iterable[tuple[str, Work]], jobs: int) -> Iterator[ForkResult]:
    """Does named pieces of work, so many at a time, each in a fork; yields results as they come."""
    waiting = iter(works)
    running: dict[int, _Running] = {}
    try:
        while True:
            while len(running) < jobs and (piece := next(waiting, None)) is not None:
                reader, process = _forked(piece[1], list(running))
                running[reader] = _Running(ForkResult(piece[0]), process)
            if not running:
                return
            for reader in select.select(list(running), [], [])[0]:
                if part := os.read(reader, 2**16):
                    running[reader].text += part
                    continue
                os.close(reader)
                yield _result(running.pop(reader))
    finally:
        for reader, each in running.items():
            os.close(reader)
            with suppress(ProcessLookupError):
                os.kill(each.process, signal.SIGKILL)
            os.waitpid(each.process, 0)


def limit(seconds: float) -> None:
    """Ends this process after so many seconds of a processor from now on; 0 takes the limit away."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _result(ended: _Running) -> ForkResult:
    _, status = os.waitpid(ended.process, 0)
    lines = bytes(ended.text).splitlines()
    for line in lines:
        with suppress(ValueError):  # the last line of a process that was ended
            ended.result.sent.append(json.loads(line))
    if os.WIFSIGNALED(status):
        ended.result.ended = TIMEOUT if os.WTERMSIG(status) == signal.SIGPROF else CRASH
    elif os.WEXITSTATUS(status):
        ended.result.ended = CRASH
    return ended.result


def _forked(work: Work, others: Iterable[int]) -> tuple[int, int]:
    """Starts a piece of work; returns where it is read, and the process."""
    reader, writer = os.pipe()
    process = os.fork()
    if process:
        os.close(writer)
        return reader, process
    code = 1
    try:
        os.close(reader)
        for each in others:
            os.close(each)
        _begin()
        work(lambda value: _write(writer, value))
        code = 0
    finally:
        os._exit(code)


def _begin() -> None:
    """Prepares a fork: silent, without the signals of its parent, with an end to its memory."""
    begin_worker()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    silent = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(silent, number)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def _write(writer: int, value: Any) -> None:
    line = memoryview(json.dumps(value).encode() + b"\n")
    while line:
        line = line[os.write(writer, line) :]
