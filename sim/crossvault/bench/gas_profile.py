"""Where the gas of a call goes, by function: the gas of its own instructions, and of all that runs while it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from crossvault.bench.gas_code import CodeFunctions
from crossvault.bench.gas_trace import TRANSACTION, CallTrace, Function, FunctionNode


class ProfileIncomplete(Exception):
    """The rows of a profile do not add up to the gas of the call."""


class FunctionGas(NamedTuple):
    """A row of a profile: a function in the code of a contract.

    own: gas of its instructions; total: gas of all that ran while it did, inlined code only where it stands; calls:
    how often it was entered, or storage was read or written.
    """

    contract: str
    function: str
    own: int
    total: int
    calls: int


def gas_profile(trace: CallTrace, functions: Mapping[str, CodeFunctions], used: int) -> list[FunctionGas]:
    """The rows of a call that used so much gas, most own gas first. Raises ProfileIncomplete."""
    own: Counter[Function] = Counter()
    total: Counter[Function] = Counter()
    calls: Counter[Function] = Counter()
    for node, running in _nodes(trace.root, frozenset()):
        calls[node.function] += node.calls
        for function, gas, count in _charged(node, running, functions):
            own[function] += gas
            calls[function] += count
            for each in running | {function}:
                total[each] += gas
    for name, gas in (("(intrinsic gas and calldata)", trace.intrinsic), ("(refunds)", -trace.refund)):
        own[TRANSACTION, name] = total[TRANSACTION, name] = gas
    del total[trace.root.function]
    rows = [FunctionGas(*each, own[each], total[each], calls[each]) for each in total if total[each]]
    if (found := sum(row.own for row in rows)) != used:
        raise ProfileIncomplete(f"the rows of the profile have {found:,} gas, the call used {used:,}")
    return sorted(rows, key=lambda row: (-row.own, -row.total, row.contract, row.function))


def _nodes(node: FunctionNode, running: frozenset[Function]) -> Iterator[tuple[FunctionNode, frozenset[Function]]]:
    """Every node, with the functions that run while it does."""
    inside = running | {node.function}
    yield node, inside
    for each in node.inside.values():
        yield from _nodes(each, inside)


def _charged(
    node: FunctionNode, running: frozenset[Function], functions: Mapping[str, CodeFunctions]
) -> Iterator[tuple[Function, int, int]]:
    """What a node spent, by the function that each instruction is compiled from, and the number of uses of storage."""
    contract = node.function[0]
    for at, gas in node.gas.items():
        function = contract, functions[contract].function[at]
        if function not in running and function[1] in functions[contract].external:
            function = node.function  # a block that the optimizer merged with one of an external function
        yield function, gas, 0
    for name, (count, gas) in node.storage.items():
        if count:
            yield (contract, name), gas, count
