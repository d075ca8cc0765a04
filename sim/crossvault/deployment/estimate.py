"""What a deployment will take: gas of each step, by simulation on the chain itself or on a node of our own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from crossvault.deployment.blueprint import Blueprint, DeploymentStep
from crossvault.deployment.onchain import ChainSnapshot
from crossvault.evm.anvil import ChainRefused, Node
from crossvault.rpc.client import RpcClient

ON_CHAIN = "simulated on the chain (eth_simulateV1)"
ON_OUR_OWN = "measured on a node of our own: the chain does not simulate"

_GAS = hex(2**24)  # more no transaction may have (EIP-7825)
_BLOCK_SECS = 12


class Requester(Protocol):
    """Whoever answers requests."""

    def rpc(self, method: str, *params: Any) -> Any:
        """The answer to one request."""
        ...


class Expected(NamedTuple):
    """Gas of a step; none where it cannot be told before others did their part: then why."""

    gas: int | None
    why: str = ""


class Estimate(NamedTuple):
    """Gas of the missing steps by key, how it was found, fees per gas [wei], and what the deployer has [wei]."""

    steps: dict[str, Expected]
    how: str
    base_wei: int
    tip_wei: int
    balance_wei: int

    @property
    def gas(self) -> int:
        """All of it."""
        return sum(each.gas or 0 for each in self.steps.values())

    @property
    def cost_wei(self) -> int:
        """At the fees of now."""
        return self.gas * (self.base_wei + self.tip_wei)

    @property
    def most_wei(self) -> int:
        """While the base fee doubles: what an account should have."""
        return self.gas * (2 * self.base_wei + self.tip_wei)


def estimate(wire: RpcClient, plan: Blueprint, survey: ChainSnapshot) -> Estimate:
    """What the missing steps will take. Raises ChainLost, ChainRefused, ToolchainMissing."""
    left = [step for step in plan.steps if not survey.is_done(step)]
    try:
        steps, how = _simulated(wire, plan, left, survey.at), ON_CHAIN
    except ChainRefused:
        found, how = _measured(plan), ON_OUR_OWN
        steps = {step.key: found[step.key] for step in left}
    latest, tip, balance = wire.batch([
        ("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", []),
        ("eth_getBalance", [plan.deployer, "latest"]),
    ])  # fmt: skip
    return Estimate(steps, how, int(latest["baseFeePerGas"], 16), int(tip, 16), int(balance, 16))


def _measured(plan: Blueprint) -> dict[str, Expected]:
    """Gas of all steps on a fresh node; a test token stands in for each that exists already."""
    now = int(time.time())
    node = Node(now, flat=False)
    try:
        token = "0x" + plan.build.artifacts["Token"].deployed_bytecode
        made = {step.name for step in plan.steps if step.makes}
        for spec in plan.world.tokens:
            if spec.name not in made:
                node.rpc("anvil_setCode", plan.names.address(spec.name), token)
        return _simulated(node, plan, plan.steps, now)
    finally:
        node.close()


def _simulated(asked: Requester, plan: Blueprint, steps: Sequence[DeploymentStep], at: int) -> dict[str, Expected]:
    """Each step in a block of its own; what was announced is in force from the block after the delay on."""
    blocks, delayed = [], False
    for step in steps:
        delayed = delayed or step.action.startswith(("enact", "open", "offer", "accept"))
        at += _BLOCK_SECS
        when = at + (plan.world.delay_secs if delayed else 0)
        call = {"from": step.by, "to": step.to, "input": step.data, "gas": _GAS}
        blocks.append({"blockOverrides": {"time": hex(when)}, "calls": [call]})
    if not blocks:
        return {}
    answers = asked.rpc("eth_simulateV1", {"blockStateCalls": blocks, "validation": False}, "latest")
    return {step.key: _expected(plan, block["calls"][0]) for step, block in zip(steps, answers, strict=True)}


def _expected(plan: Blueprint, call: dict[str, Any]) -> Expected:
    if call["status"] == "0x1":
        return Expected(int(call["gasUsed"], 16))
    data = call.get("returnData") or "0x"
    if data == "0x":
        data = (call.get("error") or {}).get("data") or "0x"
    return Expected(None, str(plan.speech.vault.refusal(data)))
