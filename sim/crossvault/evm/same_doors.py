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
from crossvault.evm.deploy import vault_abi


def contracts_folder(given: str | PathLike[str] | None, argument: str = "contracts") -> Path | None:
    """The directory that an argument names, if it names one, compiled. Raises BadInput, CompileFailed."""
    if given is None:
        return None
    path = contracts_directory(given, argument)
    _require_same_doors(compile_contracts(path), compile_contracts())
    return path


def contracts_directory(given: str | PathLike[str], argument: str) -> Path:
    """The directory of Solidity files that an argument names. Raises BadInput."""
    path = Path(given)
    if not path.is_dir():
        raise BadInput(f"{argument}: there is no directory {given}")
    if not any(path.rglob("*.sol")):
        raise BadInput(f"{argument}: {path} has no .sol file")
    return path


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
