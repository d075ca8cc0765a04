"""A foreign contract and what it imports, to be compiled as they are."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from crossvault.evm.compiler import Build, CompileFailed, compile_units
from crossvault.setup import toolchain

_IMPORT = re.compile(r"""^\s*import\s[^;]*?["']([^"']+)["']\s*;""", re.M)


def compiled(files: Iterable[Path], remappings: Mapping[str, Path]) -> Build:
    """The build of some files with all that they import. Raises CompileFailed, ToolchainMissing.

    remappings: beginnings of imports, and the directories they stand for. Units are named from the directory that holds
    all files that are imported by where they lie.
    """
    near: dict[Path, str] = {}
    mapped: dict[str, str] = {}
    waiting: list[tuple[str, Path]] = [("", path.resolve()) for path in files]
    while waiting:
        unit, path = waiting.pop()
        if unit in mapped or (not unit and path in near):
            continue
        text = _text(unit, path)
        if unit:
            mapped[unit] = text
        else:
            near[path] = text
        waiting += filter(None, (_resolved(wanted, unit, path, remappings) for wanted in _IMPORT.findall(text)))
    root = Path(os.path.commonpath([path.parent for path in near]))
    units = {path.relative_to(root).as_posix(): text for path, text in near.items()}
    return compile_units(dict(sorted((units | mapped).items())))


def _text(unit: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise CompileFailed(f"{unit or os.path.relpath(path)}: cannot be read: {trouble}") from None


def _resolved(wanted: str, unit: str, path: Path, remappings: Mapping[str, Path]) -> tuple[str, Path] | None:
    """The unit and file of an import, no unit where its place names it; None for what the compiler finds itself."""
    if wanted.startswith("."):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(unit), wanted)) if unit else ""
        return name, (path.parent / wanted).resolve()
    for start, directory in remappings.items():
        if wanted.startswith(start):
            return wanted, (directory / wanted.removeprefix(start).lstrip("/")).resolve()
    if any(wanted.startswith(f"{each}/") for each in toolchain.dependencies()):
        return None
    known = ", ".join((*toolchain.dependencies(), *remappings))
    where = unit or os.path.relpath(path)
    raise CompileFailed(f"{where}: imports {wanted!r}: expected a relative path or one of {known}; an adapter may give "
                        "`remappings`")  # fmt: skip
