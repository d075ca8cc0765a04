"""The console: the page for all text, its tables, and the run that a report shows."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, RenderableType
from rich.table import Table

from crossvault.differential.story import Story
from crossvault.lockstep.run import RunResult
from crossvault.report.run_watch import RunWatch

WIDTH = 100


@dataclass(slots=True)
class RunPage:
    """A run to be shown: the story, what was watched, what it came to, and where the record is (as shown)."""

    story: Story
    watch: RunWatch
    result: RunResult
    engine: str = ""
    contracts: str = ""
    record: str | None = None
    failure: str | None = None
    hints: tuple[str, ...] = ()


def page() -> Console:
    """The console for text: as wide as a terminal, at most 100 columns; elsewhere 100, without colours."""
    found = Console(highlight=False)
    found.width = min(WIDTH, found.width) if found.is_terminal else WIDTH
    return found


def show(what: RenderableType) -> None:
    """Prints; where no terminal reads, without blanks at the ends of lines."""
    out = page()
    if out.is_terminal:
        out.print(what)
        return
    with out.capture() as text:
        out.print(what)
    print("\n".join(line.rstrip() for line in text.get().splitlines()))


def show_lines(ran: RunPage) -> None:
    """Prints where the record is and what to do next, unbroken, to be copied."""
    for line in (*([f"record: {ran.record}"] if ran.record else []), *ran.hints):
        print(line)


def table(*headings: str) -> Table:
    """A table without a frame; a heading that starts with `>` is of a column of numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        made.add_column(heading.lstrip(">"), justify="right" if heading.startswith(">") else "left", header_style="dim")
    return made
