"""Both sides of a command that plays steps, opened and closed, and the paths that the user named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.differential.ending import FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import World
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.artifacts import Build
from crossvault.evm.chain import Chain
from crossvault.evm.codec import Abi
from crossvault.evm.compiler import CompileFailed, compile_contracts
from crossvault.evm.deploy import vault_abi
from crossvault.setup import toolchain


def shown(path: Path | str) -> str:
    """A path as the user would write it from here."""
    return os.path.relpath(path)


def command() -> str:
    """How this copy of crossvault is called."""
    return toolchain.setup_command().removesuffix(" setup")


def folder(text: str | None) -> Path | None:
    """The directory of contracts that was named, if one was. Raises UsageError, CompileFailed."""
    if text is None:
        return None
    path = directory(text, "--contracts")
    _require_same_doors(compile_contracts(path), compile_contracts())
    return path


def directory(text: str, flag: str) -> Path:
    """The directory of contracts that a flag names. Raises UsageError."""
    path = Path(shown(text))
    if not path.is_dir():
        raise UsageError(f"{flag}: there is no directory {text}")
    if not any(path.rglob("*.sol")):
        raise UsageError(f"{flag}: {path} has no .sol file")
    return path


@contextmanager
def opened(world: World, contracts: Path | None) -> Iterator[tuple[Model, Chain]]:
    """Both sides of a world; the node is stopped at the end, however it comes."""
    chain = Chain(world, contracts)
    try:
        yield Model(world), chain
    finally:
        chain.close()


class AbiMismatch(FailedRun):
    """An answer of the user's contracts that does not fit their own ABI."""


@contextmanager
def readable(contracts: Path | None) -> Iterator[None]:
    """Raises AbiMismatch for an answer of the user's contracts that cannot be read; with ours it is a defect."""
    try:
        yield
    except (ChainRefused, ValueError, IndexError, OverflowError) as odd:
        if contracts is None:
            raise
        raise AbiMismatch(f"the contracts in {contracts} gave an answer that cannot be read: {odd}") from odd


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
