"""What is shown on pages of several widths: its lines, and what a page is too narrow for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console, RenderableType
from rich.text import Text

from crossvault.report.console import WIDEST

WIDTHS = (40, 60, 80, 120)

_FIGURE = re.compile(r"[-+(±]*\d.*")


def drawn(what: RenderableType, width: int) -> list[str]:
    """The lines of something on a page of a width."""
    out = Console(file=StringIO(), width=width, highlight=False)
    with out.capture() as text:
        out.print(what)
    return [line.rstrip() for line in text.get().splitlines()]


def _figures(lines: Sequence[str]) -> Iterator[str]:
    return (word for line in lines for word in line.split() if _FIGURE.fullmatch(word))


def faults(what: RenderableType, width: int) -> list[str]:
    """Lines that are wider than a page, and figures of the widest form that are not whole on it."""
    lines = drawn(what, width)
    found = [f"{len(line)} columns: {line}" for line in lines if Text(line).cell_len > width]
    whole = {figure for figure in _figures(drawn(what, WIDEST)) if len(figure) <= width}
    cut = [line for line in lines if re.search(r"\d…(\s|$)", line)]
    lost = sorted(whole - set(_figures(lines)))
    return [*found, *(f"not whole: {each}" for each in lost), *(f"cut: {line}" for line in cut)]


def all_faults(*shown: RenderableType) -> list[str]:
    """The faults of things on every page."""
    return [f"at {width}: {fault}" for what in shown for width in WIDTHS for fault in faults(what, width)]
