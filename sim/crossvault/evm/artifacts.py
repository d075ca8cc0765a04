"""Artifacts of compiled contracts, and the store that keeps builds by the hash of what they were made from."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crossvault.setup import toolchain
from crossvault.setup.notices import timed


@dataclass(frozen=True)
class Artifact:
    """One compiled contract; code is hex without 0x, with solc's placeholders where libraries are linked."""

    name: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: str
    link_references: dict[str, Any]
    deployed_bytecode: str
    deployed_link_references: dict[str, Any]
    immutable_references: dict[str, Any]
    method_identifiers: dict[str, str]
    storage_layout: dict[str, Any]


@dataclass(frozen=True)
class Build:
    """Artifacts of one directory of contracts, by contract name."""

    artifacts: Mapping[str, Artifact]
    hash: str
    warnings: tuple[str, ...]


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Lets one process at a time compile a build; a process that waited looks it up again."""
    from filelock import FileLock, Timeout

    path = cache_path(name).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        with timed("another process compiles these contracts", "another process compiled these contracts"):
            lock.acquire()
    try:
        stored_build.cache_clear()
        yield
    finally:
        lock.release()


def cache_path(name: str) -> Path:
    """Path of a stored object by its name."""
    return toolchain.state_dir() / "artifacts" / f"{name}.json"


@functools.lru_cache(maxsize=8)
def stored_build(name: str) -> Build | None:
    """The build stored under a name; None if it is absent or damaged."""
    stored = read_json(cache_path(name))
    if stored is None:
        return None
    artifacts = {each["name"]: Artifact(**each) for each in stored["artifacts"]}
    return Build(artifacts, stored["hash"], tuple(stored["warnings"]))


def store_build(name: str, build: Build) -> Build:
    """Stores a build under a name, and returns it."""
    artifacts = [asdict(artifact) for artifact in build.artifacts.values()]
    write_json(cache_path(name), {"hash": build.hash, "warnings": build.warnings, "artifacts": artifacts})
    stored_build.cache_clear()
    return build


def read_json(path: Path) -> dict[str, Any] | None:
    """A stored object; None if it is absent or damaged."""
    try:
        stored = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError):
        return None
    return stored if isinstance(stored, dict) else None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Stores an object whole, by way of a file of this process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(content, separators=(",", ":")), encoding="utf8")
    fresh.replace(path)
