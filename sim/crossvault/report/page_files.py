"""Files of pages: the page of one record or of two, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from crossvault.differential.ending import BadInput
from crossvault.report.page import Page, write
from crossvault.report.page_history import Progress, RunHistory
from crossvault.report.page_pair import pair_page
from crossvault.report.page_run import run_page

SUFFIXES = (".html", ".htm")
KEYS = ("step", "step-b")  # anchors of the steps of each record: two are what a screen has room for


def page_of(histories: list[RunHistory], command: str, progress: Progress = lambda steps: None) -> Page:
    """The page of one record, or of two; command: how to make it again; progress receives the steps written."""
    return pair_page(histories, command, progress) if len(histories) > 1 else run_page(histories[0], command, progress)


def written(out: Path, page: Page, argument: str) -> int:
    """Writes a page whole or not at all; returns its size [bytes]. Raises BadInput."""
    part = out.with_name(f".{out.name}.part")
    try:
        size = write(part, page)
        part.replace(out)
    except OSError as wrong:
        raise BadInput(f"{argument}: {out} cannot be written: {wrong.strerror}") from wrong
    finally:
        part.unlink(missing_ok=True)
    return size
