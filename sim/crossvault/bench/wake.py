"""Wake's fuzzer on the small vault, in a separate environment, with a compiler that it accepts as native.

Wake accepts only the compilers of its own list; the WebAssembly compiler of npm runs behind a script, and is added to
that list in a private data folder.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import venv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crossvault.bench.rival_process import ProcessResult, fetch, home, last, node_words, run
from crossvault.bench.small_bugs import (
    BUGS,
    GROUND,
    SearcherUnavailable,
    SearchOutcome,
    SmallVaultBug,
    ground,
    longest,
    plant,
)
from crossvault.evm.compiler import EVM_VERSION
from crossvault.setup import install, toolchain

NAME = "Wake"
VERSION = "4.22.2"
SOLC = "0.8.34"  # the newest that this Wake knows
_FETCH_SECS = 600
_BUILD_SECS = 600
_START_SECS = 15  # before its first call
_HOW = f"have a network, so that eth-wake {VERSION} and npm's solc {SOLC} are fetched into the state folder"

_CONFIG = f"""[compiler.solc]
target_version = "{SOLC}"
evm_version = "{EVM_VERSION}"
remappings = ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/"]
[compiler.solc.optimizer]
enabled = true
runs = 200
"""

_SHIM = """#!{python}
import re, subprocess, sys
done = subprocess.run({words!r} + sys.argv[1:], stdout=subprocess.PIPE)
signed = lambda found: str(int(found[0]) - 2**32).encode()  # in WebAssembly, negative ids come unsigned
sys.stdout.buffer.write(re.sub(rb"(?<=[:,\\[ ])42949[0-9]{{5}}(?=[,\\]}}\\s])", signed, done.stdout))
sys.exit(done.returncode)
"""


class Wake:
    """A project with one folder per bug, compiled once; a context manager."""

    def __init__(self, bugs: Sequence[SmallVaultBug] = BUGS, seconds: int = 60) -> None:
        """Raises SearcherUnavailable, with instructions to install Wake."""
        install.ensure()
        self._seconds = seconds
        try:
            self._binary, self._data = _binary(), _data()
        except SearcherUnavailable as why:
            raise SearcherUnavailable(f"{why}; {_HOW}") from why
        self._temporary = TemporaryDirectory()
        self._root = Path(self._temporary.name)
        self._write(bugs)
        done = self._wake("init", "pytypes", seconds=_BUILD_SECS)
        if done.code != 0 or not (self._root / "pytypes" / "contracts").is_dir():
            self._temporary.cleanup()
            raise SearcherUnavailable(f"Wake could not compile: {last(done.out)}")

    def __enter__(self) -> Wake:
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    def version(self) -> str:
        """The version that Wake reports."""
        return last(self._wake("--version", seconds=_START_SECS * 4).out)

    def search(self, bug: SmallVaultBug, seed: int) -> SearchOutcome:
        """Searches for a bug and shrinks the finding. Raises SearcherUnavailable when the result is unclear."""
        shutil.rmtree(self._root / ".wake" / "logs", ignore_errors=True)
        test = f"tests/test_{bug.id}.py"
        found = self._wake("test", "-S", f"{seed:02x}", test, seconds=self._seconds + _START_SECS)
        crash = self._log("crashes")
        if crash is None:
            if found.code is not None:
                raise SearcherUnavailable(f"Wake ended without a crash: {last(found.out)}")
            return SearchOutcome(NAME, bug.id, False, found.secs, found.processor_secs)
        number = int(json.loads(crash.read_text(encoding="utf8"))["crash_flow_number"])
        if number == 0:
            return SearchOutcome(
                NAME, bug.id, True, found.secs, found.processor_secs, 1, 0, "the first call; nothing to shrink"
            )
        done = self._wake("test", "-SH", str(crash), test, seconds=self._seconds + _START_SECS)
        secs, processor_secs = found.secs + done.secs, found.processor_secs + done.processor_secs
        shrunk = self._log("shrank")
        if shrunk is None:
            return SearchOutcome(
                NAME, bug.id, True, secs, processor_secs, number + 1, 0, "shrinking did not end in time"
            )
        calls = json.loads(shrunk.read_text(encoding="utf8"))["required_flows"]
        digits = longest([int(value) for call in calls for value in call["flow_params"]])
        return SearchOutcome(NAME, bug.id, True, secs, processor_secs, len(calls), digits)

    def _wake(self, *words: str, seconds: float) -> ProcessResult:
        path = f"{toolchain.anvil().parent}:/usr/bin:/bin"
        env = {"XDG_DATA_HOME": str(self._data), "XDG_CONFIG_HOME": str(self._data / "config"), "PATH": path}
        return run([self._binary, *words], self._root, seconds, env)

    def _log(self, kind: str) -> Path | None:
        return next((self._root / ".wake" / "logs" / kind).glob("*.json"), None)

    def _write(self, bugs: Sequence[SmallVaultBug]) -> None:
        flows = (GROUND / "wake_flows.txt").read_text(encoding="utf8")
        (self._root / "tests").mkdir()
        for bug in bugs:
            plant(bug, self._root / "contracts" / bug.id)
            ground(self._root / "contracts" / bug.id, "Ground.sol")
            test = flows.replace("contracts.BUG.", f"contracts.{bug.id}.")
            (self._root / "tests" / f"test_{bug.id}.py").write_text(test, encoding="utf8")
        package = Path("node_modules") / "@openzeppelin" / "contracts"
        shutil.copytree(toolchain.node_modules().parent / package, self._root / package)
        (self._root / "wake.toml").write_text(_CONFIG, encoding="utf8")


def _environment() -> Path:
    return home("wake") / "environment"


def _binary() -> str:
    binary = _environment() / "bin" / "wake"
    if not binary.is_file():
        venv.create(_environment(), with_pip=True, clear=True)
        python = str(_environment() / "bin" / "python")
        words = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"eth-wake=={VERSION}"]
        done = run(words, _environment(), _FETCH_SECS)
        if done.code != 0:
            raise SearcherUnavailable(f"eth-wake {VERSION} could not be installed: {last(done.out)}")
    return str(binary)


def _data() -> Path:
    """The data folder that registers the compiler with Wake."""
    package = fetch("wake", f"solc@{SOLC}") / "solc"
    output = toolchain.output([*node_words(package), "--version"])
    version = re.search(r"Version: ([0-9.]+\+commit\.[0-9a-f]+)", output)
    if version is None:
        raise SearcherUnavailable(f"npm's solc {SOLC} does not run")
    name = f"solc-linux-amd64-v{version[1]}"
    folder = home("wake") / "data" / "wake" / "compilers"
    binary = folder / name / name
    binary.parent.mkdir(parents=True, exist_ok=True)
    python = _environment() / "bin" / "python"
    binary.write_text(_SHIM.format(python=python, words=node_words(package)), encoding="utf8")
    binary.chmod(0o755)
    build: dict[str, Any] = {
        "path": name, "version": SOLC, "build": version[1].partition("+")[2], "longVersion": version[1], "urls": [],
        "sha256": "0x" + hashlib.sha256(binary.read_bytes()).hexdigest(), "keccak256": _keccak256(binary),
    }  # fmt: skip
    known = {"builds": [build], "releases": {SOLC: name}, "latestRelease": SOLC}
    (folder / "solc.json").write_text(json.dumps(known), encoding="utf8")
    return home("wake") / "data"


def _keccak256(path: Path) -> str:
    from eth_utils.crypto import keccak

    return "0x" + keccak(path.read_bytes()).hex()
