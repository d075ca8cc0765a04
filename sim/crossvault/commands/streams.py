"""Standard output and error of a command, whose reader may be gone and whose disk may be full."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from crossvault.differential.ending import DONE, MISSING


class OutputStream(io.TextIOBase):
    """A text stream that keeps its first error and drops what follows, so that a command reaches its verdict."""

    def __init__(self, stream: Any) -> None:
        """stream: the stream underneath; None where the user closed it."""
        self._stream = stream if stream is not None else open(os.devnull, "w")  # noqa: SIM115
        self.error: OSError | None = None
        self.is_used = False
        if hasattr(self._stream, "reconfigure"):
            self._stream.reconfigure(errors="replace")  # a terminal without Unicode shows question marks

    def write(self, text: str) -> int:
        """Writes, or drops what cannot be written."""
        self.is_used = self.is_used or bool(text)
        try:
            self._stream.write(text)
        except OSError as lost:
            self._lose(lost)
        return len(text)

    def flush(self) -> None:
        """Writes what is held back, or drops it."""
        try:
            self._stream.flush()
        except OSError as lost:
            self._lose(lost)

    def _lose(self, error: OSError) -> None:
        """Notes the first error; whatever is written later, by a process of ours too, goes nowhere."""
        self.error = self.error or error
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def isatty(self) -> bool:
        """Whether a terminal shows it."""
        return bool(self._stream.isatty())

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return int(self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class OutputStreams:
    """Both streams of a command."""

    def __init__(self) -> None:
        self.out, self.err = OutputStream(sys.stdout), OutputStream(sys.stderr)

    def exit_code(self, code: int) -> int:
        """The code of a command after its output: MISSING where output was lost, but a verdict is never replaced."""
        self.out.flush()
        error = self.out.error
        if error is not None and not isinstance(error, BrokenPipeError):
            print(f"crossvault: standard output cannot be written: {error.strerror}", file=self.err)
            code = MISSING if code == DONE else code
        self.err.flush()
        return code


@contextmanager
def output_streams() -> Iterator[OutputStreams]:
    """Puts both streams in the place of Python's while a command runs."""
    before, streams = (sys.stdout, sys.stderr), OutputStreams()
    sys.stdout, sys.stderr = streams.out, streams.err
    try:
        yield streams
    finally:
        streams.out.flush()
        streams.err.flush()
        sys.stdout, sys.stderr = before
