"""An EVM on an Anvil, for searching where pyrevm has no wheel: the same interface.

A chunk of calls is simulated in one request and mined when the next call comes: a mutant that differs in a chunk, or a
candidate of the shrinker, needs no block. A call alone is answered at once: the calls of a block are simulated until
the next block begins. A node is started once and used again, because a search opens many EVMs, one after another.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from crossvault.evm.anvil import Node, Request
from crossvault.evm.chain import EnginesDisagree
from crossvault.evm.chunk_call import ChunkCall

Answer = dict[str, Any]

_BORN_AT = 1  # before the time of any world [unix seconds]
_RICH = hex(10**30)
_MOST_PENDING = 3  # calls that are simulated again with the next one; then a block of the same time is mined
_SIZE_LIMIT = 2**20


class NodeEvmFailed(Exception):
    """The node did otherwise than mine the calls of a block (a defect of crossvault, or of this version of Anvil)."""


class _SimulatedChunk(NamedTuple):
    """A chunk that is simulated and not mined: calls by the time of their block, the last view and its answer."""

    blocks: list[tuple[int, list[Mapping[str, str]]]]
    view: Mapping[str, str] | None
    answer: Answer


class _Mark(NamedTuple):
    snapshot: str
    blocks: int
    at: int
    number: int
    nonces: dict[str, int]


class NodeEvm:
    """The state of a node: time, block number, contracts, and marks to return to. Addresses and data are hex."""

    def __init__(self, chain_id: int, at: int, is_wide: bool = False) -> None:
        """at: time of the first block [unix seconds]; is_wide: contracts may be long.

        Raises ToolchainMissing, ChainLost.
        """
        self._lease = _NodeLease.of(is_wide)
        weakref.finalize(self, self._lease.release)
        self._node = self._lease.node
        if int(self._node.rpc("eth_chainId"), 16) != chain_id:
            self._node.rpc("anvil_setChainId", chain_id)
        self.at, self.number = at, 0
        self._pending: list[Mapping[str, str]] = []
        self._chunk: _SimulatedChunk | None = None
        self._blocks = 0  # that were mined, or changes by the node itself
        self._nonces: dict[str, int] = {}
        self._marks: list[_Mark] = []

    def move(self, at: int) -> None:
        """Begins the next block, at a time [unix seconds]."""
        self._mine()
        self.at, self.number = at, self.number + 1

    def call(self, call: Mapping[str, str]) -> Answer:
        """Executes a call (`from`, `to`, `input`, `gas`) and keeps its changes; returns the answer of the node."""
        return self.step(call, ())[0]

    def step(self, call: Mapping[str, str], views: Sequence[Mapping[str, str]]) -> list[Answer]:
        """Executes a call and keeps its changes, then views; returns the answers of all, for one request."""
        if self._chunk or len(self._pending) >= _MOST_PENDING:
            self._mine()
        self._pending.append(call)
        return self._simulated([(self.at, [*self._pending, *views])])[-1 - len(views) :]

    def chunk(self, calls: Sequence[ChunkCall]) -> list[list[Answer]]:
        """Executes calls, each with its views, and keeps their changes; returns the answers of each.

        What is executed next raises EnginesDisagree if the mined state is not the one that the last view shows.
        """
        self._mine()
        blocks: list[tuple[int, list[ChunkCall]]] = []
        for each in calls:
            if each.begins_at is not None:
                self.at, self.number = each.begins_at, self.number + 1
            if each.begins_at is not None or not blocks:
                blocks.append((self.at, []))
            blocks[-1][1].append(each)
        simulated = self._simulated(
            [(at, [call for each in some for call in (each.call, *each.views)]) for at, some in blocks]
        )
        view = calls[-1].views[-1] if calls[-1].views else None
        self._chunk = _SimulatedChunk([(at, [each.call for each in some]) for at, some in blocks], view, simulated[-1])
        answers = iter(simulated)
        return [list(islice(answers, 1 + len(each.views))) for each in calls]

    def query(self, call: Mapping[str, str], at: int | None = None) -> Answer:
        """Executes a call and reverts its changes; `at`: in the next block, at a time [unix seconds]."""
        if self._chunk:
            self._mine()
        if at is None or at == self.at:
            return self._simulated([(self.at, [*self._pending, call])])[-1]
        return self._simulated([(self.at, self._pending), (at, [call])])[-1]

    def code(self, address: str) -> str:
        """The deployed code at an address."""
        return str(self._node.rpc("eth_getCode", address, "latest")).lower()

    def replace(self, address: str, code: bytes) -> None:
        """Replaces the code of a contract and keeps its storage."""
        self._mine()
        self._blocks += 1
        self._node.rpc("anvil_setCode", address, "0x" + code.hex())

    def create(self, sender: str, code: str, gas: str) -> str | None:
        """Executes the code of a constructor in a block of its own; returns the address, or None if it reverts."""
        self.move(self.at)
        data = "0x" + code.removeprefix("0x")
        sent = self._node.batch(self._sending([{"from": sender, "data": data, "gas": gas}]))[-1]
        self._next_block(self.at)
        receipt = self._node.rpc("eth_getTransactionReceipt", sent)
        if receipt is None:
            raise NodeEvmFailed("a constructor was not mined")
        return str(receipt["contractAddress"]).lower() if receipt["status"] == "0x1" else None

    def revert_data(self, sender: str, code: str, gas: str) -> str:
        """The data with which the code of a constructor reverts (hex); keeps no change."""
        self._mine()
        return self._node.revert_data(sender, code, gas)

    def send(self, sender: str, to: str, data: str, gas: str) -> None:
        """Executes a call in a block of its own, accepted or reverted."""
        self.move(self.at)
        self._pending.append({"from": sender, "to": to, "input": data, "gas": gas})

    def mark(self) -> int:
        """Sets a mark to return to."""
        self._mine()
        self._marks.append(self._marked(self.at, self.number))
        return len(self._marks) - 1

    def back(self, mark: int) -> None:
        """Reverts everything since a mark, which stays; later marks are removed."""
        kept = self._marks[mark]
        self._pending.clear()
        self._chunk = None
        self.at, self.number = kept.at, kept.number
        if self._blocks == kept.blocks:
            del self._marks[mark + 1 :]
            return
        self._node.rpc("evm_revert", kept.snapshot)
        self._nonces = dict(kept.nonces)
        self._marks[mark:] = [self._marked(kept.at, kept.number)]

    def _marked(self, at: int, number: int) -> _Mark:
        return _Mark(self._node.rpc("evm_snapshot"), self._blocks, at, number, dict(self._nonces))

    def _next_block(self, at: int) -> None:
        """Mines the calls in the pool, at a time [unix seconds]."""
        self._blocks += 1
        self._node.rpc("evm_mine", at)

    def _simulated(self, blocks: Iterable[tuple[int, Sequence[Mapping[str, str]]]]) -> list[Answer]:
        """The answers of calls in blocks, each with its time [unix seconds]."""
        states = [{"blockOverrides": {"time": hex(at)}, "calls": each} for at, each in blocks]
        found = self._node.rpc("eth_simulateV1", {"blockStateCalls": states, "validation": False}, "latest")
        return [answer for block in found for answer in block["calls"]]

    def _mine(self) -> None:
        """Mines the calls of the last chunk or of the block, in their order."""
        if self._chunk:
            self._mine_chunk(self._chunk)
        if not self._pending:
            return
        self._node.batch(self._sending(self._pending))
        self._next_block(self.at)
        mined = int(self._node.rpc("eth_getBlockTransactionCountByNumber", "latest"), 16)
        if mined != len(self._pending):
            raise NodeEvmFailed(f"{mined} of {len(self._pending)} calls of a block were mined")
        self._pending.clear()

    def _mine_chunk(self, chunk: _SimulatedChunk) -> None:
        """Mines a chunk, a block for each time, and requires that every call was, as it was simulated."""
        self._chunk = None
        calls = [call for _, some in chunk.blocks for call in some]
        self._meet([call["from"] for call in calls])
        for at, some in chunk.blocks:
            self._node.batch(self._sending(some))
            self._next_block(at)
        senders = dict.fromkeys(call["from"] for call in calls)
        counts = self._node.batch([("eth_getTransactionCount", [sender, "latest"]) for sender in senders])
        mined = {sender: int(count, 16) for sender, count in zip(senders, counts, strict=True)}
        if mined != {sender: self._nonces[sender] for sender in senders}:
            raise NodeEvmFailed(f"the calls of a chunk were not all mined: {mined}, expected {self._nonces}")
        if chunk.view is None:
            return
        kept = self._simulated([(self.at, [chunk.view])])[-1]
        if (kept["status"], kept["returnData"]) != (chunk.answer["status"], chunk.answer["returnData"]):
            raise EnginesDisagree(f"mining {len(calls)} calls up to {self.at} left a state unlike simulating them")

    def _sending(self, calls: Sequence[Mapping[str, str]]) -> list[Request]:
        """Requests that put calls into the pool; the node orders a block by gas price."""
        self._meet([call["from"] for call in calls])
        requests: list[Request] = []
        for place, call in enumerate(calls):
            nonce = self._nonces[call["from"]]
            self._nonces[call["from"]] = nonce + 1
            fees = {"nonce": hex(nonce), "gasPrice": hex(len(calls) - place)}
            requests.append(("eth_sendTransaction", [{**call, **fees}]))
        return requests

    def _meet(self, senders: Sequence[str]) -> None:
        """Gives a balance to senders at their first call, and reads their nonces."""
        new = [sender for sender in dict.fromkeys(senders) if sender not in self._nonces]
        if not new:
            return
        self._node.batch([("anvil_setBalance", [sender, _RICH]) for sender in new])
        counts = self._node.batch([("eth_getTransactionCount", [sender, "latest"]) for sender in new])
        self._nonces |= {sender: int(count, 16) for sender, count in zip(new, counts, strict=True)}


class _NodeLease:
    """A node that one EVM uses at a time, and the state that it is given back in."""

    _free: dict[tuple[int, bool], list[_NodeLease]] = {}  # by process, because a fork must not use its parent's nodes

    def __init__(self, is_wide: bool) -> None:
        self._key = os.getpid(), is_wide
        self.node = Node(_BORN_AT, options=["--code-size-limit", str(_SIZE_LIMIT)] if is_wide else ())
        self._empty: str = self.node.rpc("evm_snapshot")

    @classmethod
    def of(cls, is_wide: bool) -> _NodeLease:
        """A free node in its first state, or a new one."""
        free = cls._free.setdefault((os.getpid(), is_wide), [])
        if not free:
            return cls(is_wide)
        lease = free.pop()
        lease.node.rpc("anvil_dropAllTransactions")
        lease.node.rpc("evm_revert", lease._empty)
        lease._empty = lease.node.rpc("evm_snapshot")
        return lease

    def release(self) -> None:
        """Gives the node back, when its EVM is no longer used."""
        self._free.setdefault(self._key, []).append(self)
