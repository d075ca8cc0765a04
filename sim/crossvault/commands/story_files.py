"""The files that a command line stands for: a file or a name that ships, a folder, or a pattern of any of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.commands.sides import shown
from crossvault.differential.ending import InputProblem

STORIES = (".scenario.yaml", ".repro.yaml")
RECORDS = (".jsonl",)


def listed(given: Sequence[str], suffixes: Sequence[str], shipped: Sequence[str] = ()) -> list[str]:
    """The files and shipped names, each once, in the order given and by name within a folder. Raises UsageError."""
    return list(dict.fromkeys(each for text in given for each in _listed(text, suffixes, shipped)))


def is_several(given: Sequence[str], found: Sequence[str]) -> bool:
    """Whether a command line stands for several files, if a folder or a pattern holds only one of them, too."""
    return [_local(each) for each in given] != list(found) or len(found) > 1


def _listed(text: str, suffixes: Sequence[str], shipped: Sequence[str]) -> Iterator[str]:
    if text in shipped or os.path.isfile(text):
        yield _local(text)
    elif os.path.isdir(text):
        yield from _inside(text, suffixes)
    elif not glob.has_magic(text):
        yield _local(text)  # which is missing: the reader of such files reports it
    else:
        yield from _matching(text, suffixes, shipped)


def _matching(pattern: str, suffixes: Sequence[str], shipped: Sequence[str]) -> Iterator[str]:
    found = sorted(glob.glob(pattern, recursive=True)) or [name for name in shipped if _fits(name, pattern)]
    if not found:
        raise UsageError(InputProblem("no file and no name that ships matches it", pattern))
    for each in found:
        yield from _inside(each, suffixes) if os.path.isdir(each) else [_local(each)]


def _fits(name: str, pattern: str) -> bool:
    """Whether a shipped name is of a pattern: as of files, no `*` stands for names of a folder below."""
    parts, forms = name.split("/"), pattern.split("/")
    return len(parts) == len(forms) and all(map(fnmatchcase, parts, forms))


def _inside(folder: str, suffixes: Sequence[str]) -> Iterator[str]:
    found = [path for path in sorted(Path(folder).rglob("*")) if path.name.endswith(tuple(suffixes)) and path.is_file()]
    if not found:
        raise UsageError(InputProblem(f"the folder has no {' or '.join(f'*{each}' for each in suffixes)}", str(folder)))
    yield from (_local(str(path)) for path in found)


def _local(text: str) -> str:
    return shown(text) if Path(text).is_absolute() else text
