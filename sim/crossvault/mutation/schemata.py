"""Many mutants of one file in one source, each behind a switch: what is compiled once serves all of them.

A statement stands beside its mutants, so each has the types that it would have alone. The switch is a word of the block
that no contract asks for (`prevrandao`): zero is the original, the number of a mutant is that mutant, and with `TRAP`
added every call that comes to the mutant's place fails, which tells whether any does.
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
        function() internal view returns (uint256) asked = _asked;
        function() internal pure returns (uint256) told;
        assembly {
            told := asked
        }
        return told();
    }

    function _asked() private view returns (uint256) {
        return block.prevrandao;
    }
}
"""
_IMPORT = f'import {{CrossvaultSwitch}} from "./{SWITCH_UNIT}";\n'
_ON = "CrossvaultSwitch.on"
_BETWEEN = "CrossvaultSwitch.between"


class SchemataSource(NamedTuple):
    """A source with mutants in it; `places`: of each mutant's own text in it [bytes], by its number."""

    text: str
    places: dict[int, tuple[int, int]]

    def mutant_at(self, start: int, end: int) -> int | None:
        """The mutant in whose text something stands."""
        return next((number for number, (low, high) in self.places.items() if low <= start and end <= high), None)


def weave(source: str, mutants: Sequence[tuple[int, Mutant]]) -> SchemataSource:
    """The source with numbered mutants of it, all of which have a site."""
    by_site: dict[MutationSite, list[tuple[int, Mutant]]] = defaultdict(list)
    for number, mutant in mutants:
        if mutant.site is None:
            raise ValueError(f"{mutant.id} cannot be woven")
        by_site[mutant.site].append((number, mutant))
    out = _Out()
    content, at = source.encode(), 0
    cut = content.index(b";", content.index(b"pragma")) + 1
    for site in sorted(by_site, key=lambda each: each.start):
        if at <= cut <= site.start:
            out.put(content[at:cut] + b"\n" + _IMPORT.encode())
            at = cut
        out.put(content[at : site.start])
        _weave_site(out, content, site, by_site[site])
        at = site.end
    out.put(content[at:])
    return SchemataSource(bytes(out.content).decode(), out.places)


class _Out:
    def __init__(self) -> None:
        self.content = bytearray()
        self.places: dict[int, tuple[int, int]] = {}

    def put(self, text: bytes) -> None:
        self.content += text

    def put_mutant(self, number: int, text: bytes) -> None:
        """A mutant's text, whose place is noted."""
        start = len(self.content)
        self.content += text
        self.places[number] = start, len(self.content)


def _weave_site(out: _Out, content: bytes, site: MutationSite, mutants: Sequence[tuple[int, Mutant]]) -> None:
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
    """A statement; of a declaration what stands right of its first `=`."""
    return text.partition(b"=")[2].strip() if is_declaration else text


def _changed(content: bytes, site: MutationSite, mutant: Mutant) -> bytes:
    edit = mutant.edit
    return content[site.start : edit.start] + edit.text.encode() + content[edit.end : site.end]
