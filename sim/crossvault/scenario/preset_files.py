"""Shipped presets: files of margin parameters, each with the source of its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crossvault.differential.ending import InputProblem
from crossvault.scenario.source import ScenarioError, SourceFile, did_you_mean, read

_PRESETS = Path(__file__).parent.parent / "presets"
_SUFFIX = ".yaml"


def names() -> list[str]:
    """Names of the shipped presets."""
    return sorted(path.stem for path in _PRESETS.glob(f"*{_SUFFIX}"))


def open_source(path_or_name: str) -> SourceFile:
    """Reads a preset as plain data, by name or from a file. Raises ScenarioError."""
    if path_or_name in names():
        return read(_PRESETS / f"{path_or_name}{_SUFFIX}", f"{path_or_name}{_SUFFIX}")
    if path_or_name.endswith((".yaml", ".yml")):
        path = Path(path_or_name)
        if not path.is_file():
            raise ScenarioError(InputProblem("there is no such file", path_or_name))
        return read(path, path_or_name)
    raise ScenarioError(f"{path_or_name}: there is no such preset: {did_you_mean(path_or_name, names())}")


def section(name: str, title: str) -> Any:
    """One section of a shipped preset as plain data. Raises ValueError if it is absent."""
    if name not in names():
        raise ValueError(f"{name!r} is not a preset: {did_you_mean(name, names())}, or a mapping")
    found = open_source(name).data.get(title)
    if found is None:
        raise ValueError(f"the preset {name!r} has no {title!r}")
    return found
