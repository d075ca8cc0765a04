"""Compiles contracts to artifacts through py-solc-x, with a cache by content.

The compiler input has the unit names, remappings and settings that `ape compile` uses, so both give the same
bytecode to the last byte of its metadata. A warm call neither starts solc nor imports py-solc-x.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from crossvault.differential.ending import BadEnvironment, BadInput, InputProblem, reason
from crossvault.evm.artifacts import (
    Artifact,
    Build,
    cache_path,
    exclusive,
    read_json,
    store_build,
    stored_build,
    write_json,
)
from crossvault.setup import install, toolchain
from crossvault.setup.notices import detail, timed

FORMAT = 1
EVM_VERSION = "cancun"
SETTINGS: Mapping[str, Any] = {
    "optimizer": {"enabled": True, "runs": 1000},
    "evmVersion": EVM_VERSION,
    "viaIR": False,
}
_OUTPUTS = (
    "abi",
    "evm.bytecode.object",
    "evm.bytecode.linkReferences",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.linkReferences",
    "evm.deployedBytecode.immutableReferences",
    "evm.methodIdentifiers",
    "storageLayout",
)

_MAPS = ("evm.deployedBytecode.sourceMap", "evm.deployedBytecode.generatedSources")
_TREES = ("ast",)

_PROBES = "probes/Probe"
_IMPORT = re.compile(r'"(\.{1,2}/[^"]+\.sol)"')
Sources = Mapping[str, str]  # path below the contracts directory -> text


class CompilerLost(BadEnvironment):
    """The compiler ended without an answer."""


class CompileFailed(BadInput):
    """The contracts do not compile; the message is the compiler's, with file and line."""


def contract_sources(directory: Path | None = None) -> Sources:
    """Every Solidity file of a directory, completed by the files that ship where it lacks them.

    Another directory is completed without the probes, which open single functions to crossvault's own tests.
    """
    ours = toolchain.contracts_dir()
    sources = _read_sources(ours)
    if directory is not None and directory.resolve() != ours.resolve():
        if not directory.is_dir():
            raise CompileFailed(InputProblem("no such directory", str(directory)))
        shared = {name: text for name, text in sources.items() if not name.startswith(_PROBES)}
        sources = shared | _read_sources(directory)
    return dict(sorted(sources.items()))


def compile_contracts(directory: Path | None = None) -> Build:
    """Compiles a directory (default: the contracts that ship). Raises CompileFailed, ToolchainMissing."""
    return _compile_sources(contract_sources(directory), directory)


def compile_many(directories: Sequence[Path]) -> list[Build]:
    """Compiles several directories, in a single start of solc for those outside the cache; returns one build each.

    Each directory's units have a prefix, so the metadata at the end of the bytecode differs from that of
    `compile_contracts`; the code before it is the same. Raises CompileFailed if any of them does not compile.
    """
    sources = [contract_sources(directory) for directory in directories]
    prefixes = [build_hash(each)[:16] for each in sources]
    stored = [stored_build(f"{prefix}-batch") for prefix in prefixes]
    known = zip(prefixes, sources, stored, strict=True)
    missing = {prefix: each for prefix, each, old in known if old is None}
    fresh = _compile_batch(missing) if missing else {}
    return [old or fresh[prefix] for prefix, old in zip(prefixes, stored, strict=True)]


def compile_units(units: Sources, imported: Mapping[str, str] = MappingProxyType({})) -> Build:
    """Compiles sources by unit name, without any that ship. Raises CompileFailed.

    imported: the units of imports that are not spelled by the name of their unit.
    """
    key = build_hash({**units, **{f"{spelled}=": unit for spelled, unit in imported.items()}})
    if stored := stored_build(f"{key}-units"):
        return stored
    output = _run_solc(units, {"*": _OUTPUTS}, None, units, imported)
    own = {unit: found for unit, found in output["contracts"].items() if unit in units}
    return store_build(f"{key}-units", Build(_artifacts(own, ""), key, _warnings(output)))


def syntax_trees(directory: Path | None = None) -> Mapping[str, Any]:
    """Syntax tree of every file, by its path below the directory; cached like a build."""
    sources = contract_sources(directory)
    path = _trees_path(build_hash(sources))
    if (stored := read_json(path)) is None:
        stored = _trees(_run_solc(_units(sources, "contracts/"), {"": _TREES}, directory), sources)
        write_json(path, stored)
    return stored


def source_maps(files: Sequence[str], directory: Path | None = None) -> Mapping[str, Any]:
    """Source maps of the contracts in some files; cached.

    `maps` by contract; `sources` and `dependencies` by number; `generated`: by contract, the functions that the
    compiler adds in a source of its own: number of that source, name, start and length.
    """
    sources = contract_sources(directory)
    key = build_hash(sources)
    path = cache_path(f"{key}.{_hash({'files': ' '.join(sorted(files))})[:16]}.sourcemaps")
    if (stored := read_json(_maps_path(key)) or read_json(path)) is None:
        wanted = {f"contracts/{name}": "" for name in files}
        output = _run_solc(_units(sources, "contracts/"), {"*": _MAPS}, directory, wanted)
        stored = _mapped(output, sources)
        write_json(path, stored)
    return stored


def _maps_path(key: str) -> Path:
    """Source maps of all contracts of a build that was compiled whole."""
    return cache_path(f"{key}.sourcemaps")


def _trees_path(key: str) -> Path:
    return cache_path(f"{key}.ast")


def _trees(output: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    return {name: output["sources"][f"contracts/{name}"]["ast"] for name in sources}


def _mapped(output: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    contracts = {name: found for unit in output.get("contracts", {}).values() for name, found in unit.items()}
    deployed = {name: found["evm"]["deployedBytecode"] for name, found in contracts.items()}
    numbers = {str(each["id"]): unit.removeprefix("contracts/") for unit, each in output["sources"].items()}
    return {
        "maps": {name: code["sourceMap"] for name, code in deployed.items()},
        "sources": {number: unit for number, unit in numbers.items() if unit in sources},
        "dependencies": {number: unit for number, unit in numbers.items() if unit not in sources},
        "generated": {name: list(_generated(code.get("generatedSources", ()))) for name, code in deployed.items()},
    }


def _generated(sources: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str, int, int]]:
    for source in sources:
        for node in source["ast"]["statements"]:
            if node["nodeType"] == "YulFunctionDefinition":
                start, length, _ = node["src"].split(":")
                yield source["id"], node["name"], int(start), int(length)


def build_hash(sources: Sources) -> str:
    """The identity of a build: its sources, the settings, the compiler and the locked dependencies."""
    return _hash({"sources": dict(sources), "settings": dict(SETTINGS), "solc": toolchain.SOLC})


def without_metadata(code: str) -> str:
    """Bytecode without the CBOR metadata that solc appends; its last two bytes are its length."""
    tail = int(code[-4:], 16) if len(code) > 4 else 0
    return code[: -2 * (tail + 2)] if 2 * (tail + 2) <= len(code) else code


def _compile_sources(sources: Sources, directory: Path | None) -> Build:
    key = build_hash(sources)
    if stored := stored_build(key):
        detail(f"contracts {key[:12]}, compiled earlier")
        return stored
    with exclusive(key):
        return stored_build(key) or _compile_stale(key, sources, directory)


def _compile_stale(key: str, sources: Sources, directory: Path | None) -> Build:
    """Compiles the files that differ from those that ship, or every file if the shipped build is not in the cache."""
    ours = contract_sources()
    shipped = stored_build(build_hash(ours)) if directory else None
    stale = _reached(sources, ours) if shipped else set(sources)
    kept = {name: each for name, each in shipped.artifacts.items() if each.source in sources} if shipped else {}
    kept = {name: each for name, each in kept.items() if each.source not in stale}
    if len(stale) == len(sources):
        return _compile_whole(key, sources, directory)
    wanted = _units(dict.fromkeys(stale, ""), "contracts/")
    output = _run_solc(_units(sources, "contracts/"), {"*": _OUTPUTS}, directory, wanted) if stale else {}
    fresh = _artifacts(output.get("contracts", {}), "contracts/", kept)
    return store_build(key, Build(dict(sorted(fresh.items())), key, _warnings(output)))


def _compile_whole(key: str, sources: Sources, directory: Path | None) -> Build:
    """Compiles every file, and keeps the syntax trees and source maps, which alone cost a compilation each."""
    output = _run_solc(_units(sources, "contracts/"), {"*": (*_OUTPUTS, *_MAPS), "": _TREES}, directory)
    fresh = _artifacts(output.get("contracts", {}), "contracts/")
    build = Build(dict(sorted(fresh.items())), key, _warnings(output))
    write_json(_trees_path(key), _trees(output, sources))
    write_json(_maps_path(key), _mapped(output, sources))
    return store_build(key, build)


def _reached(sources: Sources, ours: Sources) -> set[str]:
    """The files that differ from those that ship, and every file that imports one of them, directly or not."""
    return reached(sources, {name for name, text in sources.items() if ours.get(name) != text})


def reached(sources: Sources, files: Iterable[str]) -> set[str]:
    """The given files, and every file that imports one of them, directly or not."""
    needed, found = imports(sources), set(files)
    while more := {name for name, wanted in needed.items() if name not in found and wanted & found}:
        found |= more
    return found


def imports(sources: Sources) -> dict[str, set[str]]:
    """Imports of each file, by file."""
    return {
        name: {posixpath.normpath(posixpath.join(posixpath.dirname(name), each)) for each in _IMPORT.findall(text)}
        for name, text in sources.items()
    }


def _units(sources: Sources, prefix: str) -> dict[str, str]:
    return {f"{prefix}{name}": text for name, text in sources.items()}


def _compile_batch(batch: Mapping[str, Sources]) -> dict[str, Build]:
    units: dict[str, str] = {}
    for prefix, sources in batch.items():
        units |= _units(sources, f"{prefix}/contracts/")
    output = _run_solc(units, {"*": _OUTPUTS}, None)
    builds = {}
    for prefix, sources in batch.items():
        own = {unit: found for unit, found in output["contracts"].items() if unit.startswith(f"{prefix}/")}
        warnings = tuple(text for text in _warnings(output) if f"{prefix}/" in text)
        build = Build(_artifacts(own, f"{prefix}/contracts/"), build_hash(sources), warnings)
        builds[prefix] = store_build(f"{prefix}-batch", build)
    return builds


def _read_sources(directory: Path) -> dict[str, str]:
    found = {}
    for path in directory.rglob("*.sol"):
        parts = path.relative_to(directory).parts
        if not any(part == "node_modules" or part.startswith(".") for part in parts):
            try:
                found["/".join(parts)] = path.read_text(encoding="utf8")
            except (OSError, UnicodeDecodeError) as wrong:
                raise CompileFailed(InputProblem(f"cannot be read: {reason(wrong)}", str(path))) from wrong
    return found


def _hash(content: Mapping[str, Any]) -> str:
    whole = {**content, "format": FORMAT, "npm": toolchain.npm_digest()}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _remappings(texts: Sequence[str]) -> list[str]:
    """Remappings in use, sorted: ape passes no others, and they are part of the metadata."""
    used = (prefix for prefix in toolchain.dependencies() if any(f'"{prefix}/' in text for text in texts))
    return sorted(f"{prefix}={toolchain.dependencies()[prefix]}" for prefix in used)


def _run_solc(
    units: Sources,
    outputs: Mapping[str, Sequence[str]],
    directory: Path | None,
    wanted: Sources | None = None,
    imported: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The compiler's output for units that carry their text, or for some of them; solc reads the dependencies."""
    install.ensure()
    request = standard_input(units, outputs)
    request["settings"]["remappings"] += sorted(f"{spelled}={unit}" for spelled, unit in imported.items())
    if wanted is not None:
        selection = request["settings"]["outputSelection"]
        request["settings"]["outputSelection"] = {unit: selection[unit] for unit in units if unit in wanted}
    files = f"{count} Solidity file{'s'[: count != 1]}" if (count := len(wanted or units)) else "Solidity files"
    with timed(f"compiling {files}", f"compiled {files}"):
        output = standard_json(toolchain.solc(), request)
    problems = output.get("errors", [])
    if errors := [each["formattedMessage"] for each in problems if each["severity"] == "error"]:
        where = f"in {directory}:\n" if directory else ""
        raise CompileFailed(where + "\n".join(errors).strip())
    return output


def standard_input(units: Sources, outputs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """solc's standard JSON input, with output only for the given units."""
    selection = {unit: {name: list(wanted) for name, wanted in outputs.items()} for unit in units}
    settings = {**SETTINGS, "remappings": _remappings(list(units.values())), "outputSelection": selection}
    return {
        "language": "Solidity",
        "sources": {unit: {"content": text} for unit, text in units.items()},
        "settings": settings,
    }


def standard_json(binary: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """One start of a solc through py-solc-x; errors of the contracts are in the output, not raised."""
    import solcx
    from solcx.exceptions import SolcError

    base = toolchain.solc_base()
    try:
        answer = solcx.compile_standard(
            dict(request),
            base_path=base,
            allow_paths=[base, toolchain.node_modules()],
            solc_binary=binary,
            allow_empty=True,
        )
    except SolcError as failed:
        if not failed.error_dict:
            raise CompilerLost(f"solc ended without an answer, as for want of memory: {failed}") from failed
        return {"errors": failed.error_dict}
    return dict(answer)


def _artifacts(
    contracts: Mapping[str, Any], prefix: str, kept: Mapping[str, Artifact] | None = None
) -> dict[str, Artifact]:
    found: dict[str, Artifact] = dict(kept or {})
    for unit in sorted(contracts):
        for name, output in sorted(contracts[unit].items()):
            source = unit.removeprefix(prefix)
            if name in found:
                raise CompileFailed(f"two contracts are named {name}: {found[name].source} and {source} define it")
            found[name] = _artifact(name, source, output)
    return found


def _artifact(name: str, source: str, output: Mapping[str, Any]) -> Artifact:
    evm = output.get("evm", {})
    creation, deployed = evm.get("bytecode", {}), evm.get("deployedBytecode", {})
    return Artifact(
        name=name,
        source=source,
        abi=output.get("abi", []),
        bytecode=creation.get("object", ""),
        link_references=creation.get("linkReferences", {}),
        deployed_bytecode=deployed.get("object", ""),
        deployed_link_references=deployed.get("linkReferences", {}),
        immutable_references=deployed.get("immutableReferences", {}),
        method_identifiers=evm.get("methodIdentifiers", {}),
        storage_layout=output.get("storageLayout", {}),
    )


def _warnings(output: Mapping[str, Any]) -> tuple[str, ...]:
    """Warnings of solc about the contracts; those about dependencies are left out."""
    found = (problem for problem in output.get("errors", []) if problem["severity"] == "warning")
    own = (each for each in found if "/.cache/" not in each.get("sourceLocation", {}).get("file", ""))
    return tuple(problem["formattedMessage"].strip() for problem in own)
