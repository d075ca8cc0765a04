"""Source of every contract in the form of block explorers: a minimal and complete standard JSON input of solc."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from crossvault.deployment.blueprint import Blueprint, DeploymentStep
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import contract_sources, standard_input
from crossvault.setup import toolchain

_IMPORT = re.compile(r'^\s*import\s[^;]*?"([^"]+)"\s*;', re.M)
_OUTPUTS = ("abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata")


class Publication(NamedTuple):
    """A contract to publish to an explorer. unit: `file:Contract`. arguments: of the constructor (hex, without 0x).

    compiler: its full version.
    """

    key: str
    address: str
    unit: str
    source: dict[str, Any]
    arguments: str
    compiler: str


def publications(plan: Blueprint) -> list[Publication]:
    """The publication of every contract that this deployment creates."""
    ours = {f"contracts/{name}": text for name, text in contract_sources().items()}
    return [_publication(plan.build, ours, step) for step in plan.steps if step.makes]


def write(folder: Path, made: list[Publication]) -> None:
    """Writes a file for each contract."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in made:
        name = each.key.replace(" ", "-")
        (folder / f"{name}.json").write_text(json.dumps(each.source, indent=1) + "\n", encoding="utf8")


def _publication(build: Build, ours: Mapping[str, str], step: DeploymentStep) -> Publication:
    artifact = build.artifacts[step.contract]
    unit = f"contracts/{artifact.source}"
    sources = _reached(ours, unit)
    request = standard_input({name: text for name, text in sources.items() if name in ours}, {"*": _OUTPUTS})
    request["settings"]["remappings"] = _all_remappings()
    request["settings"]["outputSelection"] = {unit: {step.contract: list(_OUTPUTS)}}
    request["sources"] = {name: {"content": text} for name, text in sorted(sources.items())}
    salt, code = 64, step.data.removeprefix("0x")
    arguments = code[salt + len(artifact.bytecode) :]
    version = "v" + toolchain.versions()["solc"]
    return Publication(step.key, step.address, f"{unit}:{step.contract}", request, arguments, version)


def _all_remappings() -> list[str]:
    """The remappings of the build, which are part of its metadata."""
    return list(standard_input(contract_sources(), {})["settings"]["remappings"])


def _reached(ours: Mapping[str, str], unit: str) -> dict[str, str]:
    """The text of a unit and of its transitive imports, by unit name."""
    found: dict[str, str] = {}
    wanted = [unit]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = ours.get(name) or (toolchain.solc_base() / name).read_text(encoding="utf8")
            wanted += [_unit(name, each) for each in _IMPORT.findall(found[name])]
    return found


def _unit(importer: str, path: str) -> str:
    if path.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
    for prefix, place in toolchain.dependencies().items():
        if path.startswith(f"{prefix}/"):
            return place + path.removeprefix(prefix)
    return path
