"""Tools in processes of their own: fetched into the state folder, timed, and ended with all that they started."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sim import toolchain
from sim.install import NODE_FLAGS
from sim.rivals.planted import Unavailable

_FETCH_SECS = 300


class Done(NamedTuple):
    """What a process came to; code None: its time was over. Seconds by the clock and of the processor."""

    code: int | None
    out: str
    secs: float
    processor_secs: float


def home(name: str) -> Path:
    """Where a rival is kept."""
    return toolchain.state_dir() / "rivals" / name


def run(words: Sequence[str], folder: Path, seconds: float, env: Mapping[str, str] | None = None) -> Done:
    """Runs a process for so many seconds; its two outputs are one text. Raises Unavailable when it cannot start."""
    began, used = time.perf_counter(), _used()
    try:
        child = subprocess.Popen(
            words, cwd=folder, env={**os.environ, **(env or {})}, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError as trouble:
        raise Unavailable(f"{words[0]} cannot be started: {trouble}") from trouble
    code: int | None
    try:
        out, _ = child.communicate(timeout=seconds)
        code = child.returncode
    except subprocess.TimeoutExpired:
        _end(child)
        out, code = child.communicate()[0], None
    except BaseException:
        _end(child)
        raise
    return Done(code, out, time.perf_counter() - began, _used() - used)


def fetch(name: str, *packages: str) -> Path:
    """Installs npm packages into a rival's folder, once; answers its `node_modules`. Raises Unavailable."""
    folder = home(name)
    modules = folder / "node_modules"
    if all((modules / each.rpartition("@")[0]).is_dir() for each in packages):
        return modules
    folder.mkdir(parents=True, exist_ok=True)
    try:
        node = toolchain.node()
    except toolchain.ToolchainMissing as missing:
        raise Unavailable(str(missing)) from missing
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    flags = ("--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder))
    env = {"PATH": os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])}
    done = run([str(node), str(npm), "install", *flags, *packages], folder, _FETCH_SECS, env)
    if done.code != 0:
        raise Unavailable(f"npm could not install {' '.join(packages)}: {last(done.out)}")
    return modules


def node_words(package: Path) -> list[str]:
    """The compiler of an npm package as a command: what stands in for a native one."""
    return [str(toolchain.node()), *NODE_FLAGS, str(toolchain.PACKAGE / "solc_wasm.cjs"), str(package)]


def last(text: str) -> str:
    """The last line of what a tool said."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _used() -> float:
    """Seconds of the processor that ended children and theirs took."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _end(child: subprocess.Popen[str]) -> None:
    """Ends a process and what it started."""
    try:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait(5)
    except ProcessLookupError:
        return
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
