"""Audit benchmark: a long random history compared at every block, and a fast head followed in real time.

The chain is a plain Anvil behind RPC. The history is audited while it is mined, since such a node prunes states after
a few hundred blocks; a separate process follows the fast head.
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
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import VAULT, Step, World
from crossvault.evm.anvil import Node
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import deploy_world
from crossvault.fuzz.task import ORDERS, STEPS, WalkTask
from crossvault.rpc.client import RpcClient
from crossvault.setup import toolchain

Report = Callable[[str], None]

SEED = 7
CHUNK = 100
BLOCKS_PER_SECOND, SECONDS = 5, 20
_RICH = hex(10**30)
_BEFORE_SECS = 3600
_PATIENCE_SECS = 120.0


class FundedVault:
    """A plain node with a vault, on which steps are mined; every sender is funded with gas."""

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
        self.bindings = Bindings(self.build, self.names)
        self.vault, self.url = self.names.address(VAULT), self.node.url
        self._rich: set[str] = set()

    def deploy(self) -> None:
        """Deploys the world to the node."""
        deploy_world(self.node, self.build, self.world, self.names)

    def mine(self, steps: Sequence[Step]) -> list[int]:
        """Mines steps, one block per timestamp; returns the block number of each step."""
        numbers: list[int] = []
        for at, group in groupby(steps, key=lambda step: step.at):
            part = list(group)
            for place, step in enumerate(part):
                call = self.bindings.transaction(step)
                if step.sender not in self._rich:
                    self._rich.add(step.sender)
                    self.node.rpc("anvil_setBalance", call["from"], _RICH)
                # the node orders transactions by gas price
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


def audit_benchmark(steps: int, report: Report = lambda _: None) -> dict[str, Any]:
    """The figures of one run: histories of at least so many steps, and a followed head. Raises BlockDiffers."""
    report("a random walk, audited at every block")
    walked = history(WalkTask(STEPS, SEED, 4 * steps), steps)
    report("signed orders, audited at every block")
    ordered = history(WalkTask(ORDERS, SEED, steps), steps // 10)
    report("a head that moves fast")
    return {
        "benchmark": "audit",
        "machine": f"{os.cpu_count()} processors",
        "versions": toolchain.versions() | {"python": sys.version.split()[0]},
        "walk": walked,
        "orders": ordered,
        "follow": follow(),
    }


def history(task: WalkTask, steps: int) -> dict[str, Any]:
    """Audits a random history of at least so many steps with logs while it is mined. Raises BlockDiffers."""
    story = task.story()
    vault_node = FundedVault(story.world)
    spent, sent = 0.0, 0
    try:
        replica = Replica(RpcClient(vault_node.url), vault_node.vault, build=vault_node.build)
        for part in _parts(task):
            vault_node.mine(part)
            sent += len(part)
            started = time.perf_counter()
            replica.catch_up()
            spent += time.perf_counter() - started
            if replica.counts.steps >= steps:
                break
        replica.compare_all()
    finally:
        vault_node.close()
    counts = replica.counts
    return {
        "sent": sent,
        "steps": counts.steps,
        "blocks": counts.blocks,
        "metrics_compared": counts.metrics,
        "accounts": len(counts.accounts),
        "audit_seconds": round(spent, 2),
        "steps_per_second": round(counts.steps / spent),
    }


def _parts(task: WalkTask) -> Iterator[list[Step]]:
    """Yields the steps of a walk on the model alone in chunks; steps of one timestamp stay together."""
    story = task.story()
    model = Model(story.world)
    part = list[Step]()
    for step, _ in driven(story.steps(model), model.apply):
        if len(part) >= CHUNK and step.at != part[-1].at:
            yield part
            part = []
        part.append(step)
    yield part


def follow(seconds: int = SECONDS) -> dict[str, Any]:
    """Measures an audit in another process that follows a head with a fixed transaction rate."""
    story = steady(30 * BLOCKS_PER_SECOND * seconds, options=False)
    steps = list(story.steps(Model(story.world)))
    begin = next(place for place, step in enumerate(steps) if step.action == "trade") - 3
    vault_node = FundedVault(story.world)
    with tempfile.TemporaryDirectory() as folder:
        try:
            vault_node.mine(steps[:begin])
            groups = [list(group) for _, group in groupby(steps[begin:], key=lambda step: step.at)]
            path, last = Path(folder) / "audit.jsonl", vault_node.head() + len(groups)
            process = _audit(vault_node, path, last)
            _wait(path, vault_node.head(), process)
            lags, sent = _feed(vault_node, groups, path)
            out, err = process.communicate(timeout=_PATIENCE_SECS)
            ended = time.perf_counter()
        finally:
            vault_node.close()
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
        "seconds_after_the_last_block": round(ended - sent[-1], 2),  # includes the final comparison of every account
    }


def _audit(vault_node: FundedVault, path: Path, last: int) -> subprocess.Popen[str]:
    words = ["audit", "--rpc", vault_node.url, "--vault", vault_node.vault, "--follow", "--poll", "0.05", "--json"]
    words += ["--until-block", str(last), "--checkpoint", str(path)]
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", "crossvault", *words], stdout=pipe, stderr=pipe, text=True)


def _wait(path: Path, block: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _PATIENCE_SECS
    while _compared(path) < block:
        if process.poll() is not None or time.monotonic() > until:
            raise BenchFailed(f"the audit did not begin: {process.communicate()[1].strip()}")
        time.sleep(0.05)


def _feed(vault_node: FundedVault, groups: Sequence[Sequence[Step]], path: Path) -> tuple[list[float], list[float]]:
    """Mines a block per group on schedule; returns the lag of the oldest uncompared block and the mining times."""
    first, began = vault_node.head() + 1, time.perf_counter()
    mined: list[float] = []
    lags: list[float] = []
    for place, group in enumerate(groups):
        time.sleep(max(0.0, began + place / BLOCKS_PER_SECOND - time.perf_counter()))
        waiting = max(0, _compared(path) + 1 - first)
        lags.append(time.perf_counter() - mined[waiting] if waiting < len(mined) else 0.0)
        vault_node.mine(group)
        mined.append(time.perf_counter())
    return lags, mined


def _compared(path: Path) -> int:
    """The last compared block of a checkpoint."""
    if not path.exists():
        return 0
    whole = path.read_bytes()[-65_536:].rpartition(b"\n")[0].rpartition(b"\n")[2]
    try:
        return int(json.loads(whole)["block"][0])
    except (ValueError, KeyError):  # the header, or a line longer than what was read
        return 0
