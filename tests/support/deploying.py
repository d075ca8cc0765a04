"""A deployment in a test: parameters in a folder, an account that can pay, and what the chain must then show."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crossvault.deployment.apply import ApplyResult
from crossvault.deployment.deployment import ApplyOptions, Deployment
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import KeySigner
from crossvault.rpc.transactions import PollingPolicy
from places import ROOT
from testnet import RICH, SEPOLIA, key

PACE = PollingPolicy(poll_secs=0.02, stuck_secs=0.5)
SAFE = "0x" + "5a" * 20

_SHIPPED = ROOT / "scripts" / "params" / "local.yaml"


def params(folder: Path, *changes: tuple[str, str], chain: int = SEPOLIA) -> Path:
    """A file of parameters: the one that ships, for another chain, with changes. Nothing is announced in it."""
    text = _SHIPPED.read_text(encoding="utf8")
    announced = next(line for line in text.splitlines() if line.strip().startswith("interest:"))
    for old, new in ((announced + "\n", ""), ("chain: 31337", f"chain: {chain}"), *changes):
        assert old in text, old
        text = text.replace(old, new, 1)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf8")
    return path


class Desk:
    """One machine from which a deployment is done. lines: what people were told."""

    def __init__(self, wire: RpcClient, path: Path, name: str = "deployer") -> None:
        self.wire, self.path = wire, path
        self.signer = KeySigner(key(name))
        self.lines: list[str] = []
        self.known: Deployment | None = None

    def fund(self) -> None:
        """Gives the deployer something to pay with."""
        self.wire.rpc("anvil_setBalance", self.signer.address, hex(RICH))

    def venture(self, wire: RpcClient | None = None) -> Deployment:
        """The deployment, freshly read."""
        return Deployment(self.path, wire or self.wire, self.signer.address)

    def apply(
        self,
        wire: RpcClient | None = None,
        written: Callable[[int], None] = lambda number: None,
        owner: KeySigner | None = None,
        wait: bool = False,
    ) -> tuple[ApplyResult, bool]:
        """Does what is missing."""
        options = ApplyOptions(wait=wait, said=self.lines.append, written=written, pace=PACE)
        return self.venture(wire).apply(self.signer, options, owner)

    def killed(self, wire: RpcClient, written: Callable[[int], None] = lambda number: None) -> bool:
        """Does what is missing in a process of its own; whether that was killed before it came to an end."""
        venture = self.known = self.known or self.venture()  # the file is read once: what it says does not change
        child = os.fork()
        if child == 0:
            ended = 1
            try:
                venture.wire = wire
                venture.apply(self.signer, ApplyOptions(written=written, pace=PACE))
                ended = 0
            finally:
                os._exit(ended)
        _, told = os.waitpid(child, 0)
        assert os.WIFSIGNALED(told) or os.WEXITSTATUS(told) == 0
        return os.WIFSIGNALED(told)


def die() -> None:
    """kill -9 of this very process."""
    os.kill(os.getpid(), signal.SIGKILL)


class MortalWire(RpcClient):
    """A connection whose process dies as soon as the node has taken a transaction."""

    def batch(self, requests: Any) -> list[Any]:
        found = super().batch(requests)
        if requests[0][0] == "eth_sendRawTransaction":
            die()
        return found


def url(wire: RpcClient) -> str:
    """The address of a test's node; there is nothing secret in it."""
    return wire.origin


def assert_once(venture: Deployment) -> None:
    """Each step happened exactly once: one accepted transaction and one event each, and nothing else did."""
    wire, plan = venture.wire, venture.plan
    head = int(wire.rpc("eth_blockNumber"), 16)
    blocks = wire.batch([("eth_getBlockByNumber", [hex(number), True]) for number in range(head + 1)])
    sent = [each for block in blocks for each in block["transactions"] if each["to"]]
    receipts = wire.batch([("eth_getTransactionReceipt", [each["hash"]]) for each in sent])
    accepted = Counter(
        (each["to"].lower(), each["input"])
        for each, receipt in zip(sent, receipts, strict=True)
        if receipt["status"] == "0x1" and each["input"] != "0x"
    )
    survey = venture.survey()
    done = [step for step in plan.steps if survey.is_done(step)]
    assert accepted == Counter((step.to, step.data) for step in done)
    logs = wire.rpc("eth_getLogs", {"address": plan.vault, "fromBlock": "0x0", "toBlock": "latest"})
    told = Counter(plan.speech.vault.event(log).name for log in logs)
    assert told == Counter(["VaultOpened", *(step.event for step in done if step.event)])


def assert_whole(venture: Deployment) -> None:
    """Nothing is missing, nothing happened twice, and all of it is as it should be."""
    survey = venture.survey()
    assert all(survey.is_done(step) for step in venture.plan.steps)
    assert_once(venture)
    assert venture.verify().differences == []
