"""What a page shows: its tables and bars with their exact numbers, and what a browser would load for it."""

import re
from html import unescape
from typing import Any, NamedTuple

from crossvault.report.page import Page, page_text
from crossvault.report.page_data import unpacked

_BLOCK = re.compile(r'<script type="text/plain" id="(d\d+)">(.*?)<', re.DOTALL)
_BARS = re.compile(r'<table class="(?:bars|heat)"><caption[^>]*>(.*?)</caption>(.*?)</table>', re.DOTALL)
_CELL = re.compile(r'<td class="number[^"]*" data-places="\d+">(.*?)</td>')
_LOADED = re.compile(r'(?:src|href)="(?!#|data:)([^"]*)"')


class ShownPage(NamedTuple):
    """Rows of each table by its title, numbers of each bar and heat table by its title, and what is loaded."""

    tables: dict[str, list[tuple[Any, ...]]]
    bars: dict[str, list[str]]
    loaded: list[str]


def shown(page: Page | str) -> ShownPage:
    """The content of a page."""
    text = page if isinstance(page, str) else "".join(page_text(page))
    blocks = [unpacked(inside) for _, inside in _BLOCK.findall(text)]
    tables = {each["title"]: list(zip(*each["data"], strict=True)) for each in blocks if "columns" in each}
    bars = {unescape(title): _CELL.findall(inside) for title, inside in _BARS.findall(text)}
    return ShownPage(tables, bars, _LOADED.findall(text))
