"""Comparison of deployed code with compiled code, apart from values that are known only after deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossvault.evm.artifacts import Artifact

_PUSH_ADDRESS = "73"


def masked(artifact: Artifact, code: str) -> str:
    """Code (hex without 0x) with immutables, library addresses and a library's own address replaced by zeros."""
    for start, size in _places(artifact):
        at = 2 * start
        code = code[:at] + "0" * (2 * size) + code[at + 2 * size :]
    return code


def is_code_of(artifact: Artifact, code: str) -> bool:
    """Whether deployed code (hex) is that of a contract."""
    given, made = code.removeprefix("0x").lower(), artifact.deployed_bytecode.lower()
    return len(given) == len(made) and masked(artifact, given) == masked(artifact, made)


def immutables(artifact: Artifact, code: str) -> dict[str, set[str]]:
    """The words (hex, 64 digits) of each immutable in deployed code, by the compiler's id of the immutable."""
    given = code.removeprefix("0x").lower()
    return {
        number: {given[2 * each["start"] : 2 * (each["start"] + each["length"])] for each in places}
        for number, places in artifact.immutable_references.items()
    }


def _places(artifact: Artifact) -> Iterator[tuple[int, int]]:
    for places in artifact.immutable_references.values():
        yield from _all(places)
    for libraries in artifact.deployed_link_references.values():
        for places in libraries.values():
            yield from _all(places)
    if artifact.deployed_bytecode.startswith(_PUSH_ADDRESS + "00" * 20):  # a library's code starts with its own address
        yield 1, 20


def _all(places: list[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    for each in places:
        yield each["start"], each["length"]
