"""A page is one file that needs no other, escapes every name, and keeps every digit."""

import json
import random
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crossvault.report.page import SCRIPTS, Page, PagePart, PageSection, page_text, write
from crossvault.report.page_data import ThinnedSeries, exact, packed, unpacked
from crossvault.report.page_parts import (
    BarTable,
    ChartLine,
    ChartMark,
    Facts,
    FlowChart,
    HeatTable,
    LineChart,
    PageColumn,
    PageTable,
    Pair,
    PanelChoice,
    Payment,
    Prose,
)

EVIL = "</script><script>alert('1')</script> & \"co\""
VOID = {"meta", "link", "input", "br"}


class Outline(HTMLParser):
    """The elements of a page: whether they nest, their ids, their links and what a browser would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if tag == "a" else []
        self.fetched += [f"{tag} {given[key]}" for key in ("src", "srcset", "data") if key in given]
        self.fetched += [f"{tag} {given['href']}"] if tag == "link" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def every_part(name: str) -> list[PagePart]:
    """One part of each kind, whose every text is the name."""
    chart = LineChart(name, name, [ChartLine(name, [1, 2], ["1.5", None])], [ChartMark(1, name, name)], [(name, "1")])
    return [
        Prose(name), Facts([(name, name)]), Facts([(name, name)], is_code=True), chart,
        PageTable(name, [PageColumn(name, name)], [[name]]), PageTable(name, [], [], is_folded=True),
        BarTable(name, name, [(name, "-1.5"), (name, None)]), FlowChart(name, name, [Payment(name, name, "1", name)]),
        HeatTable(name, name, name, [name], [(name, ["-3"])], worst=(0, 0)),
        PanelChoice(name, name, {name: [Prose(name)]}), Pair((name, name), ([Prose(name)], [Prose(name)])),
    ]  # fmt: skip


def page_of(name: str) -> Page:
    return Page(name, name, [PageSection("all", name, every_part(name), name)], (name, name), name)


def text_of_page(page: Page) -> str:
    return "".join(page_text(page))


def blocks(text: str) -> dict[str, object]:
    """The unpacked blocks of a page, by name."""
    return {
        name: unpacked(inside) for name, inside in re.findall(r'<script type="text/plain" id="(d\d+)">(.*?)<', text)
    }


def test_names_cannot_break_a_page() -> None:
    usual, evil = Outline(text_of_page(page_of("name"))), Outline(text_of_page(page_of(EVIL)))
    assert evil.tags == usual.tags and evil.open == []
    assert EVIL not in text_of_page(page_of(EVIL))
    assert json.dumps(EVIL) in json.dumps(list(blocks(text_of_page(page_of(EVIL))).values()))  # and none is lost


def test_a_page_fetches_nothing() -> None:
    text = text_of_page(page_of("name"))
    assert Outline(text).fetched == ["link data:,"]
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]  # a name, not an address
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|import\(|\binnerHTML|url\(", text)


def test_a_page_forbids_any_script_but_its_own() -> None:
    text = text_of_page(page_of("name"))
    [script] = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in text


def test_every_anchor_leads_somewhere_and_no_id_is_twice() -> None:
    outline = Outline(text_of_page(page_of("name")))
    assert {link[1:] for link in outline.links} <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert {"header", "nav", "main", "footer"} <= set(outline.tags)


def test_every_script_is_in_a_page(tmp_path: Path) -> None:
    from importlib.resources import files

    assert sorted(SCRIPTS) == sorted(
        each.name for each in (files("crossvault.report") / "static").iterdir() if each.name.endswith(".js")
    )
    path = tmp_path / "page.html"
    assert write(path, page_of("name")) == path.stat().st_size
    assert path.read_text() == text_of_page(page_of("name"))


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [(0, 18, "0"), (-1, 18, "-0.000000000000000001"), (10**18, 18, "1"), (1_500_000, 6, "1.5"), (-7, 0, "-7")],
)  # fmt: skip
def test_decimal_text_has_every_digit(value: int, scale: int, text: str) -> None:
    assert exact(value, scale) == text


def test_blocks_keep_what_they_are_given() -> None:
    value = {"text": EVIL, "numbers": ["1.000000000000000001", None], "é": [1, 2.5]}
    assert unpacked(packed(value)) == value


@pytest.mark.parametrize("seed", range(4))
def test_thinned_series_keep_the_extremes_of_every_interval(seed: int) -> None:
    draw = random.Random(seed)
    rows, parts = draw.randrange(1, 9_000), draw.randrange(1, 60)
    times = sorted(int(draw.paretovariate(0.4)) % 10**6 for _ in range(rows))  # bursts, and long gaps
    series = ThinnedSeries(times[0], times[-1], rows, parts)
    points = [(at, draw.randrange(-(10**24), 10**24) if draw.random() < 0.9 else None) for at in times]
    for place, (at, value) in enumerate(points):
        series.add(place, at, value)
    kept = series.points()
    assert series.count == rows and len(kept) <= 12 * parts
    assert kept[0] == points[0] and kept[-1] == points[-1] and kept == sorted(kept, key=lambda point: point[0])
    for part in range(parts):  # of every stretch of places, the lowest and the highest are there
        inside = [point for place, point in enumerate(points) if place * parts // rows == part]
        values = [value for _, value in inside if value is not None]
        assert {min(values, default=None), max(values, default=None)} <= {value for _, value in kept}
        assert (None in dict(inside).values()) <= (None in dict(kept).values())


def test_a_short_series_is_kept_whole() -> None:
    series = ThinnedSeries(0, 99, 100)
    points = [(at, at * at % 37) for at in range(100)]
    for place, (at, value) in enumerate(points):
        series.add(place, at, value)
    assert series.points() == points
