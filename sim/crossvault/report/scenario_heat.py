"""The profit in every scenario of portfolio margin, as a table whose colours are hotter where more is lost."""

from __future__ import annotations

from rich.text import Text

from crossvault.mirror import shock
from crossvault.mirror.fixed import WAD
from crossvault.mirror.shock import Scenario
from crossvault.portfolio.methods import ScenarioLosses
from crossvault.report.console import ReportTable, table
from crossvault.report.figures import decimal, percent

MODES = {
    shock.STILL: "vol same", shock.UP: "vol up", shock.DOWN: "vol down", shock.LINEAR: "linear skew",
    shock.ABSOLUTE: "absolute skew",
}  # fmt: skip

Row = tuple[int, int]


def scenario_name(scenario: Scenario) -> str:
    """A scenario as text: `-18 %, vol up`."""
    return f"{_moved(scenario.spot_shock, scenario.dampening)}, {MODES[scenario.mode]}"


def heat(losses: ScenarioLosses) -> ReportTable:
    """The table: spot moves down, vols across; `*` marks the worst of all."""
    places = {(each.spot_shock, each.dampening, each.mode): k for k, each in enumerate(losses.scenarios)}
    modes = [mode for mode in MODES if any(each.mode == mode for each in losses.scenarios)]
    made = table(">spot", *(f">{MODES[mode]}" for mode in modes))
    lowest, highest = min(losses.profits_wad), max(losses.profits_wad)
    for spot, weight in sorted({(each.spot_shock, each.dampening) for each in losses.scenarios}):
        cells = []
        for mode in modes:
            place = places.get((spot, weight, mode))
            cells.append(Text("") if place is None else _cell(losses, place, lowest, highest))
        made.add_row(_moved(spot, weight), *cells)
    return made


def _moved(spot: int, weight: int) -> str:
    sign = "+" if spot > 0 else ""
    return f"{sign}{percent(spot)}" + (f" × {percent(weight)}" if weight != WAD else "")


def _cell(losses: ScenarioLosses, place: int, lowest: int, highest: int) -> Text:
    value = losses.profits_wad[place]
    text = decimal(value, 0) + (" *" if place == losses.worst and value < 0 else "  ")
    return Text(text, style=_colour(value, lowest, highest))


def _colour(value: int, lowest: int, highest: int) -> str:
    """Red for losses and green for gains, by how much of the largest of its kind it is."""
    if value == 0:
        return ""
    share = value * 100 // (lowest if value < 0 else highest)
    strong, weak = 40 + share * 115 // 100, 40
    red, green = (strong, weak) if value < 0 else (weak, strong)
    return f"white on rgb({red},{green},{weak})"
