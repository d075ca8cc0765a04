"""Journal of a deployment: each transaction before it is sent, and its outcome.

An append-only file of JSON lines; each line is on disk before its transaction is sent. It contains no key, no
passphrase and no endpoint address. Progress is always read from the chain, never from the journal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossvault.differential.ending import BadEnvironment, BadInput, InputProblem
from crossvault.rpc.transactions import Fees, Receipt, SignedTransaction

FORMAT = 1
OPENED, SENDING, DONE, REVERTED, SILENT, LOST = "opened", "sending", "done", "reverted", "silent", "superseded"

Written = Callable[[int], None]


class InputChanged(BadInput):
    """The parameters or contracts differ from those that the journal starts with; the message lists the changes."""


class DeploymentBusy(BadEnvironment):
    """Another process works on this deployment."""


class BadJournal(BadInput):
    """A file that is not a journal of this deployment."""


@dataclass
class Journal:
    """A journal and its writer. torn: numbers of incomplete lines.

    written: called with the number of each appended line once it is on disk.
    """

    path: Path
    chain_id: int
    lines: list[dict[str, Any]] = field(default_factory=list)
    torn: list[int] = field(default_factory=list)
    written: Written = lambda number: None

    @property
    def opening(self) -> dict[str, Any] | None:
        """The first line, with deployer, input and step hashes."""
        return self.lines[0] if self.lines else None

    def open(self, deployer: str, inputs: Mapping[str, str], hashes: Mapping[str, str], since: int) -> None:
        """Writes the first line, or requires it to be equal. since: a block before every step. Raises InputChanged."""
        now = {"deployer": deployer, "input": dict(inputs), "steps": dict(hashes)}
        if self.opening is None:
            self._add({"kind": OPENED, "format": FORMAT, "from_block": since, **now})
        elif changes := list(_changes(self.opening, now)):
            lines = "\n".join(f"  {each}" for each in changes)
            raise InputChanged(f"{self.path}: started with another input:\n{lines}")

    def sending(self, step: str, hash: str, prepared: SignedTransaction) -> None:
        """Records a transaction before it is sent."""
        fees = {"most_wei": prepared.fees.most_wei, "tip_wei": prepared.fees.tip_wei}
        sent = {"nonce": prepared.nonce, "transaction": prepared.hash, "gas": prepared.gas, **fees}
        self._add({"kind": SENDING, "step": step, "hash": hash, **sent})

    def settled(self, step: str, hash: str, receipt: Receipt, silent: bool = False) -> None:
        """Records the outcome of a transaction. silent: it was accepted without effect."""
        mined = {"transaction": receipt.hash, "block": receipt.block, "block_hash": receipt.block_hash}
        cost = {"gas_used": receipt.gas_used, "price_wei": receipt.price_wei}
        kind = SILENT if silent else DONE if receipt.accepted else REVERTED
        self._add({"kind": kind, "step": step, "hash": hash, **mined, **cost})

    def lost(self, step: str, hash: str, prepared: SignedTransaction) -> None:
        """Records that another transaction took a transaction's nonce."""
        self._add({"kind": LOST, "step": step, "hash": hash, "nonce": prepared.nonce, "transaction": prepared.hash})

    def sent(self, hash: str) -> list[dict[str, Any]]:
        """The lines recorded before each sending of a step, latest last."""
        return [line for line in self.lines if line["kind"] == SENDING and line["hash"] == hash]

    def unsettled(self) -> list[dict[str, Any]]:
        """The lines without a recorded outcome: the last attempt of each nonce."""
        ended = {line["transaction"] for line in self.lines if line["kind"] in (DONE, REVERTED, SILENT, LOST)}
        closed = {line["nonce"] for line in self.lines if line["kind"] == SENDING and line["transaction"] in ended}
        last = {line["nonce"]: line for line in self.lines if line["kind"] == SENDING}
        return [line for nonce, line in sorted(last.items()) if nonce not in closed]

    def _add(self, line: dict[str, Any]) -> None:
        line = {"chain": self.chain_id, **line}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if file.tell() and not _ends_with_newline(self.path):
                file.write(b"\n")  # keeps the incomplete line and starts a new one
            file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not self.lines:
            _sync_folder(self.path.parent)
        self.lines.append(line)
        self.written(len(self.lines))


def recorded(line: Mapping[str, Any], to: str, data: str) -> SignedTransaction:
    """The unsigned transaction of a journal line."""
    fees = Fees(line["most_wei"], line["tip_wei"])
    return SignedTransaction(line["nonce"], to, data, 0, line["gas"], fees, line["transaction"], b"")


def read(path: Path, chain_id: int, written: Written = lambda number: None) -> Journal:
    """Reads the journal at a path, empty if the file does not exist. Raises BadJournal."""
    journal = Journal(path, chain_id, written=written)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return journal
    for number, text in enumerate(content.split(b"\n"), 1):
        if not text:
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            journal.torn.append(number)
            continue
        if not isinstance(line, dict) or line.get("chain") != chain_id:
            raise BadJournal(InputProblem(f"is not a journal line of chain {chain_id}", str(path), number))
        journal.lines.append(line)
    if journal.lines and (journal.lines[0].get("kind"), journal.lines[0].get("format")) != (OPENED, FORMAT):
        raise BadJournal(InputProblem(f"is not the first line of a journal of format {FORMAT}", str(path), 1))
    return journal


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Locks a journal against other processes on this machine. Raises DeploymentBusy."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise DeploymentBusy(
            f"{path}: another process works on this deployment; start recorded when it has ended"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if was["deployer"] != now["deployer"]:
        yield f"deployer: {was['deployer']} -> {now['deployer']}"
    for name in dict.fromkeys((*was["input"], *now["input"])):
        before, after = was["input"].get(name, "nothing"), now["input"].get(name, "nothing")
        if before != after:
            yield f"{name}: {before} -> {after}"
    changed = [key for key in dict.fromkeys((*was["steps"], *now["steps"]))
               if was["steps"].get(key) != now["steps"].get(key)]  # fmt: skip
    if changed:
        yield f"code or arguments of: {', '.join(changed)}"


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
