"""Checkpoint of an audit: an append-only file from which the next run resumes.

A header line, then one line per block with vault logs, with its steps. A line with the key `back` removes the blocks
after its number, which a reorganisation dropped. Each line ends with a checksum over itself and the previous checksum.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.audit.vault_source import BlockHeader
from crossvault.differential.ending import BadInput, InputProblem
from crossvault.differential.notation import Notation, plain
from crossvault.differential.step import Event, Step
from crossvault.mirror.liquidation import AuctionTerms

FORMAT = 1
_NOTATION = Notation((), ())  # by number: the listings change during the audit


class BadCheckpoint(BadInput):
    """An invalid checkpoint, or one of another vault; the message states the remedy."""


class CheckpointHeader(NamedTuple):
    """Identity of the audited vault: chain, address, code hash, opening block and opening event."""

    chain_id: int
    vault: str
    code: str
    names: Mapping[str, str]
    opened: BlockHeader
    event: Event

    def require_same(self, path: str, chain_id: int, vault: str, code: str, names: Mapping[str, str]) -> None:
        """Raises BadCheckpoint where a checkpoint was written for another chain, vault, code or other names."""
        for what, was, now in (
            ("chain", self.chain_id, chain_id),
            ("vault", self.vault, vault),
            ("code of the vault (hash)", self.code, code),
            ("names", self.names, names),
        ):
            if was != now:
                raise BadCheckpoint(
                    f"{path}: was written for {what} {was}, but this is {now}; choose another --checkpoint"
                )


class CheckpointBlock(NamedTuple):
    """A compared block. decimals: of the tokens listed in it; emitting: tokens whose first Transfer log is in it."""

    block: BlockHeader
    steps: tuple[Step, ...] = ()
    decimals: Mapping[str, int] = {}
    emitting: tuple[str, ...] = ()


class Checkpoint:
    """A checkpoint file, written one complete line at a time."""

    def __init__(self, path: Path) -> None:
        """Raises BadCheckpoint where another process holds the file, or it cannot be written."""
        from filelock import FileLock, Timeout

        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(f"{path}.lock")
            self._lock.acquire(timeout=0)
            self._file = path.open("a+", encoding="utf8")
        except Timeout as busy:
            raise BadCheckpoint(
                f"{path}: is in use by another audit; stop that audit or choose another --checkpoint"
            ) from busy
        except OSError as wrong:
            raise BadCheckpoint(f"{path}: cannot be written: {wrong.strerror}") from wrong
        self._sum = ""

    def read(self) -> tuple[CheckpointHeader, list[CheckpointBlock]] | None:
        """Returns header and blocks, None for a new file; truncates an incomplete last line. Raises BadCheckpoint."""
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
            raise BadCheckpoint(self._problem(f"is not a checkpoint line: {wrong}; {_REMEDY}", number)) from wrong
        return header, entries

    def begin(self, header: CheckpointHeader) -> None:
        """Truncates the file and writes the header."""
        self._file.truncate(0)
        self._sum = ""
        event = [header.event.name, plain(header.event.values)]
        fields = header._asdict() | {"opened": list(header.opened), "event": event, "names": dict(header.names)}
        self._write({"crossvault_audit": FORMAT} | fields)

    def add(self, entry: CheckpointBlock) -> None:
        """Appends a block."""
        line: dict[str, Any] = {"block": list(entry.block)}
        if entry.steps:
            line["steps"] = [_NOTATION.step(step) for step in entry.steps]
        if entry.decimals:
            line["decimals"] = dict(entry.decimals)
        if entry.emitting:
            line["telling"] = list(entry.emitting)
        self._write(line)

    def back(self, number: int) -> None:
        """Removes the blocks after a number."""
        self._write({"back": number})

    def forget(self) -> None:
        """Truncates the file."""
        self._file.truncate(0)
        self._sum = ""

    def close(self) -> None:
        """Closes the file and releases its lock."""
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
            raise BadCheckpoint(self._problem(f"is not UTF-8 text; {_REMEDY}")) from wrong
        whole, newline, torn = text.rpartition("\n")
        lines = [self._line(number, each) for number, each in enumerate(whole.splitlines(), start=1)]
        if torn:  # the previous process was killed during a write
            if not lines and not torn.startswith('{"crossvault_audit"'[: len(torn)]):
                raise BadCheckpoint(self._problem(f"is not a checkpoint line; {_REMEDY}", 1))
            self._file.truncate(len((whole + newline).encode()))
        return lines

    def _problem(self, problem: str, line: int | None = None) -> InputProblem:
        return InputProblem(problem, str(self.path), line)

    def _line(self, number: int, text: str) -> dict[str, Any]:
        body, _, rest = text.rpartition(',"sum":"')
        if _sum(body + "}", self._sum) != rest.removesuffix('"}'):
            problem = f"the checksum does not match: this line or an earlier one was changed; {_REMEDY}"
            raise BadCheckpoint(self._problem(problem, number))
        self._sum = rest.removesuffix('"}')
        found: dict[str, Any] = json.loads(body + "}")
        return found


_REMEDY = "delete the file to start over, or choose another --checkpoint"


def _sum(text: str, last: str) -> str:
    return sha256((last + text).encode()).hexdigest()[:16]


def _header(line: Mapping[str, Any]) -> CheckpointHeader:
    if line.get("crossvault_audit") != FORMAT:
        raise ValueError(f"expected a header with crossvault_audit = {FORMAT}")
    name, (sender, owner, quote, decimals, delay, terms) = line["event"]
    formed = AuctionTerms(*(int(value) for value in terms))
    event = Event(name, (sender, owner, quote, int(decimals), int(delay), formed))
    opened = BlockHeader(*line["opened"])
    return CheckpointHeader(line["chain_id"], line["vault"], line["code"], line["names"], opened, event)


def _entry(line: Mapping[str, Any]) -> CheckpointBlock:
    steps = tuple(_NOTATION.parse(step) for step in line.get("steps", ()))
    return CheckpointBlock(BlockHeader(*line["block"]), steps, line.get("decimals", {}), tuple(line.get("telling", ())))
