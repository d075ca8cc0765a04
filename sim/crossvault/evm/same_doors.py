"""A directory of contracts of the user, which must have every function that the model is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from crossvault.differential.ending import BadInput
from crossvault.evm.artifacts import Build
from crossvault.evm.codec import Abi
from crossvault.evm.compiler import CompileFailed, compile_contracts
from crossvault.evm.creation import constructor_arguments, constructor_problem
from crossvault.evm.deploy import MODULES, selectors, vault_abi

_SHOWN = 3  # functions of two contracts that are shown


def contracts_folder(given: str | PathLike[str] | None, argument: str = "contracts") -> Path | None:
    """The directory that an argument names, if it names one, compiled. Raises BadInput, CompileFailed."""
    if given is None:
        return None
    path = contracts_directory(given, argument)
    build, ours = compile_contracts(path), compile_contracts()
    require_layout(build, ours, argument)
    _require_same_doors(build, ours)
    return path


def contracts_directory(given: str | PathLike[str], argument: str) -> Path:
    """The directory of Solidity files that an argument names. Raises BadInput."""
    path = Path(given)
    if not path.is_dir():
        raise BadInput(f"{argument}: there is no directory {given}")
    if not any(path.rglob("*.sol")):
        raise BadInput(f"{argument}: {path} has no .sol file")
    return path


def require_layout(build: Build, ours: Build, argument: str) -> None:
    """Requires the contracts that a vault consists of, with constructors as ours, and one facet of each function.

    argument: that names the contracts. Raises CompileFailed.
    """
    if problems := list(_uncreatable(build, ours)) or list(_functions_of_two(build)):
        raise CompileFailed(f"{argument}: these contracts make no vault:\n  " + "\n  ".join(problems))


def _uncreatable(build: Build, ours: Build) -> Iterator[str]:
    for name in MODULES:
        if name not in build.artifacts:
            yield f"{name}: there is no contract of that name"
        elif problem := constructor_problem(build.artifacts[name], constructor_arguments(ours.artifacts[name])):
            yield f"{name}: {problem}"


def _functions_of_two(build: Build) -> Iterator[str]:
    """The functions that two contracts at the vault's address have; the constructor refuses their selectors."""
    owners: dict[str, str] = {}
    for name, own in selectors(build).items():
        taken: dict[str, list[str]] = {}
        for signature, selector in build.artifacts[name].method_identifiers.items():
            if selector in own and selector in owners:
                taken.setdefault(owners[selector], []).append(signature)
        for other, functions in taken.items():
            shown = ", ".join(functions[:_SHOWN])
            more = f" and {len(functions) - _SHOWN} more" if len(functions) > _SHOWN else ""
            yield f"{name}: has functions that {other} has: {shown}{more}: expected one of the two"
        owners |= {selector: name for selector in own if selector not in owners}


def _require_same_doors(build: Build, ours: Build) -> None:
    lacking = {"Vault": _lacking(vault_abi(build), vault_abi(ours))}
    for name in ("Exchange", "Token"):
        lacking[name] = _lacking(build.artifacts[name].abi, ours.artifacts[name].abi)
    missing = [f"{name}: {door}" for name, doors in lacking.items() for door in doors]
    if missing:
        raise CompileFailed("the contracts lack what the model is compared with:\n  " + "\n  ".join(missing))


def _lacking(theirs: Abi, ours: Abi) -> Iterator[str]:
    known = [_shape(item) for item in theirs if item["type"] == "function"]
    for item in ours:
        if item["type"] == "function" and _shape(item) not in known:
            yield f"{item['name']}({', '.join(each['type'] for each in item['inputs'])})"


def _shape(item: Mapping[str, Any]) -> Any:
    def parts(each: Mapping[str, Any]) -> Any:
        return each["type"], [parts(inner) for inner in each.get("components", [])]

    return item["name"], [parts(each) for each in item["inputs"]], [parts(each) for each in item["outputs"]]
