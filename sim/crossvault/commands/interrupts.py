"""The end of a command by a signal: it may keep what it has, and two seconds later nothing of it runs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from crossvault.commands.processes import end_descendants
from crossvault.differential.ending import INTERRUPTED

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_GRACE_SECS = 1.4  # what then still runs is killed, so that everything has ended within two


class Interrupts:
    """Ctrl-C and a request to end, both as KeyboardInterrupt, even for a process that was started in the background."""

    came = False
    _timer: threading.Timer | None = None

    @classmethod
    def note(cls, number: int, frame: FrameType | None) -> None:
        """Raises KeyboardInterrupt once, and begins the time in which the command may still end in its own way."""
        if cls.came:
            return
        cls.came = True
        cls._timer = threading.Timer(_GRACE_SECS, _stop)
        cls._timer.daemon = True
        cls._timer.start()
        raise KeyboardInterrupt

    @classmethod
    def reset(cls) -> None:
        """Forgets a signal that came."""
        if cls._timer is not None:
            cls._timer.cancel()
        cls.came, cls._timer = False, None


@contextmanager
def interruptible() -> Iterator[None]:
    """Takes over the signals while a command runs; after one, no process that it started is left."""
    Interrupts.reset()
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            signal.signal(number, Interrupts.note)
    try:
        yield
    finally:
        if Interrupts.came:
            end_descendants()
        Interrupts.reset()


def _stop() -> None:
    """Ends the process and all that it started, without further ado."""
    end_descendants()
    os.write(2, b"crossvault: interrupted\n")
    os._exit(INTERRUPTED)
