"""State of a deployment at one block, read from code, logs and the nonce."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from crossvault.deployment.blueprint import FACTORY, SPENDER, Blueprint, DeploymentStep
from crossvault.deployment.code import is_code_of
from crossvault.differential.ending import BadEnvironment
from crossvault.evm.anvil import ChainLost, ChainRefused, Request
from crossvault.rpc.client import RpcClient
from crossvault.scenario.owner_calls import ENACT, SCHEDULE

DONE, MISSING, WRONG = "done", "missing", "wrong"

_RECENT_BLOCKS, _DEEP_BLOCKS = 1_024, 64
_TRIES, _WAIT_SECS = 12, 0.25


class FactoryMissing(BadEnvironment):
    """The chain has no deterministic-deployment contract."""


class StepState(NamedTuple):
    """State of a step. block: of its event; due_at: the earliest time of its execution [unix seconds]."""

    state: str
    block: int | None = None
    due_at: int = 0


class ChainSnapshot(NamedTuple):
    """State of a deployment at a block. at: its time [unix seconds]; nonce: of the deployer; taken: conflicts."""

    number: int
    hash: str
    at: int
    nonce: int
    found: Mapping[str, StepState]
    taken: tuple[str, ...]
    opened: Mapping[str, Any] | None

    def is_done(self, step: DeploymentStep) -> bool:
        """Whether a step is done at this block."""
        return self.found[step.key].state == DONE


class ChainInspector:
    """Reads the state of a blueprint's steps from a chain. since: a block before the first step."""

    def __init__(self, client: RpcClient, plan: Blueprint, since: int) -> None:
        self.client, self.plan, self.since = client, plan, since
        vault = plan.bindings.vault
        self._opening = vault.topic("VaultOpened")
        self._topics = sorted({self._opening, *(vault.topic(step.event) for step in plan.steps if step.event)})
        self._fields = vault.event_fields()
        self._width = _RECENT_BLOCKS
        self._kept: tuple[int, list[dict[str, Any]]] = (since - 1, [])

    def inspect(self, number: int | None = None, known: Collection[str] = ()) -> ChainSnapshot:
        """Reads the state at a block (default: the latest). known: contracts whose code need not be read again.

        All values are of one block, so that the nonce is that of the next transaction of a missing step.
        Raises ChainLost, ChainRefused.
        """
        for turn in range(_TRIES):
            if turn:
                time.sleep(_WAIT_SECS * turn)
            tag = "latest" if number is None else hex(number)
            block = self.client.rpc("eth_getBlockByNumber", tag, False)
            if block is None:
                continue
            try:
                if (snapshot := self._at(block, known)) is not None:
                    return snapshot
            except ChainRefused:  # another node behind the endpoint may not have the block yet
                self._width = max(1, self._width // 4)  # or it limits the block range of log requests
                if turn == _TRIES - 1:
                    raise
        raise ChainLost(f"{self.client.origin}: its nodes do not agree on the latest block")

    def emits(self, step: DeploymentStep, logs: Collection[Mapping[str, Any]]) -> bool:
        """Whether the logs of a transaction contain the event of a step."""
        ours = (log for log in logs if log["address"].lower() == self.plan.vault)
        return any(self._fits(step, self.plan.bindings.vault.event(log)) for log in ours)

    def _at(self, block: Mapping[str, Any], known: Collection[str]) -> ChainSnapshot | None:
        number, tag = int(block["number"], 16), block["number"]
        made = [step for step in self.plan.steps if step.makes and step.key not in known]
        tokens = [step for step in self.plan.steps if step.action == SPENDER]
        spender = self.plan.bindings.token.call("spender", {})
        recent = max(self.since, number - self._width + 1)
        requests: list[Request] = [
            ("eth_blockNumber", []),
            ("eth_getTransactionCount", [self.plan.deployer, tag]),
            ("eth_getLogs", [self._filter(recent, number)]),
            *(("eth_getCode", [step.address, tag]) for step in made),
            *(("eth_call", [{"to": step.to, "data": spender}, tag]) for step in tokens),
        ]
        head, nonce, logs, *others = self.client.batch(requests)
        if int(head, 16) < number:
            return None
        still = self.client.rpc("eth_getBlockByNumber", tag, False)
        if still is None or still["hash"] != block["hash"]:
            return None  # the block was reorganised away while it was read
        logs = [*self._earlier(recent - 1, number, fresh=not known), *logs]
        found = {key: StepState(DONE) for key in known}
        for step, code in zip(made, others, strict=False):
            found[step.key] = self._code_state(step, code)
        for step, word in zip(tokens, others[len(made) :], strict=True):
            is_set = word != "0x" and int(word, 16) == int(self.plan.vault, 16)
            found[step.key] = StepState(DONE if is_set else MISSING)
        taken, opened = self._read_logs(logs, found)
        at = int(block["timestamp"], 16)
        return ChainSnapshot(number, block["hash"], at, int(nonce, 16), found, taken, opened)

    def _code_state(self, step: DeploymentStep, code: str) -> StepState:
        if code == "0x":
            return StepState(MISSING)
        return StepState(DONE if is_code_of(self.plan.build.artifacts[step.contract], code) else WRONG)

    def _read_logs(
        self, logs: list[dict[str, Any]], found: dict[str, StepState]
    ) -> tuple[tuple[str, ...], Mapping[str, Any] | None]:
        """Assigns each event to the first matching step without one; returns conflicts and the opening log."""
        left = [(log, self.plan.bindings.vault.event(log)) for log in logs]
        opened = next((log for log in logs if log["topics"][0] == self._opening), None)
        for step in self.plan.steps:
            if not step.event:
                continue
            place = next((i for i, (_, event) in enumerate(left) if self._fits(step, event)), None)
            due_at = self._due_at(step, found)
            if place is None:
                found[step.key] = StepState(MISSING, None, due_at)
                continue
            log, event = left.pop(place)
            effective_at = dict(zip(self._fields[event.name], event.values, strict=True)).get("effective_at", 0)
            found[step.key] = StepState(DONE, int(log["blockNumber"], 16), effective_at or due_at)
        return tuple(taken for _, event in left if (taken := self._in_the_way(event))), opened

    def _due_at(self, step: DeploymentStep, found: Mapping[str, StepState]) -> int:
        """The time from which a scheduled change can be enacted."""
        if not step.action.startswith(ENACT):
            return 0
        announced = found.get(step.key.replace(ENACT, SCHEDULE, 1))
        return announced.due_at if announced else 0

    def _fits(self, step: DeploymentStep, event: Any) -> bool:
        if event.name != step.event:
            return False
        values = dict(zip(self._fields[event.name], event.values, strict=True))
        return all(values.get(name) == value for name, value in step.event_values.items())

    def _in_the_way(self, event: Any) -> str:
        """The conflict message of a listing event with the number of a planned listing; empty without conflict."""
        noun = {"UnderlyingListed": "underlying", "CollateralListed": "collateral"}.get(event.name)
        if noun is None:
            return ""
        values = dict(zip(self._fields[event.name], event.values, strict=True))
        number = values[noun]
        ours = sum(step.event == event.name for step in self.plan.steps)
        return f"{noun} {number} of the vault differs from the one that this deployment lists" if number < ours else ""

    def _filter(self, first: int, last: int) -> dict[str, Any]:
        address, topics = self.plan.vault, [self._topics]
        return {"address": address, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}

    def _earlier(self, last: int, head: int, fresh: bool) -> list[dict[str, Any]]:
        """Logs up to a block; final ones are requested once unless everything is re-read."""
        if fresh:
            self._kept = (self.since - 1, [])
        upto, kept = self._kept
        if (deep := min(last, head - _DEEP_BLOCKS)) > upto:
            upto, kept = self._kept = (deep, [*kept, *self._older(upto + 1, deep)])
        return [*kept, *self._older(upto + 1, last)]

    def _older(self, first: int, last: int) -> list[dict[str, Any]]:
        """Logs of a block range; halves the range where the endpoint refuses it."""
        if first > last:
            return []
        try:
            found: list[dict[str, Any]] = self.client.rpc("eth_getLogs", self._filter(first, last))
            return found
        except ChainRefused:
            if first == last:
                raise
            middle = (first + last) // 2
            return [*self._older(first, middle), *self._older(middle + 1, last)]


def require_factory(client: RpcClient) -> None:
    """Requires the deterministic-deployment contract. Raises FactoryMissing."""
    if client.rpc("eth_getCode", FACTORY, "latest") == "0x":
        raise FactoryMissing(
            f"{client.origin}: the chain has no deterministic-deployment contract at {FACTORY}, "
            "which every step needs: deploy it first (by one presigned transaction, the same on all chains)"
        )
