"""State of the toolchain: what is present, what is missing, and the one command that mends it. Changes nothing."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from crossvault.setup import toolchain

_SAMPLE = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
import {Panic} from "@openzeppelin/contracts/utils/Panic.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
"""
_PACKAGES = ("eth-ape", "ape-foundry", "ape-solidity", "ape-etherscan", "web3", "py-solc-x")


@dataclass(frozen=True)
class CheckResult:
    """One thing that was looked at; `mend` is a command, or a sentence where no command can."""

    what: str
    ok: bool
    detail: str
    mend: str = ""


def doctor() -> list[CheckResult]:
    """Every finding, in the order in which they would be mended."""
    checks: tuple[Callable[[], CheckResult], ...] = (
        _python, _packages, _state, _node, _npm, _solc, _compilation, _anvil, _contracts, _artifacts, _ape, _search
    )  # fmt: skip
    return [_unless_missing(check) for check in checks]


def document(findings: Sequence[CheckResult]) -> str:
    """The findings as JSON; `mend` is there where something is missing."""
    rows = [asdict(each) for each in findings]
    for row in rows:
        if row["ok"]:
            del row["mend"]
    return json.dumps({"ok": all(each.ok for each in findings), "findings": rows}, indent=2)


def _unless_missing(check: Callable[[], CheckResult]) -> CheckResult:
    try:
        return check()
    except (toolchain.ToolchainMissing, OSError) as missing:
        return CheckResult(check.__name__.removeprefix("_"), False, str(missing), toolchain.setup_command())


def _python() -> CheckResult:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 14)
    detail = f"{sys.version.split()[0]} at {sys.executable}"
    return CheckResult("python", ok, detail, "install a Python from 3.11 to 3.14")


def _packages() -> CheckResult:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    detail = f"missing: {', '.join(missing)}" if missing else ", ".join(found)
    return CheckResult("python packages", not missing, detail, _reinstall())


def _state() -> CheckResult:
    state = toolchain.state_dir()
    nearest = next(folder for folder in (state, *state.parents) if folder.exists())
    ok = os.access(nearest, os.W_OK)
    free_gb = shutil.disk_usage(nearest).free / 1e9
    detail = f"{state}{'' if ok else ' (not writable)'}, {free_gb:.1f} GB free"
    return CheckResult("state", ok and free_gb > 0.5, detail, f"make {nearest} writable, with half a GB free")


def _node() -> CheckResult:
    version = toolchain.output([str(toolchain.node()), "--version"]).strip()
    return CheckResult(
        "node", bool(version), version or f"{toolchain.node()} does not start", toolchain.setup_command()
    )


def _npm() -> CheckResult:
    ok = toolchain.is_stamped("npm", toolchain.npm_digest())
    names = ("solc", "@openzeppelin/contracts", "solady")
    have = ", ".join(f"{name} {toolchain.package_version(name) or 'missing'}" for name in names)
    return CheckResult("npm packages", ok, have if ok else f"not those of the lock ({have})", toolchain.setup_command())


def _solc() -> CheckResult:
    version = toolchain.versions()["solc"]
    ok = version.startswith(toolchain.SOLC) and toolchain.is_stamped("solc", toolchain.solc_key())
    kind = "native" if toolchain.solc().is_symlink() else "WebAssembly, from npm"
    return CheckResult("solc", ok, f"{version} ({kind})" if ok else f"{version}, not set up", toolchain.setup_command())


def _compilation() -> CheckResult:
    """Compiles a file that imports both dependencies, as links and paths may lead nowhere after a move."""
    from crossvault.evm.compiler import CompileFailed, standard_input, standard_json

    if not toolchain.is_set_up():
        return CheckResult("compilation", False, "not set up in this place", toolchain.setup_command())
    try:
        output = standard_json(toolchain.solc(), standard_input({"contracts/Sample.sol": _SAMPLE}, {"*": ["abi"]}))
        errors = (each for each in output.get("errors", ()) if each["severity"] == "error")
        problems = [each["formattedMessage"].strip() for each in errors]
    except CompileFailed as failed:
        problems = [str(failed)]
    detail = problems[0].splitlines()[0] if problems else "of a file with imports"
    return CheckResult(
        "compilation", not problems, detail, f"rm -r {toolchain.state_dir()} && {toolchain.setup_command()}"
    )


def _anvil() -> CheckResult:
    try:
        path = toolchain.anvil()
    except toolchain.ToolchainMissing as missing:
        return CheckResult("anvil", False, str(missing), _anvil_mend())
    version = re.search(r"\d+\.\d+\.\d+\S*", toolchain.output([str(path), "--version"]))
    detail = f"{version[0]} at {path}" if version else f"{path} does not start"
    return CheckResult("anvil", version is not None, detail, _anvil_mend())


def _anvil_mend() -> str:
    return "put `anvil` 1.7.1 of Foundry on PATH" if toolchain.is_set_up() else toolchain.setup_command()


def _contracts() -> CheckResult:
    directory = toolchain.contracts_dir()
    count = sum(1 for _ in _solidity(directory))
    return CheckResult("contracts", count > 0, f"{count} files in {directory}", "git checkout contracts")


def _solidity(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*.sol") if ".cache" not in path.parts)


def _artifacts() -> CheckResult:
    from crossvault.evm.compiler import build_hash, contract_sources

    stored = toolchain.state_dir() / "artifacts" / f"{build_hash(contract_sources())}.json"
    return CheckResult("artifacts", True, "compiled" if stored.is_file() else "not compiled yet; the next run does it")


def _ape() -> CheckResult:
    """ape itself is slow to import; its plugins' versions are among the packages."""
    script = Path(sys.executable).parent / "ape"
    detail = str(script) if script.is_file() else f"no {script}"
    return CheckResult("ape", script.is_file(), detail, _reinstall())


def _search() -> CheckResult:
    from crossvault.evm.search_evm import is_in_process

    slower = "on Anvil, slower: pyrevm is not installed, and has no wheel for Python 3.13 or Linux on Arm"
    return CheckResult("search", True, "in process, by pyrevm" if is_in_process() else slower)


def _reinstall() -> str:
    return "rm -r .venv && ./crossvault setup" if toolchain.clone() else "pip install --force-reinstall crossvault"
