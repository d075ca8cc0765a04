"""The summary of a run as a picture for a page that cannot show a terminal."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console, RenderableType

from crossvault.report.console import WIDTH, RunPage
from crossvault.report.run import RunSummary

_FONT_FACE = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)


def svg(ran: RunPage) -> str:
    """A drawing of the terminal with the summary in it; it loads nothing, so the reader's own font is used."""
    return drawn(f"crossvault run {ran.story.name}", RunSummary(ran))


def drawn(title: str, *what: RenderableType) -> str:
    """A drawing of a terminal with something in it."""
    out = Console(file=StringIO(), record=True, width=WIDTH, highlight=False, force_terminal=True)
    for each in what:
        out.print(each)
    text = _FONT_FACE.sub("", out.export_svg(title=title))
    return text.replace("<svg ", '<svg xml:space="preserve" ', 1)
