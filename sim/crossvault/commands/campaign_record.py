"""The record of `crossvault campaign`: one JSON line a part that was played, of every version and seed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossvault import __version__
from crossvault.commands.exits import UsageError
from crossvault.setup import toolchain

DIRTY = "-dirty"  # of a clone with files that differ from its commit


def require_writable(record: Path) -> None:
    """Requires a record that can be written, before anything is played. Raises UsageError."""
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.open("a").close()
    except OSError as wrong:
        raise UsageError(f"--record: {record} cannot be written: {wrong.strerror}") from wrong


def append(record: Path, row: Mapping[str, Any], seed: int) -> None:
    """Appends the line of a part."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"date": when, "version": version(), "seed": seed, **row})
    with record.open("a", encoding="utf8") as out:
        out.write(line + "\n")


def latest(record: Path) -> dict[str, dict[str, Any]]:
    """The last line of each part that was played on the present version; none of files that have no commit.

    Raises UsageError if a line is not one of a record.
    """
    present, found = version(), dict[str, dict[str, Any]]()
    for number, line in enumerate(_text(record).splitlines(), 1):
        row = _line(line)
        if row is None:
            raise UsageError(f"--record: {record}, line {number}: expected a line of a campaign, found {line[:60]!r}")
        if row["version"] == present and not present.endswith(DIRTY):
            found[row["part"]] = row
    return found


def _text(record: Path) -> str:
    try:
        return record.read_text(encoding="utf8") if record.exists() else ""
    except (OSError, UnicodeDecodeError) as wrong:
        raise UsageError(f"--record: {record} cannot be read: {getattr(wrong, 'strerror', None) or wrong}") from wrong


def _line(text: str) -> dict[str, Any] | None:
    """The fields of a line; none if one that is used is missing or of another kind."""
    try:
        row = json.loads(text)
    except ValueError:
        return None
    kinds = {"part": str, "version": str, "date": str, "outcome": str, "exit": int, "seconds": float, "counts": dict}
    is_line = isinstance(row, dict) and all(isinstance(row.get(name), kind) for name, kind in kinds.items())
    return row if is_line else None


def version() -> str:
    """The commit of the clone, with a mark where files differ from it; elsewhere the version of the package."""
    if root := toolchain.clone():
        command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"]
        try:
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return __version__
        return done.stdout.strip()
    return __version__
