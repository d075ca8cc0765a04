"""Forge's invariant testing on the small vault: a handler with plausible calls, and separate invariants."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crossvault.bench.rival_process import ProcessResult, fetch, last, run
from crossvault.bench.small_bugs import (
    BUGS,
    SearcherUnavailable,
    SearchOutcome,
    SmallVaultBug,
    ground,
    longest,
    plant,
)
from crossvault.evm.compiler import EVM_VERSION
from crossvault.setup import install, toolchain

NAME = "forge"
VERSION = "1.7.1"
DEPTH = 50
_PACKAGE = "@foundry-rs/forge-linux-amd64"
_HOW = f"put `forge` of Foundry {VERSION} on PATH, or have a network so that npm's {_PACKAGE} is fetched"
_BUILD_SECS = 300
_SLACK_SECS = 30  # to start, and to shrink a late finding

_CONFIG = """[profile.default]
src = "."
test = "."
libs = []
solc = {solc}
evm_version = "{evm}"
optimizer = true
optimizer_runs = 200
offline = true
remappings = [{remapping}]
allow_paths = [{modules}]
[lint]
lint_on_build = false
[invariant]
runs = 1000000
depth = {depth}
timeout = {seconds}
"""


class Forge:
    """A project with one folder per bug, compiled once; a context manager."""

    def __init__(self, bugs: Sequence[SmallVaultBug] = BUGS, seconds: int = 60) -> None:
        """Raises SearcherUnavailable, with instructions to install forge."""
        self._binary, self._seconds = _binary(), seconds
        self._temporary = TemporaryDirectory()
        self._root = Path(self._temporary.name)
        self._write(bugs)
        done = self._forge("build", seconds=_BUILD_SECS)
        if done.code != 0:
            self._temporary.cleanup()
            raise SearcherUnavailable(f"forge could not compile: {last(done.out)}")

    def __enter__(self) -> Forge:
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    def version(self) -> str:
        """The version that forge reports."""
        output = self._forge("--version", seconds=_SLACK_SECS).out.split()
        return next((word for word in output if word[:1].isdigit()), "unknown")

    def search(self, bug: SmallVaultBug, seed: int) -> SearchOutcome:
        """Searches for a bug. Raises SearcherUnavailable when the output cannot be read."""
        words = ("test", "--json", "--fuzz-seed", str(seed), "--match-path", f"{bug.id}/*")
        done = self._forge(*words, seconds=self._seconds + _SLACK_SECS)
        if done.code is None:
            return SearchOutcome(NAME, bug.id, False, done.secs, done.processor_secs)
        [test] = _results(done.out)
        if test["status"] == "Success":
            return SearchOutcome(NAME, bug.id, False, done.secs, done.processor_secs)
        calls = (test["counterexample"] or {"Sequence": [0, []]})["Sequence"][1]
        if not calls:
            raise SearcherUnavailable(f"forge failed without a counterexample: {test['reason']}")
        digits = longest([int(value) for call in calls for value in call["raw_args"].split(", ")])
        return SearchOutcome(NAME, bug.id, True, done.secs, done.processor_secs, len(calls), digits)

    def _forge(self, *words: str, seconds: float) -> ProcessResult:
        return run([self._binary, *words], self._root, seconds)

    def _write(self, bugs: Sequence[SmallVaultBug]) -> None:
        for bug in bugs:
            plant(bug, self._root / bug.id)
            ground(self._root / bug.id, "Ground.sol", "Handler.sol", "Invariants.t.sol")
        modules = toolchain.node_modules()
        named = f"@openzeppelin/contracts/={modules / '@openzeppelin' / 'contracts'}/"
        config = _CONFIG.format(
            solc=json.dumps(str(toolchain.solc())), evm=EVM_VERSION, remapping=json.dumps(named),
            modules=json.dumps(str(modules)), depth=DEPTH, seconds=self._seconds,
        )  # fmt: skip
        (self._root / "foundry.toml").write_text(config, encoding="utf8")


def _binary() -> str:
    install.ensure()
    if found := shutil.which("forge"):
        return found
    try:
        path = fetch("forge", f"{_PACKAGE}@{VERSION}") / _PACKAGE / "bin" / "forge"
    except SearcherUnavailable as why:
        raise SearcherUnavailable(f"{why}; {_HOW}") from why
    if not path.is_file():
        raise SearcherUnavailable(f"npm's {_PACKAGE} has no forge for this platform; {_HOW}")
    return str(path)


def _results(out: str) -> list[dict[str, Any]]:
    """The test results, from the output line that has them."""
    for line in out.splitlines():
        if line.startswith("{") and '"test_results"' in line:
            suites: dict[str, Any] = json.loads(line)
            return [test for suite in suites.values() for test in suite["test_results"].values()]
    raise SearcherUnavailable(f"forge's output cannot be read: {last(out)}")
