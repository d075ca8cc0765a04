"""The study of capital efficiency as one page: capital saved by kind of book, liquidations and losses, every figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crossvault.report.efficiency import titles
from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_data import DataBlocks
from crossvault.report.page_parts import (
    BarTable,
    ChartLine,
    LineChart,
    PageColumn,
    PageTable,
    PanelChoice,
    Prose,
)

METHODS = ("standard", "portfolio")
COSTS = {  # name of the figure -> title and unit
    "liquidated_pct": ("liquidated", "% of books"),
    "lost_pct_of_capital": ("liquidation loss per book, all books", "% of capital"),
    "median_loss_pct_where_liquidated": ("median loss where liquidated", "% of capital"),
    "net_loss_pct_of_capital": ("net loss per book, all books", "% of capital"),
    "shortfall_pct_of_capital": ("shortfall of the vault", "% of capital"),
}
TABLES = {
    "efficiency": "capital saved",
    "replay": "liquidations and losses",
    "breakdown": "added by a breakdown of correlation, on the same draws",
    "replayed": "books replayed",
}
_SAVED = """Saved of initial capital, the equity at which initial margin is just met, against every position alone by
standard margin; a book has no profit. Books that save nothing are at zero; below zero the whole book needs more.
""".replace("\n", " ")
_LOST = """Isolated and cross have the same capital, that of the isolated positions; lean has that of the whole book.
Where correlation breaks, every second underlying follows the shared factor the other way. Standard margin counts no
correlation, so that only portfolio margin relies on it. Losses of liquidation are realised at mark, while the rest may
have gained; a net loss is that of the whole book when the path ends.""".replace("\n", " ")
_UNITS = {"pct": "%", "usd": "USDC", "points": "points of %", "multiplier": "x"}


@dataclass(frozen=True, slots=True)
class StudyDocument:
    """The document of `--json`, in the element `study`; it is data and never run."""

    study: dict[str, Any]

    def html(self, blocks: DataBlocks) -> str:
        text = json.dumps(self.study).replace("<", "\\u003c")
        return f'<script type="application/json" id="study">{text}</script>\n'


def efficiency_page(study: dict[str, Any]) -> Page:
    """The page of a study; the same study gives the same page."""
    count, names, seed = study["accounts"], study["underlyings"], study["seed"]
    hours = study["step_secs"] // 3_600
    paths = f"The same books along price paths of {study['steps']} steps of {hours} hours, with {study['buffer']}"
    losses: list[PagePart] = [Prose(f"{paths} times their initial capital. {_LOST}"), _losses(study)]
    figures: list[PagePart] = [*(_table(title, study[name]) for name, title in TABLES.items()), StudyDocument(study)]
    sections = (
        PageSection("saved", "Capital saved", _saved(study["efficiency"]), _SAVED),
        PageSection("losses", "Liquidations and losses", losses),
        PageSection("figures", "Every figure", figures),
    )
    return Page(
        "Capital saved by cross margin, and its risk",
        f"{count:,} books on {names} underlyings, seed {seed}",
        sections,
        command=f"crossvault efficiency --accounts {count} --underlyings {names} --seed {seed} --page FILE.html",
    )


def _saved(rows: Sequence[dict[str, Any]]) -> list[PagePart]:
    shown = [row for row in rows if row["accounts"]]
    medians: list[PagePart] = []
    for method in METHODS:
        bars = [(row["kind"], figure(row["median_pct"])) for row in shown if row["method"] == method]
        medians.append(BarTable(f"median saved with {method} margin", "% of initial capital", bars, places=1))
    kinds = list(dict.fromkeys(row["kind"] for row in shown))
    panels = {kind: [_histogram(kind, [row for row in shown if row["kind"] == kind])] for kind in kinds}
    return [*medians, PanelChoice("kind", "kind of book", panels)]


def _histogram(kind: str, rows: Sequence[dict[str, Any]]) -> LineChart:
    """Books by capital saved: a line for each method, a point in the middle of each bin from -100 to 100 %."""
    bins = len(rows[0]["histogram"])
    middles = [-100 + 200 * (2 * place + 1) / (2 * bins) for place in range(bins)]
    lines = [ChartLine(f"{row['method']} margin", middles, [str(each) for each in row["histogram"]]) for row in rows]
    title = f"{kind}: {rows[0]['accounts']:,} books by capital saved"
    return LineChart(title, "books", lines, is_time=False, across="capital saved [%]", places=0)


def _losses(study: dict[str, Any]) -> PanelChoice:
    panels = {}
    for name, title in titles(study).items():
        rows = [row for row in study["replay"] if row["books"] == name]
        parts: list[PagePart] = [Prose(title)]
        for cost, (label, unit) in COSTS.items():
            bars = [(f"{row['held']}, correlation {row['correlation']}", figure(row[cost])) for row in rows]
            parts.append(BarTable(label, unit, bars))
        panels[name] = parts
    return PanelChoice("books", "books", panels)


def _table(title: str, rows: Sequence[dict[str, Any]]) -> PageTable:
    names = [name for name in rows[0] if name != "histogram"]
    columns = [_column(name, rows) for name in names]
    return PageTable(title, columns, [tuple(_values(row, names)) for row in rows], is_folded=True)


def _column(name: str, rows: Sequence[dict[str, Any]]) -> PageColumn:
    is_text = any(isinstance(row[name], str) for row in rows)
    words = name.split("_")
    unit = next((_UNITS[word] for word in words if word in _UNITS), "")
    title = " ".join(word for word in words if word not in ("pct", "usd"))
    places = 0 if all(isinstance(row[name], int | None) for row in rows) else 3
    return PageColumn(title, unit, "text" if is_text else "number", places)


def _values(row: dict[str, Any], names: Sequence[str]) -> Iterator[str | None]:
    for name in names:
        yield row[name] if isinstance(row[name], str) else figure(row[name])


def figure(value: float | None) -> str | None:
    """A figure of the study as decimal text, with the digits that `--json` has."""
    return None if value is None else format(Decimal(str(value)), "f")
