"""Child processes of rival tools: fetched into the state folder, timed, and stopped with their descendants."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from crossvault.bench.small_bugs import SearcherUnavailable
from crossvault.setup import toolchain
from crossvault.setup.install import NODE_FLAGS
from crossvault.setup.watcher import Watcher

_FETCH_SECS = 300


class ProcessResult(NamedTuple):
    """Result of a process; code None: it ran out of time. Seconds by the clock and of the processor."""

    code: int | None
    out: str
    secs: float
    processor_secs: float


def home(name: str) -> Path:
    """The folder of a rival."""
    return toolchain.state_dir() / "rivals" / name


def run(words: Sequence[str], folder: Path, seconds: float, env: Mapping[str, str] | None = None) -> ProcessResult:
    """Runs a process with a time limit and merged outputs. Raises SearcherUnavailable when it cannot start."""
    began, used = time.perf_counter(), _used()
    with TemporaryFile() as out:  # no pipe: a surviving descendant would keep it open
        try:
            child = subprocess.Popen(
                words, cwd=folder, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as trouble:
            raise SearcherUnavailable(f"{words[0]} cannot be started: {trouble}") from trouble
        watcher = Watcher()
        watcher.watch(child)
        code: int | None = None
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _end(child)
            watcher.close()
        out.seek(0)
        text = out.read().decode("utf8", "replace")
    return ProcessResult(code, text, time.perf_counter() - began, _used() - used)


def fetch(name: str, *packages: str) -> Path:
    """Installs npm packages into a rival's folder, once; returns its `node_modules`. Raises SearcherUnavailable."""
    folder = home(name)
    modules = folder / "node_modules"
    if all((modules / each.rpartition("@")[0]).is_dir() for each in packages):
        return modules
    folder.mkdir(parents=True, exist_ok=True)
    try:
        node = toolchain.node()
    except toolchain.ToolchainMissing as missing:
        raise SearcherUnavailable(str(missing)) from missing
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    flags = ("--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder))
    env = {"PATH": os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])}
    done = run([str(node), str(npm), "install", *flags, *packages], folder, _FETCH_SECS, env)
    if done.code != 0:
        raise SearcherUnavailable(f"npm could not install {' '.join(packages)}: {last(done.out)}")
    return modules


def node_words(package: Path) -> list[str]:
    """The compiler of an npm package as a command that replaces a native one."""
    return [str(toolchain.node()), *NODE_FLAGS, str(toolchain.SOLC_WASM), str(package)]


def last(text: str) -> str:
    """The last line of a tool's output."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _used() -> float:
    """Processor seconds of finished child processes and their descendants."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _end(child: subprocess.Popen[bytes]) -> None:
    """Stops a running process, first with SIGINT so that it stops its own children."""
    for number, patience in ((signal.SIGINT, 10), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        if child.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
