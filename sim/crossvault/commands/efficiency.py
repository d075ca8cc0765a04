"""`crossvault efficiency`: capital that cross margin saves by kind of book and method, and its risk."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.commands.page_file import page_path, write_page
from crossvault.commands.progress import bar
from crossvault.differential.ending import DONE
from crossvault.report.console import show
from crossvault.report.efficiency import tables
from crossvault.report.efficiency_page import efficiency_page
from crossvault.report.picture import require_picture, write_picture
from crossvault.sweep.study import markets, study


def efficiency(arguments: Namespace) -> int:
    """Runs the study and prints it. Raises UsageError, BadPicture where nothing can be drawn or written."""
    out, picture = page_path(arguments), Path(arguments.picture) if arguments.picture else None
    if picture:
        require_picture("--picture", picture)
        if not picture.parent.is_dir():
            raise UsageError(f"--picture: {picture} cannot be written: {picture.parent} is not a folder")
    with bar("efficiency", markets()) as tick:
        found = study(arguments.accounts, arguments.underlyings, arguments.seed, tick)
    _draw(found, out, picture)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        show(tables(found))
    return DONE


def _draw(found: dict[str, Any], out: Path | None, picture: Path | None) -> None:
    from crossvault.report.efficiency_picture import efficiency_picture  # matplotlib takes half a second

    if out:
        write_page(out, efficiency_page(found))
    if picture:
        try:
            write_picture(picture, lambda: efficiency_picture(found))
        except OSError as wrong:
            raise UsageError(f"--picture: {picture} cannot be written: {wrong.strerror}") from wrong
