"""A picture of bars, one for each of some names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crossvault.report.picture import COLOURS, canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW = 0.11  # rows of the canvas that a bar takes


def bar_picture(title: str, about: str, unit: str, values: Mapping[str, float]) -> Figure:
    """The picture: the first name on top, the unit of the values below."""
    figure, [axes] = canvas(title, about, [0.4 + _ROW * len(values)])
    axes.barh(list(values), list(values.values()), color=COLOURS[0])
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    return figure
