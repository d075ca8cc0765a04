"""How an audit keeps up with a chain: a long random history compared at every block, and a head that moves fast.

The chain is a plain Anvil, asked over RPC as any node. The history is audited beside its making, since such a node
forgets states after some hundred blocks; the fast head is followed by an audit in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from crossvault.audit.replica import Replica
from crossvault.bench.chain_speed import BenchFailed, steady
from crossvault.differential.model import Model
from crossvault.differential.step import VAULT, Step, World
from crossvault.evm.anvil import Node
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import Build, compile_contracts
from crossvault.evm.deploy import deploy_world
from crossvault.fuzz.task import ORDERS, STEPS, Task
from crossvault.rpc.client import RpcClient
from crossvault.setup import toolchain

Told = Callable[[str], None]

SEED = 7
CHUNK = 100
BLOCKS_PER_SECOND, SECONDS = 5, 20
_RICH = hex(10**30)
_BEFORE_SECS = 3600
_PATIENCE_SECS = 120.0


class FundedVault:
    """A plain node with a vault on it, onto which steps are mined; whoever sends has something to pay gas with."""

    def __init__(self, world: World, build: Build | None = None) -> None:
        """Compiles, starts, deploys. Raises CompileFailed, ToolchainMissing, ChainLost, DeployFailed."""
        self.world, self.names = world, AddressBook()
        self.build = build or compile_contracts()
        self.node = Node(world.starts_at - _BEFORE_SECS, flat=False)
        try:
            self.deploy()
        except BaseException:
            self.node.close()
            raise
        self.speech = Bindings(self.build, self.names)
        self.vault, self.url = self.names.address(VAULT), self.node.url
        self._rich: set[str] = set()

    def deploy(self) -> None:
        """Puts the world onto the node."""
        deploy_world(self.node, self.build, self.world, self.names)

    def mine(self, steps: Sequence[Step]) -> list[int]:
        """Mines steps, those of one time as one block; the number of the block of each step."""
        numbers: list[int] = []
        for at, group in groupby(steps, key=lambda step: step.at):
            part = list(group)
            for place, step in enumerate(part):
                call = self.speech.transaction(step)
                if step.sender not in self._rich:
                    self._rich.add(step.sender)
                    self.node.rpc("anvil_setBalance", call["from"], _RICH)
                # the node orders a block by what is paid
                self.node.rpc("eth_sendTransaction", call | {"gasPrice": hex(len(part) - place)})
            self.node.rpc("evm_mine", at)
            numbers += [self.head()] * len(part)
        return numbers

    def head(self) -> int:
        """The number of the last block."""
        return int(self.node.rpc("eth_blockNumber"), 16)

    def close(self) -> None:
        """Stops the node."""
        self.node.close()


def shadow(steps: int, told: Told = lambda _: None) -> dict[str, Any]:
    """The figures of one run: histories of at least so many steps, and a head that is followed. Raises Differs."""
    told("a random walk, audited at every block")
    walked = history(Task(STEPS, SEED, 4 * steps), steps)
    told("signed orders, audited at every block")
    ordered = history(Task(ORDERS, SEED, steps), steps // 10)
    told("a head that moves fast")
    return {
        "benchmark": "audit",
        "machine": f"{os.cpu_count()} processors",
        "versions": toolchain.versions() | {"python": sys.version.split()[0]},
        "walk": walked,
        "orders": ordered,
        "follow": follow(),
    }


def history(task: Task, steps: int) -> dict[str, Any]:
    """A random history of at least so many steps that left logs, audited while it is made. Raises Differs."""
    story = task.story()
    town = FundedVault(story.world)
    spent, sent = 0.0, 0
    try:
        replica = Replica(RpcClient(town.url), town.vault, build=town.build)
        for part in _parts(task):
            town.mine(part)
            sent += len(part)
            started = time.perf_counter()
            replica.catch_up()
            spent += time.perf_counter() - started
            if replica.tally.steps >= steps:
                break
        replica.compare_all()
    finally:
        town.close()
    tally = replica.tally
    return {
        "sent": sent,
        "steps": tally.steps,
        "blocks": tally.blocks,
        "metrics_compared": tally.metrics,
        "accounts": len(tally.accounts),
        "audit_seconds": round(spent, 2),
        "steps_per_second": round(tally.steps / spent),
    }


def _parts(task: Task) -> Iterator[list[Step]]:
    """The steps of a walk, as the model alone plays it, some at a time; those of one time stay together."""
    story = task.story()
    model = Model(story.world)
    told, part = story.steps(model), list[Step]()
    try:
        step = next(told)
        while True:
            if len(part) >= CHUNK and step.at != part[-1].at:
                yield part
                part = []
            part.append(step)
            step = told.send(model.apply(step))
    except StopIteration:
        yield part


def follow(seconds: int = SECONDS) -> dict[str, Any]:
    """A head that moves with so many transactions a second, and an audit in another process that follows it."""
    story = steady(30 * BLOCKS_PER_SECOND * seconds, options=False)
    steps = list(story.steps(Model(story.world)))
    begin = next(place for place, step in enumerate(steps) if step.action == "trade") - 3
    town = FundedVault(story.world)
    with tempfile.TemporaryDirectory() as folder:
        try:
            town.mine(steps[:begin])
            groups = [list(group) for _, group in groupby(steps[begin:], key=lambda step: step.at)]
            path, last = Path(folder) / "audit.jsonl", town.head() + len(groups)
            process = _audit(town, path, last)
            _wait(path, town.head(), process)
            lags, sent = _feed(town, groups, path)
            out, err = process.communicate(timeout=_PATIENCE_SECS)
            ended = time.perf_counter()
        finally:
            town.close()
    if process.returncode:
        raise BenchFailed(f"the audit ended with {process.returncode}: {err.strip()}")
    found = json.loads(out)
    count = sum(map(len, groups))
    return {
        "transactions": count,
        "seconds": round(sent[-1] - sent[0] + 1 / BLOCKS_PER_SECOND, 2),
        "transactions_per_second": round(count / (sent[-1] - sent[0] + 1 / BLOCKS_PER_SECOND), 1),
        "accepted": found["steps"],
        "margins_compared": found["metrics_compared"],
        "median_lag_seconds": round(sorted(lags)[len(lags) // 2], 2),
        "largest_lag_seconds": round(max(lags), 2),
        "seconds_after_the_last_block": round(ended - sent[-1], 2),  # its end, which compares every account, included
    }


def _audit(town: FundedVault, path: Path, last: int) -> subprocess.Popen[str]:
    words = ["audit", "--rpc", town.url, "--vault", town.vault, "--follow", "--poll", "0.05", "--json"]
    words += ["--until-block", str(last), "--checkpoint", str(path)]
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", "crossvault", *words], stdout=pipe, stderr=pipe, text=True)


def _wait(path: Path, block: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _PATIENCE_SECS
    while _compared(path) < block:
        if process.poll() is not None or time.monotonic() > until:
            raise BenchFailed(f"the audit did not begin: {process.communicate()[1].strip()}")
        time.sleep(0.05)


def _feed(town: FundedVault, groups: Sequence[Sequence[Step]], path: Path) -> tuple[list[float], list[float]]:
    """Mines a block for each group at its time: how long the oldest block not compared had waited then, and when."""
    first, began = town.head() + 1, time.perf_counter()
    mined: list[float] = []
    lags: list[float] = []
    for place, group in enumerate(groups):
        time.sleep(max(0.0, began + place / BLOCKS_PER_SECOND - time.perf_counter()))
        waiting = max(0, _compared(path) + 1 - first)
        lags.append(time.perf_counter() - mined[waiting] if waiting < len(mined) else 0.0)
        town.mine(group)
        mined.append(time.perf_counter())
    return lags, mined


def _compared(path: Path) -> int:
    """The last block of a checkpoint."""
    if not path.exists():
        return 0
    whole = path.read_bytes()[-65_536:].rpartition(b"\n")[0].rpartition(b"\n")[2]
    try:
        return int(json.loads(whole)["block"][0])
    except (ValueError, KeyError):  # the header, or a line longer than what was read
        return 0
