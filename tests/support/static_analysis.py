"""Slither over the contracts: findings of high and medium impact, by check and by the name of what they are about.

solc gives syntax trees and interfaces alone, so no code is generated; nothing is fetched. Names are those of slither,
without arguments: `Collateral.pull`, or a variable of a function as `Correlation.enter.none`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from crytic_compile import CryticCompile
from crytic_compile.compilation_unit import CompilationUnit
from crytic_compile.compiler.compiler import CompilerVersion
from crytic_compile.platform.solc_standard_json import SolcStandardJson, parse_standard_json_output
from slither import Slither
from slither.detectors import all_detectors
from slither.detectors.abstract_detector import AbstractDetector, DetectorClassification

from crossvault.evm.compiler import SETTINGS, standard_input, standard_json
from crossvault.setup import toolchain

CONTRACTS, DEPENDENCIES = "contracts", ".cache"
LEFT_OUT = ("interfaces/", "probes/")
SERIOUS = (DetectorClassification.HIGH, DetectorClassification.MEDIUM)
_ARGUMENTS = re.compile(r"\([^()]*\)")


class Finding(NamedTuple):
    """What slither reports: its check, and what it is about."""

    check: str
    about: str


def _platform(output: dict[str, Any], folder: Path) -> Any:
    """A platform of crytic-compile that has its trees already and starts no compiler."""

    def compile(crytic_compile: CryticCompile, **_: Any) -> None:
        unit = CompilationUnit(crytic_compile, CONTRACTS)
        runs = SETTINGS["optimizer"]["runs"]
        unit.compiler_version = CompilerVersion("solc", toolchain.SOLC, optimized=True, optimize_runs=runs)
        parse_standard_json_output(output, unit, solc_working_dir=str(folder))

    made: Any = SolcStandardJson({"sources": {}})
    made.compile = compile
    return made


def findings(sources: Mapping[str, str], folder: Path) -> dict[Finding, str]:
    """The findings in sources below `contracts`, each as slither words it; folder: an empty one, the current one."""
    for name, text in sources.items():
        path = folder / CONTRACTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
    (folder / CONTRACTS / DEPENDENCIES).symlink_to(toolchain.solc_base() / CONTRACTS / DEPENDENCIES)
    slither = Slither(CryticCompile(_platform(_parsed(sources), folder)))
    for each in _detectors():
        slither.register_detector(each)
    reported = [each for results in slither.run_detectors() for each in results]
    return {_finding(each): each["description"] for each in reported if _is_ours(each)}


def _detectors() -> Iterator[Any]:
    for each in vars(all_detectors).values():
        if inspect.isclass(each) and issubclass(each, AbstractDetector) and getattr(each, "IMPACT", None) in SERIOUS:
            yield each


def _parsed(sources: Mapping[str, str]) -> dict[str, Any]:
    """The output of solc: trees and interfaces of all sources and of what they import, and no code."""
    request = standard_input({f"{CONTRACTS}/{name}": text for name, text in sources.items()}, {})
    request["settings"]["outputSelection"] = {"*": {"": ["ast"], "*": ["abi"]}}
    output = standard_json(toolchain.solc(), request)
    for contract in (each for unit in output["contracts"].values() for each in unit.values()):
        contract["evm"] = {part: {"object": "", "sourceMap": ""} for part in ("bytecode", "deployedBytecode")}
    return output


def _files(reported: Mapping[str, Any]) -> Iterator[str]:
    for element in reported["elements"]:
        yield element["source_mapping"]["filename_relative"].removeprefix(f"{CONTRACTS}/")


def _is_ours(reported: Mapping[str, Any]) -> bool:
    return not next(_files(reported)).startswith((f"{DEPENDENCIES}/", *LEFT_OUT))


def _finding(reported: Mapping[str, Any]) -> Finding:
    about = _ARGUMENTS.sub("", str(reported["description"]).split(" (")[0])
    return Finding(str(reported["check"]), about.split()[0])
