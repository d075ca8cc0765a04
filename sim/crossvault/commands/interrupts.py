"""The end of a command by a signal: it may keep what it has, and two seconds later nothing of it runs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from crossvault.commands.processes import end_descendants
from crossvault.differential.ending import INTERRUPTED

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_GRACE_SECS = 1.4  # what then still runs is killed, so that everything has ended within two
_OVER = b"\0"


class Interrupts:
    """Ctrl-C and a request to end, both as KeyboardInterrupt, even for a process that was started in the background."""

    came = False

    @classmethod
    def note(cls, number: int, frame: FrameType | None) -> None:
        """Raises KeyboardInterrupt, once."""
        if not cls.came:
            cls.came = True
            raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """Takes over the signals while a command runs; after one, no process that it started is left."""
    Interrupts.came = False
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    for number in _SIGNALS:
        signal.signal(number, Interrupts.note)
    with _deadline():
        try:
            yield
        finally:
            if Interrupts.came:
                end_descendants()
            Interrupts.came = False


@contextmanager
def _deadline() -> Iterator[None]:
    """Ends the process some time after a signal, also while it computes without a look at signals.

    The system writes the number of a signal to a pipe at once, and a thread reads it.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    is_over = threading.Event()
    watch = threading.Thread(target=_watch, args=(reader, is_over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        is_over.set()
        os.write(writer, _OVER)
        watch.join()
        os.close(reader)
        os.close(writer)


def _watch(reader: int, is_over: threading.Event) -> None:
    """Awaits a signal that ends the command, and ends the process where the command does not do so in time."""
    while (number := os.read(reader, 1)) != _OVER:
        if number[0] in _SIGNALS and not is_over.wait(_GRACE_SECS):
            end_descendants()
            os.write(2, b"crossvault: interrupted\n")
            os._exit(INTERRUPTED)


def _forget() -> None:
    """Leaves the pipe to the process that a fork came from."""
    with suppress(ValueError):
        signal.set_wakeup_fd(-1)


os.register_at_fork(after_in_child=_forget)
