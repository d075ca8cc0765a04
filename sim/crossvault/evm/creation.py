"""Creation of a contract: what its constructor takes, and why one reverted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.evm.artifacts import Artifact, Build
from crossvault.evm.codec import Abi, AddressBook, Codec

MOST_CODE = 24_576  # bytes of a contract on a chain (EIP-170)


class ConstructorArgument(NamedTuple):
    """An argument of a constructor: its type, structs by their fields, and its name, empty where any will do."""

    type: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.type} {self.name}".strip()


def constructor_arguments(artifact: Artifact) -> list[ConstructorArgument]:
    """The arguments that a constructor takes."""
    return [ConstructorArgument(_type(each), each["name"].rstrip("_")) for each in _inputs(artifact)]


def constructor_problem(artifact: Artifact, given: Sequence[ConstructorArgument]) -> str:
    """Why a contract cannot be created with arguments of some types; empty where it can."""
    if not artifact.bytecode:
        return "is abstract, or an interface: expected a contract that can be created"
    taken = constructor_arguments(artifact)
    if [each.type for each in taken] == [each.type for each in given]:
        return ""
    return f"its constructor takes ({', '.join(map(str, taken))}), expected ({', '.join(map(str, given))})"


def why_reverted(build: Build, artifact: Artifact, data: str, names: AddressBook, errors: Iterable[Abi]) -> str:
    """Why the creation of a contract reverted: its refusal by name, or the size of its code.

    data: with which it reverted (hex); errors: the ABIs of libraries of refusals.
    """
    size = len(artifact.deployed_bytecode) // 2
    if len(data) <= 2 and size > MOST_CODE:
        return f"it has {size:,} bytes of code, the chain takes {MOST_CODE:,}"
    if len(data) <= 2:
        return "its constructor reverts without a reason"
    from crossvault.evm.abi import Interface

    refusal = Interface((), Codec(names), [artifact.abi, *errors]).refusal(data)
    meant = (_function(build, each) for each in refusal.args if isinstance(each, str) and each.startswith("0x"))
    return f"its constructor refuses: {refusal}" + "".join(f", the selector of {each}" for each in meant if each)


def _function(build: Build, selector: str) -> str:
    """The function of a selector (hex, a word); empty where there is none."""
    for artifact in build.artifacts.values():
        for signature, own in artifact.method_identifiers.items():
            if f"0x{own:0<64}" == selector:
                return signature
    return ""


def _inputs(artifact: Artifact) -> Sequence[Mapping[str, Any]]:
    return next((item["inputs"] for item in artifact.abi if item["type"] == "constructor"), ())


def _type(item: Mapping[str, Any]) -> str:
    parts = item.get("components")
    return str(item["type"]).replace("tuple", f"({','.join(map(_type, parts))})") if parts else str(item["type"])
