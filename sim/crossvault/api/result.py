"""What every result of the API has: whether both sides agree, its text, a frame and a figure."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, TypeVar

from crossvault.api.drawing import Drawing
from crossvault.differential.compare import Difference
from crossvault.differential.ending import FailedRun

if TYPE_CHECKING:
    import pandas
    from rich.console import RenderableType

_WIDTH = 110
Self = TypeVar("Self", bound="Result")


class Result(ABC):
    """A result: printed as the command prints it, in a notebook too."""

    @property
    @abstractmethod
    def failure(self) -> FailedRun | None:
        """The difference, the broken invariant or the failed expectation that ended it, if there was one."""

    @property
    @abstractmethod
    def is_equal(self) -> bool | None:
        """Whether model and contracts agreed in everything, and no invariant broke; None where nothing was compared."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The fields that differ at the first step that has a difference: field, chain, model."""
        return tuple(getattr(self.failure, "found", ()))

    def require_equal(self: Self) -> Self:
        """Returns the result. Raises its failure (FailedRun), and ValueError where nothing was compared."""
        if self.failure is not None:
            raise self.failure
        if not self.is_equal:
            raise ValueError("nothing was compared with the contracts: neither equal nor different")
        return self

    @abstractmethod
    def to_frame(self) -> pandas.DataFrame:
        """The result as a pandas frame, exact: amounts as Decimal."""

    @abstractmethod
    def plot(self) -> Drawing:
        """A picture of the result: shown in a notebook, `.save("x.svg")`, `.figure` of matplotlib."""

    @abstractmethod
    def _text(self) -> Iterable[RenderableType]:
        """The parts of its text."""

    def __str__(self) -> str:
        from rich.console import Console

        out = Console(file=io.StringIO(), width=_WIDTH, highlight=False, color_system=None, force_jupyter=False)
        with out.capture() as text:
            for each in self._text():
                out.print(each)
        return "\n".join(line.rstrip() for line in text.get().splitlines())

    def _repr_html_(self) -> str:
        style = "line-height: 1.25; overflow-x: auto; font-family: monospace"
        return f'<pre style="{style}">{escape(str(self))}</pre>'
