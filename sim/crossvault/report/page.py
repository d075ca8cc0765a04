"""One HTML file that needs nothing else: no network, no server, opened from disk in any browser of 2023 or later.

The interface, for every page of the project:

    page = Page(title, about, sections, verdict=("good", "748 steps compared, no difference"), command="crossvault …")
    write(path, page)        # or "".join(page_text(page))

A `PageSection` has a key (its anchor), a title, and parts. The parts are in `page_parts`: `Prose`, `Facts` (names and
values), `PageTable` (any number of rows: only what is seen is in the document), `BarTable` (bars inside a table),
`HeatTable`, `LineChart` (time or numbers across), `FlowChart` (payments between names), `PanelChoice` (one of many
panels), `Pair` (two columns, one below the other on a phone). A part is any object with `html(blocks)`: it returns
escaped HTML, and puts what is large into `blocks.add(value)`: JSON that is deflated, and drawn by the script when it
is first seen. Numbers travel as exact decimal text (`page_data.exact`); only a picture turns them into floats. Colours,
themes, print and phone width are in `static/page.css`; what a part of a kind does in the browser is the function of
that kind in `static/*.js` (`kinds.line`, `kinds.table` …).

The page forbids itself any connection, and any script but its own by the hash of that (Content-Security-Policy).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from crossvault import __version__
from crossvault.report.page_data import DataBlocks

SCRIPTS = ("base.js", "numbers.js", "chart.js", "axis.js", "grid.js", "flow.js", "panels.js", "steps.js", "start.js")
_OLD = "This browser cannot unpack the numbers of this page: it needs one of 2023 or later, with scripts allowed."


class PagePart(Protocol):
    """A piece of a page."""

    def html(self, blocks: DataBlocks) -> str:
        """Escaped HTML; what is large goes into the blocks."""


@dataclass(frozen=True, slots=True)
class PageSection:
    """A part of a page with an anchor (letters and hyphens) and a title."""

    key: str
    title: str
    parts: Sequence[PagePart]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page; the verdict is (`good`, `bad` or `plain`; text), the command is how to make it again."""

    title: str
    about: str
    sections: Sequence[PageSection]
    verdict: tuple[str, str] = ("plain", "")
    command: str = ""


def write(path: Path, page: Page) -> int:
    """Writes a page; returns its size in bytes. Raises OSError."""
    with path.open("w", encoding="utf8", newline="\n") as out:
        return sum(len(text.encode()) for text in page_text(page) if out.write(text))


def page_text(page: Page) -> Iterator[str]:
    """The text of a page in pieces; the same page gives the same text."""
    blocks, script = DataBlocks(), _script()
    yield _head(page.title, script)
    yield f'<body>\n<a class="skip" href="#main">Skip to the content</a>\n{_banner(page)}<div class="frame">\n'
    yield _contents(page.sections)
    yield f'<main id="main" tabindex="-1">\n<noscript><p class="note">{_OLD}</p></noscript>\n'
    yield f'<p class="note" id="old" hidden>{_OLD}</p>\n'
    for section in page.sections:
        yield _section(section, blocks)
        yield from blocks.drain()
    yield f"</main>\n</div>\n{_foot(page)}<script>{script}</script>\n</body>\n</html>\n"


def _head(title: str, script: str) -> str:
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="crossvault {__version__}">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>
{_static("page.css")}</style>
</head>
"""


def _banner(page: Page) -> str:
    kind, text = page.verdict
    verdict = f'<p class="verdict {escape(kind)}">{escape(text)}</p>\n' if text else ""
    return f"""<header>
<div>
<h1>{escape(page.title)}</h1>
<p class="about">{escape(page.about)}</p>
{verdict}</div>
<div class="tools">
<label>Theme <select id="theme"><option value="">as the system</option><option value="light">light</option>
<option value="dark">dark</option></select></label>
<label><input type="checkbox" id="exact"> all digits</label>
<button type="button" id="print">Print</button>
</div>
</header>
"""


def _contents(sections: Sequence[PageSection]) -> str:
    rows = "".join(f'<li><a href="#{escape(each.key)}">{escape(each.title)}</a></li>\n' for each in sections)
    return f'<nav aria-label="Contents">\n<ul>\n{rows}</ul>\n</nav>\n'


def _section(section: PageSection, blocks: DataBlocks) -> str:
    key = escape(section.key)
    about = f"<p>{escape(section.about)}</p>\n" if section.about else ""
    parts = "".join(part.html(blocks) for part in section.parts)
    return f"""<section id="{key}" aria-labelledby="{key}-title">
<h2 id="{key}-title">{escape(section.title)}</h2>
{about}{parts}</section>
"""


def _foot(page: Page) -> str:
    command = f"<p>Made by <code>{escape(page.command)}</code></p>\n" if page.command else ""
    return f"<footer>\n{command}<p>crossvault {__version__}. This file needs no network.</p>\n</footer>\n"


@cache
def _script() -> str:
    """The script of every page: its files in one scope."""
    inside = "\n".join(_static(name) for name in SCRIPTS)
    return f'\n(function () {{\n"use strict";\n{inside}\n}})();\n'


def _static(name: str) -> str:
    return (files("crossvault.report") / "static" / name).read_text(encoding="utf8")
