"""What of a deployment stands on the chain at one block: read from code, logs and the nonce, never from a memory."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from crossvault.deployment.blueprint import FACTORY, SPENDER, Blueprint, DeploymentStep
from crossvault.deployment.code import stands
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
    """What stands of a step. block: where its event is; due_at: when it may happen at the earliest [unix seconds]."""

    state: str
    block: int | None = None
    due_at: int = 0


class ChainSnapshot(NamedTuple):
    """A block and what stands there. at: its time [unix seconds]; nonce: of the deployer; taken: who has our place."""

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
    """Looks at a chain for the steps of a blueprint. since: a block before the first of them."""

    def __init__(self, wire: RpcClient, plan: Blueprint, since: int) -> None:
        self.wire, self.plan, self.since = wire, plan, since
        speech = plan.speech.vault
        self._opening = speech.topic("VaultOpened")
        self._topics = sorted({self._opening, *(speech.topic(step.event) for step in plan.steps if step.event)})
        self._fields = speech.event_fields()
        self._width = _RECENT_BLOCKS
        self._kept: tuple[int, list[dict[str, Any]]] = (since - 1, [])

    def look(self, number: int | None = None, known: Collection[str] = ()) -> ChainSnapshot:
        """What stands at a block (default: the latest). known: contracts whose code need not be read again.

        Everything is of one block, so that the nonce is the one that the next transaction of a missing step must have.
        Raises ChainLost, ChainRefused.
        """
        for turn in range(_TRIES):
            if turn:
                time.sleep(_WAIT_SECS * turn)
            tag = "latest" if number is None else hex(number)
            block = self.wire.rpc("eth_getBlockByNumber", tag, False)
            if block is None:
                continue
            try:
                if (survey := self._at(block, known)) is not None:
                    return survey
            except ChainRefused:  # the node behind the endpoint may be another one, without that block yet
                self._width = max(1, self._width // 4)  # or it tells logs of fewer blocks at once
                if turn == _TRIES - 1:
                    raise
        raise ChainLost(f"{self.wire.origin}: its nodes do not agree on the latest block")

    def tells(self, step: DeploymentStep, logs: Collection[Mapping[str, Any]]) -> bool:
        """Whether logs of a transaction have the event of a step."""
        ours = (log for log in logs if log["address"].lower() == self.plan.vault)
        return any(self._fits(step, self.plan.speech.vault.event(log)) for log in ours)

    def _at(self, block: Mapping[str, Any], known: Collection[str]) -> ChainSnapshot | None:
        number, tag = int(block["number"], 16), block["number"]
        made = [step for step in self.plan.steps if step.makes and step.key not in known]
        tokens = [step for step in self.plan.steps if step.action == SPENDER]
        spender = self.plan.speech.token.call("spender", {})
        recent = max(self.since, number - self._width + 1)
        requests: list[Request] = [
            ("eth_blockNumber", []),
            ("eth_getTransactionCount", [self.plan.deployer, tag]),
            ("eth_getLogs", [self._filter(recent, number)]),
            *(("eth_getCode", [step.address, tag]) for step in made),
            *(("eth_call", [{"to": step.to, "data": spender}, tag]) for step in tokens),
        ]
        head, nonce, logs, *others = self.wire.batch(requests)
        if int(head, 16) < number:
            return None
        still = self.wire.rpc("eth_getBlockByNumber", tag, False)
        if still is None or still["hash"] != block["hash"]:
            return None  # the block was reorganised away while it was read
        logs = [*self._earlier(recent - 1, number, fresh=not known), *logs]
        found = {key: StepState(DONE) for key in known}
        for step, code in zip(made, others, strict=False):
            found[step.key] = self._stands(step, code)
        for step, told in zip(tokens, others[len(made) :], strict=True):
            is_set = told != "0x" and int(told, 16) == int(self.plan.vault, 16)
            found[step.key] = StepState(DONE if is_set else MISSING)
        taken, opened = self._read_logs(logs, found)
        at = int(block["timestamp"], 16)
        return ChainSnapshot(number, block["hash"], at, int(nonce, 16), found, taken, opened)

    def _stands(self, step: DeploymentStep, code: str) -> StepState:
        if code == "0x":
            return StepState(MISSING)
        return StepState(DONE if stands(self.plan.build.artifacts[step.contract], code) else WRONG)

    def _read_logs(
        self, logs: list[dict[str, Any]], found: dict[str, StepState]
    ) -> tuple[tuple[str, ...], Mapping[str, Any] | None]:
        """Gives each event to the first step that it fits and that has none yet; what is left may be in the way."""
        left = [(log, self.plan.speech.vault.event(log)) for log in logs]
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
        """When a change that was announced takes effect."""
        if not step.action.startswith(ENACT):
            return 0
        announced = found.get(step.key.replace(ENACT, SCHEDULE, 1))
        return announced.due_at if announced else 0

    def _fits(self, step: DeploymentStep, event: Any) -> bool:
        if event.name != step.event:
            return False
        values = dict(zip(self._fields[event.name], event.values, strict=True))
        return all(values.get(name) == value for name, value in step.told.items())

    def _in_the_way(self, event: Any) -> str:
        """What is said of an event that has the number of one of our listings, and is none of them."""
        noun = {"UnderlyingListed": "underlying", "CollateralListed": "collateral"}.get(event.name)
        if noun is None:
            return ""
        values = dict(zip(self._fields[event.name], event.values, strict=True))
        number = values[noun]
        ours = sum(step.event == event.name for step in self.plan.steps)
        return f"{noun} {number} of the vault is another than this deployment lists" if number < ours else ""

    def _filter(self, first: int, last: int) -> dict[str, Any]:
        address, topics = self.plan.vault, [self._topics]
        return {"address": address, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}

    def _earlier(self, last: int, head: int, fresh: bool) -> list[dict[str, Any]]:
        """Logs up to a block; those so deep that they do not change are asked for once, unless all is read again."""
        if fresh:
            self._kept = (self.since - 1, [])
        upto, kept = self._kept
        if (deep := min(last, head - _DEEP_BLOCKS)) > upto:
            upto, kept = self._kept = (deep, [*kept, *self._older(upto + 1, deep)])
        return [*kept, *self._older(upto + 1, last)]

    def _older(self, first: int, last: int) -> list[dict[str, Any]]:
        """Logs of blocks; where an endpoint refuses so many at once, in halves."""
        if first > last:
            return []
        try:
            found: list[dict[str, Any]] = self.wire.rpc("eth_getLogs", self._filter(first, last))
            return found
        except ChainRefused:
            if first == last:
                raise
            middle = (first + last) // 2
            return [*self._older(first, middle), *self._older(middle + 1, last)]


def require_factory(wire: RpcClient) -> None:
    """Raises FactoryMissing where nothing can be put at addresses that are known beforehand."""
    if wire.rpc("eth_getCode", FACTORY, "latest") == "0x":
        raise FactoryMissing(
            f"{wire.origin}: the chain has no deterministic-deployment contract at {FACTORY}, which every step needs: "
            "put it there first (its deployment is one presigned transaction, the same on all chains)"
        )
