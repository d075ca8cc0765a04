"""The calls inside one transaction, by the names of contracts and functions instead of addresses and selectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from rich.tree import Tree

from crossvault.differential.step import Step
from crossvault.evm.artifacts import Artifact
from crossvault.evm.chain import Chain
from crossvault.evm.deploy import FACETS, module_name

_TRACED = {"tracer": "callTracer", "tracerConfig": {"withLog": False}}
_METADATA = 106  # hex digits at the end of runtime code that are unlike those of any other contract


@dataclass(frozen=True, slots=True)
class TracedCall:
    """A call: contract, function, how it was called, what it used [gas], how it failed if it did, the calls inside."""

    contract: str
    function: str
    kind: str
    gas: int
    refusal: str | None
    calls: tuple[TracedCall, ...]


def trace(chain: Chain, step: Step) -> TracedCall:
    """The calls of a step at its own time, on the state as mined so far. Raises ChainLost, ChainRefused."""
    options = {**_TRACED, "blockOverrides": {"time": hex(step.at)}}
    frame = chain.node.rpc("debug_traceCall", chain.transaction(step), "latest", options)
    return _TraceReader(chain).call(frame)


def tree(call: TracedCall) -> Tree:
    """The calls as an indented tree."""
    made = Tree(_label(call), guide_style="dim")
    for each in call.calls:
        made.add(tree(each))
    return made


def flat(call: TracedCall) -> dict[str, Any]:
    """The calls as JSON."""
    named = {name: getattr(call, name) for name in ("contract", "function", "kind", "gas", "refusal")}
    return {**named, "calls": [flat(each) for each in call.calls]}


def _label(call: TracedCall) -> Text:
    text = Text.assemble((call.contract, "bold"), f".{call.function}", (f"  {call.kind}, {call.gas:,} gas", "dim"))
    if call.refusal:
        text.append(f"  ✗ {call.refusal.partition('(')[0]}", style="red")
    return text


class _TraceReader:
    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._tails = {each.deployed_bytecode[-_METADATA:]: each for each in chain.build.artifacts.values()}
        self._seen: dict[str, Artifact | None] = {}

    def call(self, frame: Mapping[str, Any]) -> TracedCall:
        """A frame of callTracer by names."""
        address, selector = frame.get("to") or "", str(frame.get("input", "0x"))[2:10]
        artifact = self._artifact(address)
        name = self._chain.names.name(int(address or "0", 16))
        contract = artifact.name if artifact else name
        if artifact and not name.startswith("0x") and name not in (contract, module_name(contract)):
            contract = f"{name} ({contract})"
        inside = tuple(self.call(each) for each in frame.get("calls", ()))
        function, gas = self._function(artifact, selector), int(frame["gasUsed"], 16)
        return TracedCall(contract, function, frame["type"].lower(), gas, self._refusal(frame), inside)

    def _artifact(self, address: str) -> Artifact | None:
        if address not in self._seen:
            code = self._chain.node.rpc("eth_getCode", address, "latest")
            self._seen[address] = self._tails.get(code[-_METADATA:])
        return self._seen[address]

    def _function(self, artifact: Artifact | None, selector: str) -> str:
        """The name of a function, of the contract itself or of a facet whose code runs for it."""
        if artifact is None:
            return f"0x{selector}"
        for each in (artifact, *(self._chain.build.artifacts[name] for name in FACETS)):
            for signature, own in each.method_identifiers.items():
                if own == selector:
                    return signature.partition("(")[0]
        return f"0x{selector}"

    def _refusal(self, frame: Mapping[str, Any]) -> str | None:
        if "error" not in frame:
            return None
        data = frame.get("output") or "0x"
        if len(data) < 10:
            return f"{frame['error']}"
        return str(self._chain.vault.refusal(data))


def depth_first(call: TracedCall) -> Iterator[TracedCall]:
    """A call and all calls inside, in the order in which they began."""
    yield call
    for each in call.calls:
        yield from depth_first(each)
