"""`crossvault audit`: a vault on a chain alongside the model, block after block, from the vault's logs alone."""

from __future__ import annotations

import json
import shlex
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.audit.account_rows import AccountRow, account_rows
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.checkpoint import Checkpoint
from crossvault.audit.replica import Replica
from crossvault.commands.chosen_invariants import again, chosen
from crossvault.commands.exits import UsageError
from crossvault.commands.failure import after_finding
from crossvault.commands.page_file import page_path, write_page
from crossvault.commands.sides import command, shown
from crossvault.differential.ending import DONE, FAILED
from crossvault.differential.step import VAULT
from crossvault.evm.anvil import ChainLost, ChainRefused
from crossvault.judge.judge import Judge
from crossvault.judge.own_invariants import OwnInvariants
from crossvault.report.audit import document, hints, renderable, step_lines, verdict, where
from crossvault.report.audit_gauges import Gauges
from crossvault.report.audit_page import audit_page
from crossvault.report.console import show
from crossvault.report.differences import difference_table
from crossvault.rpc.client import RpcClient
from crossvault.setup import toolchain
from crossvault.setup.notices import is_drawn, notice

_ADDRESS_DIGITS = 40
_LONGEST_WAIT_SECS = 30.0
_SHARE = 5  # of the time at most one part in so many goes into figures


class _AuditTarget(NamedTuple):
    """The target of an audit: a vault, names of addresses, the first block, and the chain, where they are known."""

    vault: str
    names: Mapping[str, str] = {}
    first: int | None = None
    chain_id: int | None = None


def audit(arguments: Namespace) -> int:
    """Audits once, or with --follow until it is interrupted; the first difference ends it. Returns the exit code."""
    page = page_path(arguments)
    where, judge = _deployment(arguments), Judge(OwnInvariants(chosen(arguments)), arguments.judge)
    wire = _wire(arguments.rpc)
    checkpoint = Checkpoint(_checkpoint_path(arguments, wire, where))
    replica = Replica(
        wire, where.vault, names=where.names, from_block=where.first,
        confirmations=arguments.confirmations, checkpoint=checkpoint,
    )  # fmt: skip
    replica.judge = judge
    sight = AuditView(arguments, replica, page)
    try:
        return sight.watch()
    finally:
        replica.close()


class AuditView:
    """An audit as it is watched: its figures, its line on the terminal, and its end."""

    def __init__(self, arguments: Namespace, replica: Replica, page: Path | None = None) -> None:
        self._arguments, self._replica, self._page = arguments, replica, page
        self._began = time.monotonic()
        self._gauges: Gauges | None = None
        self._next_figures = 0.0
        self._caught_up = replica.is_open
        self._found: list[AccountRow] = []
        if arguments.metrics is not None or arguments.metrics_file:
            self._gauges = Gauges()
        if arguments.metrics is not None and self._gauges:
            try:
                self._gauges.serve(arguments.metrics)
            except (OSError, OverflowError) as taken:
                raise UsageError(f"--metrics: port {arguments.metrics} cannot be listened on: {taken}") from taken

    def watch(self) -> int:
        """Catches up, and with --follow follows the head. Returns the exit code."""
        try:
            with _line(self._replica) as note:
                self._replica.observer = note
                self._follow()
        except BlockDiffers as differs:
            try:
                with after_finding():
                    self._figures(differences=1)
            finally:
                self._end(differs)
            return FAILED
        except KeyboardInterrupt:
            if self._replica.is_open:
                block = self._replica.block.number
                raise KeyboardInterrupt(f"interrupted after block {block:,}; the next start goes on there") from None
            raise
        self._figures()
        self._end(None)
        return DONE

    def _follow(self) -> None:
        last = self._arguments.until_block
        self._catch_up(last)
        self._replica.compare_all()
        while True:
            done = not self._arguments.follow or (last is not None and self._replica.block.number >= last)
            if done:
                break
            if time.monotonic() >= self._next_figures:
                self._figures()
            time.sleep(self._arguments.poll)
            self._catch_up(last)
        if self._arguments.follow:
            self._replica.compare_all()

    def _catch_up(self, last: int | None) -> None:
        """Catches up; with --follow it retries when the node is gone."""
        wait = self._arguments.poll
        while True:
            try:
                self._replica.catch_up(last)
                self._caught_up = True
                return
            except (ChainLost, ChainRefused) as lost:
                why = f"{self._replica.source.origin} refuses {lost}" if isinstance(lost, ChainRefused) else str(lost)
                if not self._arguments.follow or not self._caught_up:
                    raise ChainLost(why) from lost
                notice(f"crossvault: {why}; trying again in {wait:.0f} s")
            time.sleep(wait)
            wait = min(_LONGEST_WAIT_SECS, max(1.0, 2 * wait))

    def _figures(self, differences: int = 0) -> None:
        """Refreshes the figures of accounts; not again before this took a small part of the time."""
        if not self._replica.is_open:
            return
        began = time.monotonic()
        replica, top = self._replica, self._arguments.top
        self._found = account_rows(replica.model, replica.counts.accounts, replica.block.at, top)
        if self._gauges:
            self._gauges.set(replica, self._found, top, differences)
            if self._arguments.metrics_file:
                self._write(self._gauges, Path(self._arguments.metrics_file))
        self._next_figures = began + _SHARE * (time.monotonic() - began)

    def _write(self, gauges: Gauges, path: Path) -> None:
        try:
            gauges.write(path)
        except OSError as wrong:
            raise UsageError(f"--metrics-file: {shown(path)} cannot be written: {wrong.strerror}") from wrong

    def _end(self, differs: BlockDiffers | None) -> None:
        self._show(differs)
        if self._page:
            with after_finding(differs is not None):
                seconds = time.monotonic() - self._began
                write_page(self._page, audit_page(document(self._replica, self._found, seconds, differs)))

    def _show(self, differs: BlockDiffers | None) -> None:
        replica, seconds = self._replica, time.monotonic() - self._began
        if self._arguments.json:
            print(json.dumps(document(replica, self._found, seconds, differs), indent=2))
            return
        if differs is None:
            print(f"vault {replica.source.vault} on {replica.source.origin}, block {replica.block.number:,}")
            print(verdict(replica, seconds))
            for each in renderable(replica, self._found, self._arguments.top):
                show(each)
            return
        print(where(differs))
        for line in step_lines(replica, differs):
            print(line)
        show(difference_table(differs.found))
        for line in hints(replica, differs, _again(self._arguments)):
            print(line)


@contextmanager
def _line(replica: Replica) -> Iterator[Any]:
    """A line of progress, on a terminal only."""
    if not is_drawn():
        yield lambda: None
        return
    from rich.console import Console

    with Console(stderr=True).status("querying the node") as status:
        yield lambda: status.update(
            f"block {replica.block.number:,} of {replica.head:,}, {replica.counts.steps:,} steps compared"
        )


def _wire(url: str) -> RpcClient:
    try:
        return RpcClient(url)
    except ValueError as odd:
        raise UsageError(f"--rpc: {odd}") from odd


def _deployment(arguments: Namespace) -> _AuditTarget:
    """The vault, names of addresses, and the block to begin at, as given or as in a manifest."""
    where = _manifest(Path(arguments.deployment)) if arguments.deployment else _AuditTarget("")
    if arguments.vault:
        where = where._replace(vault=arguments.vault)
    if arguments.from_block is not None:
        where = where._replace(first=arguments.from_block)
    if not where.vault:
        raise UsageError("--vault: name the address of the vault, or a --deployment that holds it")
    digits = where.vault.removeprefix("0x").lower()
    if len(digits) != _ADDRESS_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise UsageError(f"--vault: {where.vault!r} is no address: expected 0x and 40 hexadecimal digits")
    return where._replace(vault="0x" + digits)


def _manifest(path: Path) -> _AuditTarget:
    """Reads vault, names and block from a manifest; one written by hand needs nothing else."""
    try:
        read = json.loads(path.read_text(encoding="utf8"))
        names = {str(name): str(address) for name, address in read["addresses"].items() if name != VAULT}
        return _AuditTarget(str(read["vault"]), names, int(read["block"]["number"]), int(read["chain_id"]))
    except OSError as wrong:
        raise UsageError(f"--deployment: {shown(path)} cannot be read: {wrong.strerror}") from wrong
    except KeyError as lacking:
        raise UsageError(f"--deployment: {shown(path)} is no manifest of a deployment: it lacks {lacking}") from lacking
    except (ValueError, TypeError, AttributeError, RecursionError) as wrong:
        raise UsageError(f"--deployment: {shown(path)} is no manifest of a deployment: {wrong}") from wrong


def _checkpoint_path(arguments: Namespace, wire: RpcClient, where: _AuditTarget) -> Path:
    chain_id = int(wire.rpc("eth_chainId"), 16)
    if where.chain_id not in (None, chain_id):
        raise UsageError(f"--rpc: {wire.origin} is of chain {chain_id}, the deployment of chain {where.chain_id}")
    if arguments.checkpoint:
        return Path(arguments.checkpoint)
    return toolchain.state_dir() / "audits" / f"{chain_id}-{where.vault}.jsonl"


def _again(arguments: Namespace) -> str:
    given = [f"--vault {arguments.vault}"] if arguments.vault else []
    for name in ("deployment", "checkpoint"):
        if value := getattr(arguments, name):
            given.append(f"--{name} {shlex.quote(value)}")
    return f"{command()} audit --rpc URL {' '.join(given)}{again(arguments)}"
