"""Ends child processes after the death of this process, also by a signal that it cannot catch.

The watcher is a shell that waits for the end of a pipe. The system closes the other end when this process is gone.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from weakref import WeakSet

_SCRIPT = """trap '' HUP INT TERM
while read -r group; do groups="$groups -$group"; done
[ -z "$groups" ] || kill -9 $groups 2> /dev/null
"""


class Watcher:
    """Kills the process groups of children when this process has ended, on Linux and macOS alike."""

    def __init__(self) -> None:
        silent = subprocess.DEVNULL
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT], bufsize=0, stdin=subprocess.PIPE, stdout=silent, stderr=silent, cwd="/",
            start_new_session=True,
        )  # fmt: skip
        _watchers.add(self)

    def watch(self, child: subprocess.Popen[bytes]) -> None:
        """Adds a child that was started in a session of its own."""
        if self._shell.stdin:
            with suppress(OSError):  # the shell was killed by hand
                self._shell.stdin.write(b"%d\n" % child.pid)

    def close(self) -> None:
        """Ends the watcher, and no child: call it before a child is awaited, whose number may then be another's."""
        self._shell.kill()
        self._shell.wait()
        self.release()

    def release(self) -> None:
        """Closes the pipe of this process."""
        if self._shell.stdin:
            self._shell.stdin.close()


_watchers: WeakSet[Watcher] = WeakSet()


def _release_all() -> None:
    for watcher in _watchers:
        watcher.release()


os.register_at_fork(after_in_child=_release_all)  # a copy of the pipe in a fork would outlive this process
