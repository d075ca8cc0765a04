"""The picture of a portfolio: requirement by every method, and the profit in every scenario of portfolio margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.fixed import WAD
from crossvault.portfolio.methods import ISOLATED, MethodResult, ScenarioLosses
from crossvault.report.figures import decimal, percent
from crossvault.report.margin import MarginReport
from crossvault.report.picture import COLOURS, INK, canvas
from crossvault.report.scenario_heat import MODES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.11  # rows of the canvas that a line of the heat map takes


def margin_picture(report: MarginReport) -> Figure:
    """The picture of one portfolio; the heat map is of the first method that has scenarios."""
    held, results = report.portfolio, report.found.results
    modelled = [each for each in results if each.losses is not None]
    losses = modelled[0].losses if modelled else None
    rows = len({(each.spot_shock, each.dampening) for each in losses.scenarios}) if losses else 0
    heights = [0.3 + _ROW * 1.6 * len(results), *([0.4 + _ROW * rows] if rows else [])]
    about = f"equity {decimal(results[0].equity_wad, 2)} {held.quote}; standard margin of {held.standard.name}"
    figure, axes = canvas(held.name, about, heights)
    _draw_requirements(axes[0], results, held.quote)
    if losses:
        _draw_heat(axes[1], losses, f"profit in every scenario of {modelled[0].method} [{held.quote}]")
    return figure


def _draw_requirements(axes: Axes, results: tuple[MethodResult, ...], quote: str) -> None:
    axes.set_title(f"requirement by method [{quote}]")
    for number, each in enumerate(results):
        isolated = each.method == ISOLATED
        required = each.capital[:2] if isolated else each.requirement_wad
        for level, (wad, offset) in enumerate(zip(required, (-0.2, 0.2), strict=True)):
            named = ("initial", "maintenance")[level] if number == 0 else None
            axes.barh(number + offset, wad / WAD, height=0.36, color=COLOURS[level], label=named)
            axes.text(wad / WAD, number + offset, f" {decimal(wad, 2)}", va="center", fontsize=8)
            if not isolated:
                ends = [number + offset - 0.2, number + offset + 0.2]
                named = "margin balance" if (number, level) == (1, 0) else None
                axes.plot([each.margin_balance_wad[level] / WAD] * 2, ends, color=INK, linewidth=2, label=named)
    axes.set_yticks(range(len(results)), [each.method for each in results])
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_heat(axes: Axes, losses: ScenarioLosses, title: str) -> None:
    places = {(each.spot_shock, each.dampening, each.mode): k for k, each in enumerate(losses.scenarios)}
    modes = [mode for mode in MODES if any(each.mode == mode for each in losses.scenarios)]
    moves = sorted({(each.spot_shock, each.dampening) for each in losses.scenarios})
    largest = max(1, max(abs(wad) for wad in losses.profits_wad))
    axes.set_title(title)
    for row, (spot, weight) in enumerate(moves):
        for column, mode in enumerate(modes):
            if (place := places.get((spot, weight, mode))) is not None:
                wad = losses.profits_wad[place]
                shade = _colour(wad / largest)
                axes.fill_between([column - 0.48, column + 0.48], row - 0.46, row + 0.46, color=shade, linewidth=0)
                text = decimal(wad, 0) + (" worst" if place == losses.worst and wad < 0 else "")
                axes.text(column, row, text, ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(modes)), [MODES[mode] for mode in modes])
    axes.set_yticks(range(len(moves)), [_moved(*move) for move in moves])
    axes.set_ylabel("move of spot")
    axes.set_ylim(len(moves) - 0.5, -0.5)
    axes.grid(visible=False)


def _moved(spot: int, weight: int) -> str:
    return f"{'+' if spot > 0 else ''}{percent(spot)}" + (f" × {percent(weight)}" if weight != WAD else "")


def _colour(share: float) -> tuple[float, float, float]:
    """From orange (the largest loss) by white (nothing) to blue (as large a profit); text stays readable on it."""
    red, green, blue = (0.0, 0.45, 0.70) if share > 0 else (0.84, 0.37, 0.0)
    depth = 0.06 + 0.6 * abs(share) if share else 0
    return 1 - depth * (1 - red), 1 - depth * (1 - green), 1 - depth * (1 - blue)
