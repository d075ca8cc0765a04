"""A portfolio by every method of margin as one page: requirements, positions, scenarios, greeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossvault.report.figures import percent, utc
from crossvault.report.margin_terms import HEADS
from crossvault.report.page import Page, PagePart, PageSection
from crossvault.report.page_data import exact
from crossvault.report.page_parts import BarTable, Facts, HeatTable, PageColumn, PageTable, PanelChoice, Prose
from crossvault.report.scenario_heat import MODES

_NAMES = {"requirement": "requirement", "capital": "capital: the equity at which the level is just met"}


def margin_page(found: Mapping[str, Any], command: str = "") -> Page:
    """The page of a document of `margin --json`; with trades, of the portfolio before and after."""
    both = [("before", found["before"]), ("after", found["after"])] if "after" in found else [("", found)]
    first = both[0][1]
    sections = [section for when, each in both for section in _sections(each, when)]
    verdict = ("good", first["chain"]) if first["chain"] else ("plain", "by the model alone")
    about = f"{utc(first['at'])} UTC; standard margin of {first['standard']}"
    return Page(f"Margin of {first['portfolio']}", about, sections, verdict, command)


def _sections(found: Mapping[str, Any], when: str) -> list[PageSection]:
    end, of = (f"-{when}", f", {when} the trade") if when else ("", "")
    sections = [
        PageSection(f"methods{end}", f"By method{of}", _methods(found["methods"])),
        PageSection(f"positions{end}", f"Positions{of}", [_positions(found), _greeks(found["greeks"])]),
    ]
    heat: dict[str, Sequence[PagePart]] = {
        each["method"]: [_heat(each)] for each in found["methods"] if each.get("scenarios")
    }
    if heat:
        sections.append(PageSection(f"scenarios{end}", f"Scenarios{of}", [PanelChoice(f"method{end}", "method", heat)]))
    return sections


def _methods(methods: Sequence[Mapping[str, Any]]) -> list[PagePart]:
    parts: list[PagePart] = []
    for kind, title in _NAMES.items():
        for level in ("initial", "maintenance"):
            bars = [(each["method"], exact(int(each[f"{level}_{kind}_wad"]))) for each in methods]
            parts.append(BarTable(f"{level} {title}", "USDC", bars))
    names = [name for name in HEADS if name in methods[0]]
    columns = [PageColumn("method"), *map(term_column, names)]
    rows = [(each["method"], *(exact(int(each[name])) for name in names)) for each in methods]
    return [*parts, PageTable("every figure by method", columns, rows)]


def term_column(name: str) -> PageColumn:
    """The column of a margin term; health is a ratio, all others are amounts."""
    return PageColumn(HEADS[name], "" if name == "health_wad" else "USDC", "number")


def _positions(found: Mapping[str, Any]) -> PagePart:
    if not found["positions"]:
        return Prose("The portfolio has no position.")
    figures = ("mark price", "alone: initial capital", "alone: maintenance capital")
    columns = [PageColumn("instrument"), PageColumn("size", "", "number", 6)]
    columns += [PageColumn(name, "USDC", "number") for name in figures]
    rows = [(each["instrument"], *(exact(int(wad)) for wad in (each["size_wad"], each["mark_wad"],
             each["alone"]["initial_capital_wad"], each["alone"]["maintenance_capital_wad"])))
            for each in found["positions"]]  # fmt: skip
    return PageTable("positions", columns, rows)


def _greeks(greeks: Sequence[Mapping[str, str]]) -> PagePart:
    if not greeks:
        return Facts([])
    names = [name for name in greeks[0] if name != "underlying"]
    columns = [PageColumn("underlying"), *(PageColumn(name.removesuffix("_wad"), "", "number", 4) for name in names)]
    rows = [(each["underlying"], *(exact(int(each[name])) for name in names)) for each in greeks]
    return PageTable("greeks", columns, rows)


def _heat(method: Mapping[str, Any]) -> HeatTable:
    rows = method["scenarios"]
    shown = [name for name in MODES.values() if any(each["vol"] == name for each in rows)]
    moves = sorted({(int(each["spot_wad"]), int(each["weight_wad"])) for each in rows})
    places = {(int(each["spot_wad"]), int(each["weight_wad"]), each["vol"]): k for k, each in enumerate(rows)}
    cells, worst = [], None
    for number, (spot, weight) in enumerate(moves):
        known = [places.get((spot, weight, name)) for name in shown]
        if method["worst"] in known:
            worst = number, known.index(method["worst"])
        label = f"{'+' if spot > 0 else ''}{percent(spot)}" + ("" if weight == 10**18 else f" × {percent(weight)}")
        cells.append((label, [None if k is None else exact(int(rows[k]["profit_wad"])) for k in known]))
    return HeatTable("profit in every scenario", "USDC", "move of spot", shown, cells, worst)
