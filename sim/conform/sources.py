"""A foreign contract and what it imports, to be compiled as they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from sim import toolchain
from sim.compiler import Build, CompileFailed, compile_units

_IMPORT = re.compile(r"""^\s*import\s[^;]*?["']([^"']+)["']\s*;""", re.M)


def compiled(files: Mapping[str, Path], remappings: Mapping[str, Path]) -> Build:
    """The build of some files with all that they import. Raises CompileFailed, ToolchainMissing.

    files: by the name that their unit gets. remappings: beginnings of imports, and the directories they stand for.
    """
    units: dict[str, str] = {}
    waiting = dict(files)
    while waiting:
        unit, path = waiting.popitem()
        if unit in units:
            continue
        try:
            units[unit] = path.read_text(encoding="utf8")
        except (OSError, UnicodeDecodeError) as trouble:
            raise CompileFailed(f"{unit}: cannot be read: {trouble}") from None
        for wanted in _IMPORT.findall(units[unit]):
            if found := _resolved(wanted, unit, path, remappings):
                waiting[found[0]] = found[1]
    return compile_units(dict(sorted(units.items())))


def _resolved(wanted: str, unit: str, path: Path, remappings: Mapping[str, Path]) -> tuple[str, Path] | None:
    """The unit and file of an import; None for those that the compiler finds itself."""
    if wanted.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(unit), wanted)), path.parent / wanted
    for start, directory in remappings.items():
        if wanted.startswith(start):
            return wanted, directory / wanted.removeprefix(start).lstrip("/")
    known = ", ".join((*toolchain.dependencies(), *remappings))
    if not any(wanted.startswith(f"{each}/") for each in toolchain.dependencies()):
        raise CompileFailed(f"{unit}: imports {wanted!r}, which is not known here: expected a relative path or one of "
                            f"{known}; an adapter may say `remappings`")  # fmt: skip
    return None
