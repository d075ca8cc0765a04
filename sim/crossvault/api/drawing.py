"""A figure as it is shown in a notebook and saved."""

from __future__ import annotations

import io
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from crossvault.differential.ending import BadInput
from crossvault.report.picture import DOTS_PER_INCH, STYLE, require_picture, write_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawing:
    """A picture of a result. figure: of matplotlib, drawn anew each time."""

    def __init__(self, draw: Callable[[], Figure]) -> None:
        self._draw = draw

    @property
    def figure(self) -> Figure:
        """The figure, to be changed or shown."""
        from matplotlib import rc_context

        with rc_context(STYLE):
            return self._draw()

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes an SVG or a PNG, by the end of its name. Raises BadInput."""
        target = Path(path)
        require_picture("save", target)
        try:
            write_picture(target, self._draw)
        except OSError as wrong:
            raise BadInput(f"save: {target} cannot be written: {wrong.strerror}") from wrong
        return target

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=DOTS_PER_INCH // 2)
        return out.getvalue()
