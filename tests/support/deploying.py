"""Deployments in tests: a parameter file, a funded account, and assertions on the resulting chain."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crossvault.deployment.apply import ApplyResult
from crossvault.deployment.deployment import ApplyOptions, Deployment
from crossvault.evm.abi import Interface
from crossvault.evm.deploy import diamond_abi, vault_abi
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import KeySigner
from crossvault.rpc.transactions import PollingPolicy
from places import ROOT
from testnet import RICH, SEPOLIA, key

PACE = PollingPolicy(poll_secs=0.02, stuck_secs=0.5)
SAFE = "0x" + "5a" * 20

_SHIPPED = ROOT / "scripts" / "params" / "local.yaml"


def params(folder: Path, *changes: tuple[str, str], chain: int = SEPOLIA) -> Path:
    """A copy of the local parameter file for another chain, with changes and without delayed parameters."""
    text = _SHIPPED.read_text(encoding="utf8")
    announced = next(line for line in text.splitlines() if line.strip().startswith("interest:"))
    for old, new in ((announced + "\n", ""), ("chain: 31337", f"chain: {chain}"), *changes):
        assert old in text, old
        text = text.replace(old, new, 1)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf8")
    return path


class Deployer:
    """A machine that deploys. lines: the messages for the user."""

    def __init__(self, client: RpcClient, path: Path, name: str = "deployer") -> None:
        self.client, self.path = client, path
        self.signer = KeySigner(key(name))
        self.lines: list[str] = []
        self.known: Deployment | None = None

    def fund(self) -> None:
        """Funds the deployer."""
        self.client.rpc("anvil_setBalance", self.signer.address, hex(RICH))

    def deployment(self, client: RpcClient | None = None) -> Deployment:
        """The deployment, read from its file again."""
        return Deployment(self.path, client or self.client, self.signer.address)

    def apply(
        self,
        client: RpcClient | None = None,
        written: Callable[[int], None] = lambda number: None,
        owner: KeySigner | None = None,
        wait: bool = False,
    ) -> tuple[ApplyResult, bool]:
        """Executes the missing steps."""
        options = ApplyOptions(wait=wait, notify=self.lines.append, on_line=written, pace=PACE)
        return self.deployment(client).apply(self.signer, options, owner)

    def killed(self, client: RpcClient, written: Callable[[int], None] = lambda number: None) -> bool:
        """Executes the missing steps in a child process; returns whether it was killed before its end."""
        deployment = self.known = self.known or self.deployment()  # read once: the file does not change
        child = os.fork()
        if child == 0:
            ended = 1
            try:
                deployment.client = client
                deployment.apply(self.signer, ApplyOptions(on_line=written, pace=PACE))
                ended = 0
            finally:
                os._exit(ended)
        _, wait_status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(wait_status) or os.WEXITSTATUS(wait_status) == 0
        return os.WIFSIGNALED(wait_status)


def die() -> None:
    """Kills this process with SIGKILL."""
    os.kill(os.getpid(), signal.SIGKILL)


class MortalClient(RpcClient):
    """A client whose process dies as soon as the node accepts a transaction."""

    def batch(self, requests: Any) -> list[Any]:
        found = super().batch(requests)
        if requests[0][0] == "eth_sendRawTransaction":
            die()
        return found


def url(client: RpcClient) -> str:
    """The address of a test node, which contains no secret."""
    return client.origin


def assert_once(deployment: Deployment) -> None:
    """Asserts that each done step has exactly one accepted transaction and one event, and that there are no others."""
    client, plan = deployment.client, deployment.plan
    head = int(client.rpc("eth_blockNumber"), 16)
    blocks = client.batch([("eth_getBlockByNumber", [hex(number), True]) for number in range(head + 1)])
    sent = [each for block in blocks for each in block["transactions"] if each["to"]]
    receipts = client.batch([("eth_getTransactionReceipt", [each["hash"]]) for each in sent])
    accepted = Counter(
        (each["to"].lower(), each["input"])
        for each, receipt in zip(sent, receipts, strict=True)
        if receipt["status"] == "0x1" and each["input"] != "0x"
    )
    snapshot = deployment.snapshot()
    done = [step for step in plan.steps if snapshot.is_done(step)]
    assert accepted == Counter((step.to, step.data) for step in done)
    logs = client.rpc("eth_getLogs", {"address": plan.vault, "fromBlock": "0x0", "toBlock": "latest"})
    known = Interface([*vault_abi(plan.build), *diamond_abi(plan.build)], plan.bindings.codec)
    events = Counter(known.event(log).name for log in logs)
    assert events == Counter(["DiamondCut", "VaultOpened", *(step.event for step in done if step.event)])


def assert_complete(deployment: Deployment) -> None:
    """Asserts that every step is executed exactly once and that verification reports no difference."""
    snapshot = deployment.snapshot()
    assert all(snapshot.is_done(step) for step in deployment.plan.steps)
    assert_once(deployment)
    assert deployment.verify().differences == []
