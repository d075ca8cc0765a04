"""The command line in this process: output and exit code of a command, without starting an interpreter."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

from crossvault.__main__ import main
from places import ROOT


def start(*words: str, folder: Path | None = None) -> CompletedProcess[str]:
    """Runs a command as if started in a folder; tests of signals and of the interpreter need a process."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(folder or ROOT), redirect_stdout(out), redirect_stderr(err), _unchanged():
        try:
            code = main(words)
        except SystemExit as ended:  # argparse, which prints help and refuses
            code = ended.code if isinstance(ended.code, int) else 1
    return CompletedProcess(["crossvault", *words], code, out.getvalue(), err.getvalue())


@contextmanager
def _unchanged() -> Iterator[None]:
    """Restores the environment and the signal handlers that a command changes."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with mock.patch.dict(os.environ):
            yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def spawned(*words: str, folder: Path | None = None) -> CompletedProcess[str]:
    """Runs a command in a separate process, as a user starts it whose output goes into a pipe."""
    command = [sys.executable, "-P", "-m", "crossvault", *words]
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # readline puts it there unseen
    return subprocess.run(command, cwd=folder or ROOT, capture_output=True, text=True, check=False, env=env)
