"""Gas estimate of a deployment per step, by simulation on the chain itself or on a local node."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from crossvault.deployment.blueprint import Blueprint, DeploymentStep
from crossvault.deployment.onchain import ChainSnapshot
from crossvault.evm.anvil import ChainRefused, Node
from crossvault.rpc.client import RpcClient

ON_CHAIN = "simulated on the chain (eth_simulateV1)"
ON_LOCAL_NODE = "measured on a local node: the chain does not simulate"

_GAS = hex(2**24)  # the most gas per transaction (EIP-7825)
_BLOCK_SECS = 12


class Requester(Protocol):
    """A connection that sends requests."""

    def rpc(self, method: str, *params: Any) -> Any:
        """Sends one request and returns its result."""
        ...


class StepGas(NamedTuple):
    """Gas of a step; None with the reason where it depends on actions of others."""

    gas: int | None
    why: str = ""


class Estimate(NamedTuple):
    """Gas of the missing steps by key, the method, fees per gas [wei], and the deployer's balance [wei]."""

    steps: dict[str, StepGas]
    how: str
    base_wei: int
    tip_wei: int
    balance_wei: int

    @property
    def gas(self) -> int:
        """Total gas of the missing steps."""
        return sum(each.gas or 0 for each in self.steps.values())

    @property
    def cost_wei(self) -> int:
        """Cost at the current fees [wei]."""
        return self.gas * (self.base_wei + self.tip_wei)

    @property
    def most_wei(self) -> int:
        """Cost if the base fee doubles: the balance that the deployer needs [wei]."""
        return self.gas * (2 * self.base_wei + self.tip_wei)


def estimate(client: RpcClient, plan: Blueprint, snapshot: ChainSnapshot) -> Estimate:
    """Estimates the missing steps. Raises ChainLost, ChainRefused, ToolchainMissing."""
    left = [step for step in plan.steps if not snapshot.is_done(step)]
    try:
        steps, how = _simulated(client, plan, left, snapshot.at), ON_CHAIN
    except ChainRefused:
        found, how = _measured(plan), ON_LOCAL_NODE
        steps = {step.key: found[step.key] for step in left}
    latest, tip, balance = client.batch([
        ("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", []),
        ("eth_getBalance", [plan.deployer, "latest"]),
    ])  # fmt: skip
    return Estimate(steps, how, int(latest["baseFeePerGas"], 16), int(tip, 16), int(balance, 16))


def _measured(plan: Blueprint) -> dict[str, StepGas]:
    """Gas of all steps on a fresh node, with a test token in the place of each pre-existing token."""
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


def _simulated(connection: Requester, plan: Blueprint, steps: Sequence[DeploymentStep], at: int) -> dict[str, StepGas]:
    """Simulates each step in its own block; scheduled changes are due once the delay has passed."""
    blocks, delayed = [], False
    for step in steps:
        delayed = delayed or step.action.startswith(("enact", "open", "offer", "accept"))
        at += _BLOCK_SECS
        when = at + (plan.world.delay_secs if delayed else 0)
        call = {"from": step.by, "to": step.to, "input": step.data, "gas": _GAS}
        blocks.append({"blockOverrides": {"time": hex(when)}, "calls": [call]})
    if not blocks:
        return {}
    answers = connection.rpc("eth_simulateV1", {"blockStateCalls": blocks, "validation": False}, "latest")
    return {step.key: _expected(plan, block["calls"][0]) for step, block in zip(steps, answers, strict=True)}


def _expected(plan: Blueprint, call: dict[str, Any]) -> StepGas:
    if call["status"] == "0x1":
        return StepGas(int(call["gasUsed"], 16))
    data = call.get("returnData") or "0x"
    if data == "0x":
        data = (call.get("error") or {}).get("data") or "0x"
    return StepGas(None, str(plan.bindings.vault.refusal(data)))
