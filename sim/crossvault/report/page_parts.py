"""The parts of a page: text, facts, tables, bars, heat maps, charts, flows, choices; see `page` for their use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from crossvault.report.page import PagePart
from crossvault.report.page_data import DataBlocks

MOST_FLOWS = 12  # nodes on each side of a flow chart; the smaller are one
_LEVELS = 8  # of colour of a heat map


class PageColumn(NamedTuple):
    """A column: name, unit, kind and decimal places shown (all digits are one switch away).

    Kinds: `text`; `number` (exact decimal text); `time` (unix seconds); `step` and `account` are links to these.
    """

    name: str
    unit: str = ""
    kind: str = "text"
    places: int = 2

    @property
    def title(self) -> str:
        """The name with the unit."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


class ChartLine(NamedTuple):
    """A line of a chart: the places across (unix seconds or numbers), and exact decimal text or None up; its length.

    `total` is how many points the series had before it was thinned.
    """

    name: str
    across: Sequence[int | float]
    up: Sequence[str | None]
    total: int = 0


class ChartMark(NamedTuple):
    """A place of a chart with a label, and the anchor that it leads to (`#step=205`); `until` makes it a band."""

    at: int | float
    label: str
    link: str = ""
    until: int | float | None = None


class Payment(NamedTuple):
    """An amount that one pays another [exact decimal text], and what for."""

    payer: str
    receiver: str
    amount: str
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; a `kind` of `note` or `bad` stands out."""

    text: str
    kind: str = ""

    def html(self, blocks: DataBlocks) -> str:
        kind = f' class="{escape(self.kind)}"' if self.kind else ""
        return f"<p{kind}>{escape(self.text)}</p>\n"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a panel."""

    text: str

    def html(self, blocks: DataBlocks) -> str:
        return f"<h4>{escape(self.text)}</h4>\n"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and their values; `is_code` for what is copied, as hashes and commands."""

    rows: Sequence[tuple[str, str]]
    is_code: bool = False

    def html(self, blocks: DataBlocks) -> str:
        tag = "code" if self.is_code else "span"
        inside = "".join(f"<dt>{escape(k)}</dt><dd><{tag}>{escape(v)}</{tag}></dd>\n" for k, v in self.rows)
        return f'<dl class="facts">\n{inside}</dl>\n'


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table of any length; rows are tuples in the order of the columns, its numbers exact decimal text or None."""

    title: str
    columns: Sequence[PageColumn]
    rows: Sequence[Sequence[Any]]
    is_folded: bool = False

    def html(self, blocks: DataBlocks) -> str:
        data = {"columns": [column_data(each) for each in self.columns], "data": _turned(self.columns, self.rows)}
        part = _figure("table", self.title, blocks.add({"title": self.title, **data}))
        return _folded(f"{self.title}: {len(self.rows):,} rows", part) if self.is_folded else part


@dataclass(frozen=True, slots=True)
class BarTable:
    """Rows of (name, exact decimal text) as bars from zero in a table with the numbers; `is_paired`: two by two."""

    title: str
    unit: str
    rows: Sequence[tuple[str, str | None]]
    places: int = 2
    is_paired: bool = False

    def html(self, blocks: DataBlocks) -> str:
        most = max((abs(float(value)) for _, value in self.rows if value is not None), default=0) or 1
        inside = "".join(self._row(name, value, most) for name, value in self.rows)
        title = f"{escape(self.title)} [{escape(self.unit)}]"
        kind = "bars paired" if self.is_paired else "bars"
        head = "".join(f'<th scope="col">{each}</th>' for each in ("name", "amount", "bar"))
        return _scrolled(title, kind, f'<thead class="hidden"><tr>{head}</tr></thead>\n<tbody>{inside}</tbody>')

    def _row(self, name: str, value: str | None, most: float) -> str:
        if value is None:
            return f'<tr><th scope="row">{escape(name)}</th><td>none</td><td></td></tr>\n'
        share = abs(float(value)) / most * 100
        kind = "minus" if value.startswith("-") else "plus"
        bar = f'<span class="bar {kind}" style="width:{share:.2f}%"></span>'
        cells = f'{_number(value, self.places)}<td class="across">{bar}</td>'
        return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>\n'


@dataclass(frozen=True, slots=True)
class HeatTable:
    """Numbers by row and column, coloured by how much of the largest gain or loss each is; `worst` is marked."""

    title: str
    unit: str
    corner: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str | None]]]
    worst: tuple[int, int] | None = None
    places: int = 0

    def html(self, blocks: DataBlocks) -> str:
        known = [float(each) for _, row in self.rows for each in row if each is not None]
        low, high = min(known, default=0), max(known, default=0)
        head = "".join(f'<th scope="col">{escape(each)}</th>' for each in self.columns)
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(self._cell(value, low, high, (number, place)) for place, value in enumerate(row))
            + "</tr>\n"
            for number, (name, row) in enumerate(self.rows)
        )
        title = f"{escape(self.title)} [{escape(self.unit)}]"
        top = f'<thead><tr><th scope="col">{escape(self.corner)}</th>{head}</tr></thead>'
        return _scrolled(title, "heat", f"{top}\n<tbody>{body}</tbody>")

    def _cell(self, value: str | None, low: float, high: float, place: tuple[int, int]) -> str:
        if value is None:
            return "<td></td>"
        whole = low if value.startswith("-") else high
        level = min(_LEVELS, round(float(value) / whole * _LEVELS)) if whole else 0
        kind = f"{'loss' if value.startswith('-') else 'gain'}{level}" if level else ""
        return _number(value, self.places, kind + (" worst" if place == self.worst else ""))


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over time (`is_time`) or numbers; `shown` lines are drawn at first, the others when chosen.

    `levels` are lines across (name, exact decimal text); `bounds` are values beyond which lines are drawn at the edge.
    """

    title: str
    unit: str
    lines: Sequence[ChartLine]
    marks: Sequence[ChartMark] = ()
    levels: Sequence[tuple[str, str]] = ()
    bounds: tuple[float | None, float | None] = (None, None)
    shown: int = 6
    places: int = 2
    is_time: bool = True
    across: str = "time [UTC]"

    def html(self, blocks: DataBlocks) -> str:
        data = {
            "title": self.title, "unit": self.unit, "lines": [line._asdict() for line in self.lines],
            "marks": [mark._asdict() for mark in self.marks], "levels": self.levels, "bounds": self.bounds,
            "shown": self.shown, "places": self.places, "time": self.is_time, "across": self.across,
        }  # fmt: skip
        return _figure("line", f"{self.title} [{self.unit}]", blocks.add(data))


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Payments: payers left, receivers right, a band as wide as the amount; the payments are in a table below.

    `is_by_purpose`: a band for each purpose in its colour, else one for all, in the colour of the payer.
    """

    title: str
    unit: str
    payments: Sequence[Payment]
    is_by_purpose: bool = False

    def html(self, blocks: DataBlocks) -> str:
        data = {"title": self.title, "unit": self.unit, "most": MOST_FLOWS, "by_purpose": self.is_by_purpose}
        return _figure("flow", f"{self.title} [{self.unit}]", blocks.add({**data, "payments": self.payments}))


@dataclass(frozen=True, slots=True)
class PanelChoice:
    """One of many panels, chosen by name; `#kind=name` in the address chooses it as well."""

    kind: str
    label: str
    panels: Mapping[str, Sequence[PagePart]]

    def html(self, blocks: DataBlocks) -> str:
        name = blocks.name()
        options = "".join(f"<option>{escape(each)}</option>" for each in self.panels)
        chooser = f'<p><label>{escape(self.label)} <select id="{name}">{options}</select></label></p>\n'
        inside = "".join(
            f'<div class="panel" data-name="{escape(each)}"{" hidden" if number else ""}>\n'
            f"<h3>{escape(each)}</h3>\n{''.join(part.html(blocks) for part in parts)}</div>\n"
            for number, (each, parts) in enumerate(self.panels.items())
        )
        return f'<div class="choice" data-choice="{escape(self.kind)}">\n{chooser}{inside}</div>\n'


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns with titles (or none); on a phone one below the other."""

    titles: tuple[str, str]
    parts: tuple[Sequence[PagePart], Sequence[PagePart]]

    def html(self, blocks: DataBlocks) -> str:
        heads = (f"<h3>{escape(title)}</h3>\n" if title else "" for title in self.titles)
        sides = (
            f"<div>{head}{''.join(part.html(blocks) for part in parts)}</div>\n"
            for head, parts in zip(heads, self.parts, strict=True)
        )
        return f'<div class="pair">\n{"".join(sides)}</div>\n'


def column_data(column: PageColumn) -> dict[str, Any]:
    """A column as the script reads it."""
    return column._asdict()


def _turned(columns: Sequence[PageColumn], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The values by column."""
    return [[row[place] for row in rows] for place in range(len(columns))]


def _figure(kind: str, title: str, block: str) -> str:
    """A place that the script fills when it is first seen."""
    return (
        f'<figure class="part {kind}" data-kind="{kind}" data-block="{block}">'
        f"<figcaption>{escape(title)}</figcaption></figure>\n"
    )


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{escape(title)}</summary>\n{inside}</details>\n"


def _scrolled(title: str, kind: str, inside: str) -> str:
    """A table with a caption, which scrolls by itself where it is too wide."""
    table = f'<table class="{kind}"><caption class="hidden">{title}</caption>\n{inside}</table>'
    scroll = f'<div class="scroll" tabindex="0" role="group" aria-label="{title}">{table}</div>'
    return f'<p class="title" aria-hidden="true">{title}</p>\n{scroll}\n'


def _number(value: str, places: int, kind: str = "") -> str:
    """A cell of a number: the script rounds what is shown, all digits are in it."""
    return f'<td class="{f"number {kind}".strip()}" data-places="{places}">{escape(value)}</td>'
