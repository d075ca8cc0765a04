"""The calls inside a step that reverts without a reason: the innermost one that failed is the one to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from crossvault.conform.deployed_subject import AnvilSubject
from crossvault.conform.model_recording import is_assumed
from crossvault.differential.step import Step
from crossvault.evm.bindings import Call

_TRACER = {"tracer": "callTracer"}
_SELECTOR = 10  # characters of it, with 0x


def reverted_calls(anvil: AnvilSubject, steps: Sequence[Step]) -> str:
    """The calls inside the last of some steps on an Anvil, one a line; the steps before it are mined there."""
    sent = [each for each in steps if not is_assumed(anvil.deployed.subject, each)]
    if not sent or sent[-1] is not steps[-1]:
        return ""
    for at, group in groupby(sent[:-1], key=lambda each: each.at):
        anvil.mine(at, [anvil.deployed.transaction(each) for each in group])
    call: Call = anvil.deployed.transaction(steps[-1])
    options = {**_TRACER, "blockOverrides": {"time": hex(steps[-1].at)}}
    frame = anvil.rpc("debug_traceCall", call, "latest", options)
    return "\n".join(_lines(anvil, frame, 0))


def _lines(anvil: AnvilSubject, frame: Mapping[str, Any], depth: int) -> Iterator[str]:
    contract = anvil.deployed.names.name(int(frame.get("to") or "0", 16))
    function = _function(anvil, str(frame.get("input", "0x"))[2:_SELECTOR])
    failed = f"  reverted: {frame['error']}" if "error" in frame else ""
    yield f"{'  ' * depth}{contract}.{function}{failed}"
    for each in frame.get("calls", ()):
        yield from _lines(anvil, each, depth + 1)


def _function(anvil: AnvilSubject, selector: str) -> str:
    """The name of a function of any contract of the vault, or its selector."""
    subject = anvil.deployed.subject
    for artifact in (*subject.build.artifacts.values(), *subject.ours.artifacts.values()):
        for signature, known in artifact.method_identifiers.items():
            if known == selector:
                return signature.partition("(")[0]
    return f"0x{selector}"
