"""Mutant schemata: many mutants of one file in one source, each behind a switch, compiled once.

A statement stands next to its mutants, so each has the types of the original. The switch is a word of the block that no
contract reads (`prevrandao`): zero selects the original, a mutant's number selects that mutant, and with `TRAP` added
every call that reaches the mutant's place fails, which shows whether any does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from crossvault.mutation.mutants import CHOICE, DECLARATION, Mutant, MutationSite

TRAP = 2**128
SWITCH_UNIT = "CrossvaultSwitch.sol"
SWITCH = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

library CrossvaultSwitch {
    function between(uint256 low, uint256 high) internal pure returns (bool) {
        uint256 chosen = uint128(_chosen());
        return chosen >= low && chosen <= high;
    }

    function on(uint256 number) internal pure returns (bool) {
        uint256 chosen = _chosen();
        if (uint128(chosen) != number) return false;
        if (chosen != number) {
            assembly {
                invalid()
            }
        }
        return true;
    }

    function _chosen() private pure returns (uint256) {
        function() internal view returns (uint256) reader = _switch;
        function() internal pure returns (uint256) pureReader;
        assembly {
            pureReader := reader
        }
        return pureReader();
    }

    function _switch() private view returns (uint256) {
        return block.prevrandao;
    }
}
"""
_IMPORT = f'import {{CrossvaultSwitch}} from "./{SWITCH_UNIT}";\n'
_ON = "CrossvaultSwitch.on"
_BETWEEN = "CrossvaultSwitch.between"


class SchemataSource(NamedTuple):
    """A source with mutants in it; `places`: start and end of each mutant's text [bytes] by number."""

    text: str
    places: dict[int, tuple[int, int]]

    def mutant_at(self, start: int, end: int) -> int | None:
        """The mutant whose text contains a range."""
        return next((number for number, (low, high) in self.places.items() if low <= start and end <= high), None)


def combine(source: str, mutants: Sequence[tuple[int, Mutant]]) -> SchemataSource:
    """Combines a source with numbered mutants, all of which have a site."""
    by_site: dict[MutationSite, list[tuple[int, Mutant]]] = defaultdict(list)
    for number, mutant in mutants:
        if mutant.site is None:
            raise ValueError(f"{mutant.id} has no site to combine")
        by_site[mutant.site].append((number, mutant))
    out = _SourceWriter()
    content, at = source.encode(), 0
    cut = content.index(b";", content.index(b"pragma")) + 1
    for site in sorted(by_site, key=lambda each: each.start):
        if at <= cut <= site.start:
            out.put(content[at:cut] + b"\n" + _IMPORT.encode())
            at = cut
        out.put(content[at : site.start])
        _put_site(out, content, site, by_site[site])
        at = site.end
    out.put(content[at:])
    return SchemataSource(bytes(out.content).decode(), out.places)


class _SourceWriter:
    def __init__(self) -> None:
        self.content = bytearray()
        self.places: dict[int, tuple[int, int]] = {}

    def put(self, text: bytes) -> None:
        self.content += text

    def put_mutant(self, number: int, text: bytes) -> None:
        """Appends a mutant's text and records its place."""
        start = len(self.content)
        self.content += text
        self.places[number] = start, len(self.content)


def _put_site(out: _SourceWriter, content: bytes, site: MutationSite, mutants: Sequence[tuple[int, Mutant]]) -> None:
    own = content[site.start : site.end]
    if site.kind == CHOICE:
        for number, mutant in mutants:
            out.put(b"(%s(%d) ? (" % (_ON.encode(), number))
            out.put_mutant(number, _changed(content, site, mutant))
            out.put(b") : ")
        out.put(b"(" + own + b")" + b")" * len(mutants))
        return
    prefix, strip = (site.target.encode() + b" = ", True) if site.kind == DECLARATION else (b"", False)
    numbers = [number for number, _ in mutants]
    out.put(site.lead.encode() + b" " if strip else b"{ ")
    out.put(b"if (%s(%d, %d)) { " % (_BETWEEN.encode(), min(numbers), max(numbers)))
    for number, mutant in mutants:
        out.put(b"if (%s(%d)) { " % (_ON.encode(), number))
        out.put_mutant(number, prefix + _body(_changed(content, site, mutant), strip))
        out.put(b" } else ")
    out.put(b"{ " + prefix + _body(own, strip) + b" } } else { " + prefix + _body(own, strip) + b" }")
    if not strip:
        out.put(b" }")


def _body(text: bytes, is_declaration: bool) -> bytes:
    """A statement, or the right side of a declaration."""
    return text.partition(b"=")[2].strip() if is_declaration else text


def _changed(content: bytes, site: MutationSite, mutant: Mutant) -> bytes:
    edit = mutant.edit
    return content[site.start : edit.start] + edit.text.encode() + content[edit.end : site.end]
