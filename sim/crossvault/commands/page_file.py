"""The file of `--page`: checked before long work starts, written whole."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.report.page import Page
from crossvault.report.page_files import written


def page_path(arguments: Namespace) -> Path | None:
    """The file that `--page` names. Raises UsageError where it cannot be one."""
    if not arguments.page:
        return None
    path = Path(arguments.page)
    if path.suffix != ".html":
        instead = "; a picture is drawn by --picture" if path.suffix in (".svg", ".png") else ""
        raise UsageError(f"--page: expected a name that ends in .html, found {str(path)!r}{instead}")
    if not path.parent.is_dir():
        raise UsageError(f"--page: {path} cannot be written: {path.parent} is not a folder")
    return path


def write_page(path: Path, page: Page) -> None:
    """Writes a page whole: an interrupted write leaves what was there. Raises BadInput."""
    written(path, page, "--page")
