"""The function of each instruction of deployed code, by source maps and syntax trees.

Code that the optimizer inlines keeps the span that it is compiled from, so it belongs to its own function.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import source_maps, syntax_trees
from crossvault.fuzz.blocks import SourceSpan, instructions, spans

ABI = "(ABI encoding and decoding)"
ARITHMETIC = "(checked arithmetic)"
MEMORY = "(memory and storage routines)"
CONSTANTS = "(constants)"
DISPATCH = "(dispatch)"
_JUMPDEST = 0x5B
_ABI_ROUTINES = ("abi_", "array_", "access_calldata", "calldata_", "validator_", "convert_")
_ARITHMETIC_ROUTINES = ("checked_", "panic_", "negate_", "increment_", "decrement_")
_DEFINITIONS = ("FunctionDefinition", "ModifierDefinition", "VariableDeclaration")


class _Extent(NamedTuple):
    """A function and the bytes of its file that it takes."""

    start: int
    end: int
    name: str
    is_external: bool = False


class CodeFunctions:
    """The functions of one contract's code: of each offset its function, and whether a jump there enters or leaves."""

    def __init__(self, code: bytes, mapped: list[SourceSpan], names: SourceNames) -> None:
        self.external = names.external  # never inlined
        self.function: dict[int, str] = {}
        self.jump: dict[int, str] = {}
        name = DISPATCH
        for each, span in zip(instructions(code, len(mapped)), mapped, strict=False):
            # what the optimizer adds has no span: it belongs to what it follows, or is a routine of its own
            name = names.name(span) or (MEMORY if each.op == _JUMPDEST else name)
            self.function[each.at] = name
            if span.jump != "-":
                self.jump[each.at] = span.jump


def code_functions(codes: Mapping[str, bytes], build: Build, directory: Path | None = None) -> dict[str, CodeFunctions]:
    """The functions of the code of each contract. Raises CompileFailed."""
    maps = source_maps(sorted(build.artifacts[name].source for name in codes), directory)
    trees = syntax_trees(directory)
    found = {}
    for name, code in codes.items():
        names = SourceNames(maps, trees, maps["generated"][name])
        found[name] = CodeFunctions(code, list(spans(maps["maps"][name])), names)
    return found


class SourceNames:
    """The name of the function that a span belongs to."""

    def __init__(self, maps: Mapping[str, Any], trees: Mapping[str, Any], generated: list[list[Any]]) -> None:
        self._extents = {int(number): list(_extents(trees[unit])) for number, unit in maps["sources"].items()}
        self.external = {each.name for extents in self._extents.values() for each in extents if each.is_external}
        self._dependencies = {int(number): _dependency(unit) for number, unit in maps["dependencies"].items()}
        self._routines: dict[int, list[_Extent]] = {}
        for number, name, start, length in generated:
            self._routines.setdefault(number, []).append(_Extent(start, start + length, _routine(name)))
        self._known: dict[SourceSpan, str | None] = {}

    def name(self, span: SourceSpan) -> str | None:
        """The name of the function of a span; none where it is of no file."""
        if span not in self._known:
            self._known[span] = self._named(span)
        return self._known[span]

    def _named(self, span: SourceSpan) -> str | None:
        if span.file in self._dependencies:
            return self._dependencies[span.file]
        if span.file in self._routines:
            return _innermost(self._routines[span.file], span) or MEMORY
        if span.file in self._extents:
            return _innermost(self._extents[span.file], span) or DISPATCH
        return None


def _innermost(extents: list[_Extent], span: SourceSpan) -> str | None:
    """The smallest of the extents, sorted by start, that has a whole span in it."""
    for each in reversed(extents[: bisect_right(extents, span.start, key=lambda extent: extent.start)]):
        if span.start + span.length <= each.end:
            return each.name
    return None


def _extents(tree: Mapping[str, Any]) -> Iterator[_Extent]:
    """The functions of a file, in the order of their begins."""
    for node in tree["nodes"]:
        inside = node.get("nodes", ()) if node["nodeType"] == "ContractDefinition" else ()
        prefix = f"{node['name']}." if inside else ""
        for each in inside or [node]:
            if each["nodeType"] in _DEFINITIONS:
                start, length, _ = map(int, each["src"].split(":"))
                name = CONSTANTS if each.get("constant") else prefix + (each["name"] or each["kind"])
                yield _Extent(start, start + length, name, each.get("visibility") == "external")


def _dependency(unit: str) -> str:
    """The file of a dependency, as `solady/FixedPointMathLib`."""
    path = Path(unit)
    return f"{path.parts[1]}/{path.stem}" if len(path.parts) > 1 else path.stem


def _routine(name: str) -> str:
    """The row of a function that the compiler adds."""
    if name.startswith(_ABI_ROUTINES):
        return ABI
    return ARITHMETIC if name.startswith(_ARITHMETIC_ROUTINES) else MEMORY
