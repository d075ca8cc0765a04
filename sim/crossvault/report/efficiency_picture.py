"""The picture of a study of capital efficiency: capital saved by kind of book, and liquidations on paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossvault.report.picture import COLOURS, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = ("standard", "portfolio")
REGIMES = ("holds", "breaks")


def efficiency_picture(study: dict[str, Any]) -> Figure:
    """The picture of a study: medians with the span from the 10th to the 90th per cent, and shares liquidated."""
    kinds = list(dict.fromkeys(row["kind"] for row in study["efficiency"] if row["accounts"]))
    groups = list(dict.fromkeys(row["books"] for row in study["replay"]))
    about = f"{study['accounts']:,} books on {study['underlyings']} underlyings, seed {study['seed']}"
    figure, axes = canvas(
        "Capital saved by cross margin, and its risk", about, [0.5 + 0.17 * len(kinds), *[0.8] * len(groups)]
    )
    _draw_saved(axes[0], study["efficiency"], kinds)
    for each, name in zip(axes[1:], groups, strict=True):
        _draw_liquidated(each, [row for row in study["replay"] if row["books"] == name], name)
    return figure


def _draw_saved(axes: Axes, rows: list[dict[str, Any]], kinds: list[str]) -> None:
    axes.set_title("capital saved against isolated positions: median, 10th to 90th per cent of the books [%]")
    for row in rows:
        if row["accounts"]:
            number = METHODS.index(row["method"])
            place = kinds.index(row["kind"]) + (number - 0.5) * 0.3
            axes.plot([row["tenth_pct"], row["ninetieth_pct"]], [place, place], color=COLOURS[number], linewidth=2)
            label = f"{row['method']} margin" if row["kind"] == kinds[0] else None
            axes.plot(row["median_pct"], place, "os"[number], color=COLOURS[number], markersize=6, label=label)
    axes.axvline(0, color="#999999", linewidth=0.8)
    axes.set_yticks(range(len(kinds)), kinds)
    axes.invert_yaxis()
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_liquidated(axes: Axes, rows: list[dict[str, Any]], name: str) -> None:
    axes.set_title(f"books liquidated on paths, {name}: share and one standard error [%]")
    held = list(dict.fromkeys(row["held"] for row in rows))
    for row in rows:
        number = REGIMES.index(row["correlation"])
        place, error = held.index(row["held"]) + (number - 0.5) * 0.38, row["liquidated_error_pct"] or 0
        label = f"correlation {row['correlation']}" if row["held"] == held[0] else None
        axes.bar(place, row["liquidated_pct"], 0.36, color=COLOURS[number], yerr=error, ecolor="#444444", label=label)
        axes.annotate(f"{row['liquidated_pct']:.1f}", (place, row["liquidated_pct"] + error), ha="center", fontsize=8,
                      xytext=(0, 2), textcoords="offset points")  # fmt: skip
    axes.set_xticks(range(len(held)), held)
    axes.margins(y=0.15)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
