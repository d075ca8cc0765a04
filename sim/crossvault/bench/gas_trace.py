"""The gas of every instruction of a call, by the functions that are running, from the trace of a node.

A node lists each instruction with the gas that is left before it. The gas of an instruction is what is left before it
less what is left before the next one of the same frame, and less what the frames that it called took.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossvault.bench.gas_code import DISPATCH, CodeFunctions

COLD, WARM, WRITTEN = "(SLOAD, cold)", "(SLOAD, warm)", "(SSTORE)"
TRANSACTION = "transaction"
_COLD_GAS = 2_100
_STORAGE = (b"SLOAD", b"SSTORE")
_INSTRUCTION = re.compile(rb'"pc":(\d+),"op":"([A-Z0-9_]+)","gas":(\d+),"gasCost":(\d+),"depth":(\d+),"refund":(\d+)')

Function = tuple[str, str]  # contract whose code runs, name of the function


@dataclass(slots=True)
class FunctionNode:
    """A function that was called from another one, or runs first: the gas of its instructions by offset.

    calls: how often it was entered. storage: number and gas of its reads and writes of storage.
    """

    function: Function
    parent: FunctionNode | None = None
    calls: int = 0
    gas: dict[int, int] = field(default_factory=dict)
    storage: dict[str, list[int]] = field(default_factory=lambda: {COLD: [0, 0], WARM: [0, 0], WRITTEN: [0, 0]})
    inside: dict[Function, FunctionNode] = field(default_factory=dict)

    def entered(self, function: Function) -> FunctionNode:
        """The node of a function that this one calls."""
        if (found := self.inside.get(function)) is None:
            found = self.inside[function] = FunctionNode(function, self)
        found.calls += 1
        return found

    def charge(self, at: int, op: bytes, gas: int) -> None:
        """Notes the gas of an instruction."""
        if op in _STORAGE:
            use = self.storage[WRITTEN if op == b"SSTORE" else COLD if gas >= _COLD_GAS else WARM]
            use[0] += 1
            use[1] += gas
        else:
            self.gas[at] = self.gas.get(at, 0) + gas


@dataclass(slots=True)
class _Frame:
    """A call that runs: its contract, the function that runs, the first one, and the gas that it took so far."""

    contract: str
    functions: CodeFunctions
    node: FunctionNode
    first: FunctionNode
    spent: int = 0


@dataclass(slots=True)
class CallTrace:
    """The functions of a call; intrinsic: gas before its first instruction; refund: gas that its receipt is less."""

    root: FunctionNode
    intrinsic: int
    refund: int


def call_trace(
    listed: bytes, calls: Mapping[str, Any], contracts: Mapping[str, str], functions: Mapping[str, CodeFunctions]
) -> CallTrace:
    """Reads a trace: listed: the instructions; calls: the tree of calls; contracts: those at each address."""
    reader = _FrameReader(_with_code(calls, contracts), functions)
    first = 0
    for found in _INSTRUCTION.finditer(listed):
        at, op, gas, cost, depth = int(found[1]), found[2], int(found[3]), int(found[4]), int(found[5])
        first = first or gas
        reader.read(at, op, gas, cost, depth)
        last = found
    spent = reader.end()
    intrinsic = int(calls["gas"], 16) - first
    return CallTrace(reader.root, intrinsic, min(int(last[6]), (intrinsic + spent) // 5))


def _with_code(call: Mapping[str, Any], contracts: Mapping[str, str]) -> Iterator[str]:
    """The contracts of a tree of calls, in the order in which they begin; what has no code is left out."""
    if call["to"] in contracts:
        yield contracts[call["to"]]
    for each in call.get("calls", ()):
        yield from _with_code(each, contracts)


class _FrameReader:
    """The frames of a trace while it is read."""

    def __init__(self, contracts: Iterator[str], functions: Mapping[str, CodeFunctions]) -> None:
        self._contracts, self._functions = contracts, functions
        self.root = FunctionNode((TRANSACTION, "(call)"))
        self._frames: list[_Frame] = []
        self._before: list[tuple[int, bytes, int, int]] = []  # of each frame: the instruction before

    def read(self, at: int, op: bytes, gas: int, cost: int, depth: int) -> None:
        """Reads an instruction, and charges the one before it in its frame."""
        frames, before = self._frames, self._before
        if depth > len(frames):
            self._enter()
            before.append((at, op, gas, cost))
            return
        inside = 0
        while depth < len(frames):
            inside = self._leave()
        frame, (was, what, had, _) = frames[-1], before[-1]
        own = had - gas - inside
        frame.spent += own + inside
        frame.node.charge(was, what, own)
        if what == b"JUMP":
            self._jump(frame, was, at)
        before[-1] = at, op, gas, cost

    def end(self) -> int:
        """Charges the last instruction; returns the gas of all."""
        spent = 0
        while self._frames:
            spent = self._leave()
        return spent

    def _enter(self) -> None:
        contract = next(self._contracts)
        node = (self._frames[-1].node if self._frames else self.root).entered((contract, DISPATCH))
        self._frames.append(_Frame(contract, self._functions[contract], node, node))

    def _leave(self) -> int:
        """Charges the last instruction of a frame; returns the gas that the frame took."""
        at, op, _, cost = self._before.pop()
        frame = self._frames.pop()
        frame.node.charge(at, op, cost)
        return frame.spent + cost

    def _jump(self, frame: _Frame, at: int, target: int) -> None:
        """Follows a jump into a function, or out of one."""
        kind = frame.functions.jump.get(at)
        if kind == "i":
            frame.node = frame.node.entered((frame.contract, frame.functions.function[target]))
        elif kind == "o" and frame.node is not frame.first and frame.node.parent:
            frame.node = frame.node.parent
