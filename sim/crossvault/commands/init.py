"""`crossvault init`: a folder to begin with, of files that ship; none that exists is touched."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.commands.sides import command
from crossvault.differential.ending import DONE
from crossvault.setup import toolchain

FILES = {
    "story.scenario.yaml": "story.scenario.yaml",
    "book.portfolio.yaml": "book.portfolio.yaml",
    "deploy.params.yaml": "deploy.params.yaml",
    "test_files.py": "test_files.py.txt",
    ".github/workflows/crossvault.yml": "workflow.yml",
}  # by the name that it has in the folder: the name under which it ships


def init(arguments: Namespace) -> int:
    """Writes the files, or none of them where one exists. Raises UsageError."""
    folder = Path(arguments.folder)
    _require_free(folder)
    for name, source in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf8") as out:
            out.write((toolchain.PACKAGE / "starter" / source).read_text(encoding="utf8"))
        print(path)
    where = shlex.quote(arguments.folder)
    print(f"to play the story:   {command()} run {where}")
    print(f"to see the margins:  {command()} margin {shlex.quote(str(folder / 'book.portfolio.yaml'))}")
    print(f"to run all as tests: python -m pytest -p crossvault.plugin {where}")
    return DONE


def _require_free(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"DIR: {folder} is a file: expected a folder, or a name that is free")
    if taken := [name for name in FILES if (folder / name).exists()]:
        there = ", ".join(taken)
        raise UsageError(f"DIR: {folder} has {there} already: nothing was written; name another folder, or move them")
