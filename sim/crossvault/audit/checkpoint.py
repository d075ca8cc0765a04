"""What an audit has compared, kept in a file that only grows, so that the next start goes on from there.

A header, then a line for each block that touched the vault, with its steps. A line that says `back` takes later blocks
away: they are not of the chain any more. Each line carries a sum over itself and the one before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.audit.vault_source import BlockHeader
from crossvault.differential.ending import BadInput
from crossvault.differential.notation import Notation, plain
from crossvault.differential.step import Event, Step
from crossvault.mirror.liquidation import AuctionTerms

FORMAT = 1
_NOTATION = Notation((), ())  # numbers only: what is listed changes on the way


class BadCheckpoint(BadInput):
    """A file that is no checkpoint, or of another vault: what is wrong, and what to do."""


class Header(NamedTuple):
    """Which vault a checkpoint is of: where it is, its code (hash), the block that opened it and what it told."""

    chain_id: int
    vault: str
    code: str
    names: Mapping[str, str]
    opened: BlockHeader
    event: Event


class CheckpointBlock(NamedTuple):
    """A block that was compared. decimals: of tokens that were listed in it; telling: tokens that began to tell."""

    block: BlockHeader
    steps: tuple[Step, ...] = ()
    decimals: Mapping[str, int] = {}
    telling: tuple[str, ...] = ()


class Checkpoint:
    """A file of what was compared; it is written line by line, each whole."""

    def __init__(self, path: Path) -> None:
        """Raises BadCheckpoint where another process works on the file, or it cannot be written."""
        from filelock import FileLock, Timeout

        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(f"{path}.lock")
            self._lock.acquire(timeout=0)
            self._file = path.open("a+", encoding="utf8")
        except Timeout as busy:
            raise BadCheckpoint(f"{path}: another audit works on it; end it, or name another --checkpoint") from busy
        except OSError as wrong:
            raise BadCheckpoint(f"{path}: cannot be written: {wrong.strerror}") from wrong
        self._sum = ""

    def read(self) -> tuple[Header, list[CheckpointBlock]] | None:
        """What was kept; none in a new file. A last line that was cut off is taken away. Raises BadCheckpoint."""
        lines = self._lines()
        if not lines:
            return None
        number, entries = 1, list[CheckpointBlock]()
        try:
            header = _header(lines[0])
            for line in lines[1:]:
                number += 1
                if "back" in line:
                    entries = [each for each in entries if each.block.number <= line["back"]]
                else:
                    entries.append(_entry(line))
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise BadCheckpoint(f"{self.path}:{number}: no line of a checkpoint: {wrong}; {_REMEDY}") from wrong
        return header, entries

    def begin(self, header: Header) -> None:
        """Starts the file anew."""
        self._file.truncate(0)
        self._sum = ""
        event = [header.event.name, plain(header.event.values)]
        fields = header._asdict() | {"opened": list(header.opened), "event": event, "names": dict(header.names)}
        self._write({"crossvault_audit": FORMAT} | fields)

    def add(self, entry: CheckpointBlock) -> None:
        """Keeps a block."""
        line: dict[str, Any] = {"block": list(entry.block)}
        if entry.steps:
            line["steps"] = [_NOTATION.step(step) for step in entry.steps]
        if entry.decimals:
            line["decimals"] = dict(entry.decimals)
        if entry.telling:
            line["telling"] = list(entry.telling)
        self._write(line)

    def back(self, number: int) -> None:
        """Takes the blocks after a number away."""
        self._write({"back": number})

    def forget(self) -> None:
        """Takes everything away."""
        self._file.truncate(0)
        self._sum = ""

    def close(self) -> None:
        """Closes the file, for others to work on."""
        self._file.close()
        self._lock.release()

    def _write(self, body: Mapping[str, Any]) -> None:
        text = json.dumps(body, separators=(",", ":"))
        self._sum = _sum(text, self._sum)
        self._file.write(f'{text[:-1]},"sum":"{self._sum}"}}\n')
        self._file.flush()

    def _lines(self) -> list[dict[str, Any]]:
        self._file.seek(0)
        try:
            text = self._file.read()
        except UnicodeDecodeError as wrong:
            raise BadCheckpoint(f"{self.path}: is no text; {_REMEDY}") from wrong
        whole, newline, torn = text.rpartition("\n")
        if torn:  # the process was killed while it wrote
            self._file.truncate(len((whole + newline).encode()))
        return [self._line(number, each) for number, each in enumerate(whole.splitlines(), start=1)]

    def _line(self, number: int, text: str) -> dict[str, Any]:
        body, _, rest = text.rpartition(',"sum":"')
        if _sum(body + "}", self._sum) != rest.removesuffix('"}'):
            raise BadCheckpoint(f"{self.path}:{number}: the line, or one before it, was changed; {_REMEDY}")
        self._sum = rest.removesuffix('"}')
        found: dict[str, Any] = json.loads(body + "}")
        return found


_REMEDY = "delete the file to start anew, or name another --checkpoint"


def _sum(text: str, last: str) -> str:
    return sha256((last + text).encode()).hexdigest()[:16]


def _header(line: Mapping[str, Any]) -> Header:
    if line.get("crossvault_audit") != FORMAT:
        raise ValueError(f"expected a header with crossvault_audit = {FORMAT}")
    name, (sender, owner, quote, decimals, delay, terms) = line["event"]
    formed = AuctionTerms(*(int(value) for value in terms))
    event = Event(name, (sender, owner, quote, int(decimals), int(delay), formed))
    opened = BlockHeader(*line["opened"])
    return Header(line["chain_id"], line["vault"], line["code"], line["names"], opened, event)


def _entry(line: Mapping[str, Any]) -> CheckpointBlock:
    steps = tuple(_NOTATION.parse(step) for step in line.get("steps", ()))
    return CheckpointBlock(BlockHeader(*line["block"]), steps, line.get("decimals", {}), tuple(line.get("telling", ())))
