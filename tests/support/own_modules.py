"""Modules as users write them, each under a name of its own."""

from __future__ import annotations

from itertools import count
from pathlib import Path

_numbers = count()


def own_module(folder: Path, text: str) -> str:
    """Writes a module into a folder and returns its name, which no module of this process has yet."""
    name = f"own_module_{next(_numbers)}"
    (folder / f"{name}.py").write_text(text, encoding="utf8")
    return name


def distribution(folder: Path, group: str, **entries: str) -> None:
    """Writes what an installed package leaves that offers entry points of a group."""
    place = folder / "own_rules-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: own-rules\nVersion: 1.0\n", encoding="utf8")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (place / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf8")
