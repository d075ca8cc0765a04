"""The basic blocks of deployed code, and the lines of source and the branches that they are compiled from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from crossvault.evm.compiler import contract_sources, source_maps

_JUMPDEST, _JUMP, _JUMPI, _PUSH0, _PUSH1, _PUSH32 = 0x5B, 0x56, 0x57, 0x5F, 0x60, 0x7F
_PANIC = bytes.fromhex("634e487b71")  # PUSH4 of the selector that arithmetic out of range reverts with
_WHOLE = ("contract ", "library ", "abstract ", "interface ")

Place = tuple[str, int]  # contract, offset of the block in its code


class SourceLine(NamedTuple):
    """A line of a file of contracts, from 1."""

    file: str
    number: int


class SourceSpan(NamedTuple):
    """What an instruction is compiled from: start, length and number of a file; jump: `i` into a function, `o` out."""

    start: int
    length: int
    file: int
    jump: str


class Branch(NamedTuple):
    """A condition of the source: its line, and the blocks that follow when it is false (0) and when it is true (1)."""

    line: SourceLine
    after: tuple[Place, Place]


class Instruction(NamedTuple):
    """An instruction: where, what, and what it pushes."""

    at: int
    op: int
    pushed: int | None


@dataclass(frozen=True, slots=True)
class CodeBlocks:
    """The blocks of every contract, with the lines of each, and the branches."""

    blocks: Mapping[Place, frozenset[SourceLine]]
    branches: tuple[Branch, ...]

    def lines(self, places: Iterable[Place] | None = None) -> frozenset[SourceLine]:
        """The lines of some blocks; without any: every line that has code."""
        found = self.blocks if places is None else places
        return frozenset(line for place in found for line in self.blocks[place])


def pushed_size(op: int) -> int:
    """The number of immediate bytes after an instruction."""
    return op - _PUSH0 if _PUSH1 <= op <= _PUSH32 else 0


def instructions(code: bytes, count: int) -> list[Instruction]:
    """The first so many instructions of some code: behind them are constants and metadata."""
    found: list[Instruction] = []
    at = 0
    while at < len(code) and len(found) < count:
        op = code[at]
        size = pushed_size(op)
        pushed = int.from_bytes(code[at + 1 : at + 1 + size]) if size else None
        found.append(Instruction(at, op, pushed))
        at += 1 + size
    return found


def leaders(listed: Sequence[Instruction]) -> Iterator[int]:
    """The offsets at which blocks begin: the start, jump targets, and after conditional jumps."""
    begins = True
    for each in listed:
        if begins or each.op == _JUMPDEST:
            yield each.at
        begins = each.op == _JUMPI


def code_blocks(codes: Mapping[str, bytes], directory: Path | None = None) -> CodeBlocks:
    """The atlas of deployed code by contract. Raises CompileFailed."""
    maps = source_maps([f"{name}.sol" for name in codes], directory)
    sources = contract_sources(directory)
    files = {int(number): _ContractFile(unit, sources[unit]) for number, unit in maps["sources"].items()}
    blocks: dict[Place, frozenset[SourceLine]] = {}
    branches: list[Branch] = []
    for name, code in codes.items():
        mapped = list(spans(maps["maps"][name]))
        listed = instructions(code, len(mapped))
        lines = [files[each.file].line(each.start) if each.file in files else None for each in mapped]
        blocks |= _blocks(name, listed, lines)
        branches += _branches(name, code, listed, lines)
    return CodeBlocks(blocks, tuple(branches))


def _blocks(
    name: str, listed: Sequence[Instruction], lines: Sequence[SourceLine | None]
) -> Iterator[tuple[Place, frozenset[SourceLine]]]:
    begins = sorted(leaders(listed))
    found: dict[int, set[SourceLine]] = {at: set() for at in begins}
    for each, line in zip(listed, lines, strict=False):
        if line:
            found[begins[bisect_right(begins, each.at) - 1]].add(line)
    return iter([((name, at), frozenset(own)) for at, own in found.items()])


def _branches(
    name: str, code: bytes, listed: Sequence[Instruction], lines: Sequence[SourceLine | None]
) -> Iterator[Branch]:
    """Conditions of the source; what checks arithmetic is none, as its other end is a panic."""
    begins = [*sorted(leaders(listed)), listed[-1].at + 1]
    ends = dict(pairwise(begins))
    jumps = {begin: _goes(code, begin, ends[begin]) for begin in ends}

    def panics(at: int) -> bool:
        return at in ends and (_PANIC in code[at : ends[at]] or _PANIC in _text(code, jumps[at], ends))

    for place, (each, line) in enumerate(zip(listed, lines, strict=False)):
        target = listed[place - 1].pushed if place else None
        if each.op != _JUMPI or line is None or target not in ends or each.at + 1 not in ends:
            continue
        if not panics(target) and not panics(each.at + 1):
            yield Branch(line, ((name, each.at + 1), (name, target)))


def _text(code: bytes, at: int | None, ends: Mapping[int, int]) -> bytes:
    return code[at : ends[at]] if at is not None and at in ends else b""


def _goes(code: bytes, begin: int, end: int) -> int | None:
    """The target of the jump at the end of a block, if it is a constant."""
    if code[end - 1] != _JUMP or end - begin < 4 or code[end - 4] != 0x61:
        return None
    return int.from_bytes(code[end - 3 : end - 1])


class _ContractFile:
    """A file of contracts, and where its lines begin."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._bytes = name, text.encode()
        self._begins = [0]
        for place, byte in enumerate(self._bytes):
            if byte == 0x0A:
                self._begins.append(place + 1)

    def line(self, start: int) -> SourceLine | None:
        """The line at an offset; none where it is that of a whole contract, as of code that the compiler adds."""
        if self._bytes[start : start + 10].decode(errors="replace").startswith(_WHOLE):
            return None
        return SourceLine(self._name, bisect_right(self._begins, start))


def spans(text: str) -> Iterator[SourceSpan]:
    """The span of every instruction of a source map; what is left out is as before."""
    now = ["0", "0", "-1", "-"]
    for entry in text.split(";"):
        for place, part in enumerate(entry.split(":")[:4]):
            if part:
                now[place] = part
        yield SourceSpan(int(now[0]), int(now[1]), int(now[2]), now[3])
