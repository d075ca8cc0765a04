"""`crossvault efficiency`: capital that cross margin saves by kind of book and method, and its risk."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.commands.progress import bar
from crossvault.differential.ending import DONE
from crossvault.report.console import show
from crossvault.report.efficiency import tables
from crossvault.report.picture import drawn
from crossvault.sweep.study import markets, study

SUFFIXES = (".html", ".svg")


def efficiency(arguments: Namespace) -> int:
    """Runs the study and prints it. Raises UsageError where nothing can be drawn or written."""
    out = Path(arguments.out) if arguments.out else None
    if out:
        _require_writable(out)
    with bar("efficiency", markets()) as tick:
        found = study(arguments.accounts, arguments.underlyings, arguments.seed, tick)
    if out:
        _write(out, _drawing(out, found))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(tables(found))
    return DONE


def _require_writable(path: Path) -> None:
    """Requires a path that can be written, before the study starts. Raises UsageError."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"--out: expected a name that ends in {' or '.join(SUFFIXES)}, found {str(path)!r}")
    if not path.parent.is_dir():
        raise UsageError(f"--out: {path} cannot be written: {path.parent} is not a folder")


def _drawing(path: Path, found: dict[str, Any]) -> str:
    if path.suffix == ".svg":
        return drawn(
            f"crossvault efficiency --underlyings {found['underlyings']} --seed {found['seed']}", tables(found)
        )
    from crossvault.report.efficiency_plots import page  # a second to import

    return page(found)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf8")
    except OSError as wrong:
        raise UsageError(f"--out: {path} cannot be written: {wrong.strerror}") from wrong
