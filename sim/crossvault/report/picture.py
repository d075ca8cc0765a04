"""Pictures of figures as SVG or PNG: the canvas, its colours, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossvault.differential.ending import BadInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")
WIDTH_INCHES, ROW_INCHES, DOTS_PER_INCH = 9.0, 2.3, 150
INK, GREY, RED, GRID = "#222222", "#6b6b6b", "#b3261e", "#dddddd"
# Okabe and Ito's colours, which differ for every kind of colour vision; lines differ by their dashes as well
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a7a00")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
STYLE: Any = {
    "font.size": 9, "axes.titlesize": 10, "axes.titlelocation": "left", "axes.titleweight": "bold",
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": GREY, "text.color": INK,
    "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6, "axes.axisbelow": True, "legend.frameon": False,
    "svg.hashsalt": "crossvault", "svg.fonttype": "path", "figure.facecolor": "white",
}  # fmt: skip


class BadPicture(BadInput):
    """A picture that cannot be drawn into the named file."""


def require_picture(flag: str, path: Path) -> None:
    """Requires a path that a picture can be written to, before long work starts. Raises BadPicture."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadPicture(f"{flag}: expected a name that ends in {' or '.join(SUFFIXES)}, found {str(path)!r}")


def canvas(title: str, about: str, heights: Sequence[float]) -> tuple[Figure, list[Axes]]:
    """A figure with one row of axes for each height [rows of 2.3 inches], and a title with what it is about."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, ROW_INCHES * sum(heights) + 0.7), layout="constrained")
    found = figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": list(heights)})
    figure.suptitle(f"{title}\n ", x=0.01, ha="left", fontsize=13, fontweight="bold")
    for [axes] in found:
        axes.xaxis.set_major_formatter(_number)
        axes.yaxis.set_major_formatter(_number)
    figure.text(0.01, 1 - 0.33 / figure.get_figheight(), about, fontsize=9, color=GREY, va="top")
    return figure, [axes for [axes] in found]


def _number(value: float, place: int) -> str:
    """An axis' label with thousands separators."""
    return f"{value:,.10g}"


def write_picture(path: Path, draw: Callable[[], Figure]) -> None:
    """Draws a figure and writes it; the same figures give the same file. Raises OSError."""
    from matplotlib import rc_context

    kind = path.suffix.lower().lstrip(".")
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with rc_context(STYLE):
        draw().savefig(path, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
