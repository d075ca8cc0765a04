"""The console: the page for all text, its tables, and the run that a report shows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crossvault.differential.story import Story
from crossvault.history.gain_ledger import GainLedger
from crossvault.lockstep.run import Observer, RunResult
from crossvault.report.run_watch import RunWatch

WIDTH = 100
NARROWEST, WIDEST = 20, 500  # columns that $COLUMNS may set

_GAP = 2  # blanks between two columns
_TEXT = 24  # columns that a text keeps before the next column is continued below
_NUMBER = re.compile(r"[(+±≥≤~-]*\d")


@dataclass(slots=True)
class RunPage:
    """A run to be shown: the story, what was watched, what it came to, and where the record is (as shown).

    is_alone: whether the model was played alone, and nothing compared. weaknesses: known ones of the vault that were
    met, by the rule that each breaks: how often, and the money that they moved [wad]. gains: who gains from each other;
    None where the run was cut, or began on a vault in use.
    """

    story: Story
    watch: RunWatch
    result: RunResult
    engine: str = ""
    contracts: str = ""
    is_alone: bool = False
    record: str | None = None
    failure: str | None = None
    hints: tuple[str, ...] = ()
    weaknesses: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    gains: GainLedger | None = None

    @property
    def observers(self) -> list[Observer]:
        """The observers whose figures are shown."""
        return [self.watch, *([self.gains] if self.gains else [])]


def page(widest: int = WIDTH) -> Console:
    """The console for text: as wide as $COLUMNS, or as a terminal, or as stated; without colours where none reads."""
    found = Console(highlight=False)
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns[:9]):
        found.width = min(WIDEST, max(NARROWEST, int(columns[:9])))
    else:
        found.width = min(widest, found.width) if found.is_terminal else widest
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


def table(*headings: str) -> ReportTable:
    """A table without a frame; a heading that starts with `>` is of a column of numbers."""
    return ReportTable(headings)


@dataclass(slots=True)
class ReportTable:
    """A table of any command, which no page is too narrow for.

    The rule: a number is never broken, nor is a text marked so; other text and headings wrap at blanks, a text not
    below 24 columns. Columns that do not fit so are continued below, under the first column again. Where not even one
    fits with the first, its cells stand below those of the first. Only a word that is longer than the page is folded.
    """

    headings: Sequence[str]
    has_header: bool = True
    caption: str = ""
    _rows: list[tuple[list[Text], str]] = field(default_factory=list)

    def add_row(self, *cells: str | Text, style: str = "") -> None:
        """Adds a row; its text is taken as it is."""
        self._rows.append(([cell if isinstance(cell, Text) else Text(cell) for cell in cells], style))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        columns = self._columns()
        return Measurement(max(each.least for each in columns), _across([each.whole for each in columns]))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, columns = options.max_width, self._columns()
        for number, part in enumerate(_parts(columns, width)):
            yield from [""] if number else []
            if len(part) > 1 and _across([columns[each].least for each in part]) > width:
                yield self._stacked(part[0], part[1], width)
            else:
                yield self._beside(part, _widths([columns[each] for each in part], width))
        if self.caption:
            yield Text(self.caption, style="dim")

    def _columns(self) -> list[_Column]:
        return [self._column(place) for place in range(len(self.headings))]

    def _column(self, place: int) -> _Column:
        heading = Text(self._heading(place) if self.has_header else "")
        is_number = self.headings[place].startswith(">")
        least = [_least(row[place], is_number) for row, _ in self._rows]
        longest = max(map(len, heading.plain.split()), default=0)
        return _Column(_whole([heading, *(row[place] for row, _ in self._rows)]), max([longest, *least]))

    def _heading(self, place: int) -> str:
        return self.headings[place].lstrip(">")

    def _beside(self, part: Sequence[int], widths: Sequence[int]) -> Table:
        made = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=self.has_header)
        for place, width in zip(part, widths, strict=True):
            justify = "right" if self.headings[place].startswith(">") else "left"
            made.add_column(self._heading(place), justify=justify, header_style="dim", width=width, overflow="fold")  # type: ignore[arg-type]
        for row, style in self._rows:
            made.add_row(*(row[place] for place in part), style=style)
        return made

    def _stacked(self, first: int, second: int, width: int) -> Table:
        made = Table(box=None, pad_edge=False, padding=0, show_header=self.has_header)
        heading = " / ".join(filter(None, (self._heading(first), self._heading(second))))
        made.add_column(heading, header_style="dim", overflow="fold")
        indent = _GAP if _whole([row[second] for row, _ in self._rows]) + _GAP <= width else 0
        for row, style in self._rows:
            made.add_row(row[first], style=style)
            made.add_row(Padding(row[second], (0, 0, 0, indent)), style=style)
        return made


@dataclass(frozen=True, slots=True)
class _Column:
    """The width of a column unbroken, and with its text and its heading wrapped."""

    whole: int
    least: int


def _whole(cells: Sequence[Text]) -> int:
    return max((line.cell_len for cell in cells for line in cell.split(allow_blank=True)), default=0)


def _least(cell: Text, is_number: bool) -> int:
    """The columns below which a cell would be broken elsewhere than at a blank between words of a text."""
    whole = _whole([cell])
    if cell.no_wrap or (is_number and _NUMBER.match(cell.plain)):
        return whole
    return max([min(whole, _TEXT), *(Text(word).cell_len for word in cell.plain.split())])


def _across(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _parts(columns: Sequence[_Column], width: int) -> Iterator[list[int]]:
    """The places of the columns that fit in a width, the first in every part."""
    part = [0]
    for place in range(1, len(columns)):
        if len(part) > 1 and _across([columns[each].least for each in (*part, place)]) > width:
            yield part
            part = [0]
        part.append(place)
    yield part


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """The least width of each, and what is left to those that lack the least first."""
    widths = [each.least for each in columns]
    left = max(0, width - _across(widths))
    for place in sorted(range(len(columns)), key=lambda each: columns[each].whole - columns[each].least):
        more = min(left, columns[place].whole - columns[place].least)
        widths[place] += more
        left -= more
    return [min(each, width) for each in widths]
