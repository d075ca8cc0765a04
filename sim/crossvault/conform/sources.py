"""A foreign contract and what it imports, to be compiled as they are: each file once, by whatever spelling."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import CompileFailed, compile_units
from crossvault.setup import toolchain

_IMPORT = re.compile(r"""^\s*import\s[^;]*?["']([^"']+)["']\s*;""", re.M)
_APART = "units/"  # before the names of units that a remapping would take for others


def compiled(files: Iterable[Path], remappings: Mapping[str, Path]) -> Build:
    """The build of some files with all that they import. Raises CompileFailed, ToolchainMissing.

    remappings: beginnings of imports, and the directories they stand for; the longest that fits counts. A unit has the
    name of its real path, from the directory that holds all files, so that two spellings of an import are one unit.
    """
    texts: dict[Path, str] = {}
    mapped: dict[str, Path] = {}
    waiting = [path.resolve() for path in files]
    while waiting:
        path = waiting.pop()
        if path in texts:
            continue
        texts[path] = _text(path)
        for wanted in _IMPORT.findall(texts[path]):
            if found := _resolved(wanted, path, remappings):
                waiting.append(found)
                if not wanted.startswith("."):
                    mapped[wanted] = found
    root = Path(os.path.commonpath([path.parent for path in texts]))
    names = {path: path.relative_to(root).as_posix() for path in texts}
    if any(name.startswith(start) and name != names[to] for name in names.values() for start, to in mapped.items()):
        names = {path: _APART + name for path, name in names.items()}
    units = {names[path]: text for path, text in texts.items()}
    return compile_units(dict(sorted(units.items())), {wanted: names[path] for wanted, path in mapped.items()})


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise CompileFailed(f"{os.path.relpath(path)}: cannot be read: {trouble}") from None


def _resolved(wanted: str, path: Path, remappings: Mapping[str, Path]) -> Path | None:
    """The real file of an import; None for what the compiler finds itself."""
    if wanted.startswith("."):
        return (path.parent / wanted).resolve()
    for start in sorted(remappings, key=len, reverse=True):
        if wanted.startswith(start):
            return (remappings[start] / wanted.removeprefix(start).lstrip("/")).resolve()
    if any(wanted.startswith(f"{each}/") for each in toolchain.dependencies()):
        return None
    known = ", ".join((*toolchain.dependencies(), *remappings))
    where = os.path.relpath(path)
    raise CompileFailed(f"{where}: imports {wanted!r}: expected a relative path or one of {known}; an adapter may give "
                        "`remappings`")  # fmt: skip
