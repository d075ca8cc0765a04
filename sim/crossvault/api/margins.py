"""A portfolio by every method of margin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from crossvault.api.drawing import Drawing
from crossvault.api.result import Result
from crossvault.differential.ending import BadInput, FailedRun
from crossvault.lockstep.run import Diverged
from crossvault.portfolio.methods import ISOLATED, STANDARD, efficiency
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.report.frames import decimal_of, frame
from crossvault.report.margin import MarginReport, result_terms, text
from crossvault.report.margin_json import document
from crossvault.report.margin_measures import chosen_methods, measured, preset_of, sizes_of, traded
from crossvault.report.margin_terms import MarginTerms

if TYPE_CHECKING:
    import pandas

_TERMS = tuple(name.removesuffix("_wad") for name in MarginTerms._fields)
_COLUMNS = ("method", *_TERMS, "initial_capital", "maintenance_capital", "efficiency")


class MarginOutcome(Result):
    """A portfolio by every method of margin; after: after the trades, None without any."""

    def __init__(self, before: MarginReport, after: MarginReport | None, failure: Diverged | None) -> None:
        self.before, self.after, self._failure = before, after, failure

    @property
    def failure(self) -> FailedRun | None:
        """The first difference of the contracts from the model, if there was one."""
        return self._failure

    @property
    def is_equal(self) -> bool | None:
        """Whether the contracts agreed in every margin; None without `chain`."""
        return False if self._failure else True if self.before.chain else None

    def to_frame(self) -> pandas.DataFrame:
        """One row per method, after the trades if there are any; amounts in the quote token, exact."""
        found = (self.after or self.before).found
        rows = []
        for each in found.results:
            saved_wad = efficiency(each.capital.initial_wad, found.isolated_capital_wad)
            rows.append((each.method, *map(decimal_of, (*result_terms(each), *each.capital, saved_wad))))
        return frame(_COLUMNS, rows)

    def to_dict(self) -> dict[str, Any]:
        """The document of `crossvault margin --json`."""
        return document(self.before, self.after)

    def plot(self) -> Drawing:
        """Draws the requirement by method, and the profit in every scenario of portfolio margin."""
        from crossvault.report.margin_picture import margin_picture

        return Drawing(lambda: margin_picture(self.after or self.before))

    def _text(self) -> Iterable[Any]:
        return [text(self.before, self.after)]


def margin(
    portfolio: Portfolio | str | PathLike[str] | Mapping[str, Any],
    *,
    methods: Sequence[str] = (),
    trades: Sequence[str] = (),
    chain: bool = False,
) -> MarginOutcome:
    """Margins of a portfolio by every method: isolated, standard, and portfolio margin of presets.

    portfolio: or what `Portfolio.load` takes. methods: standard, and names of presets; all unless given. trades: such
    as "ETH-PERP +5", after which it is measured again. chain: on the contracts as well, which are compared.
    Raises BadInput, BadEnvironment.

    >>> margin("strangle", methods=["standard"]).to_frame()["method"].tolist()
    ['isolated', 'standard']
    """
    for name, given in (("methods", methods), ("trades", trades)):
        if isinstance(given, str):
            raise BadInput(f"{name}: expected a list, such as [{given!r}], got {given!r}")
    held = portfolio if isinstance(portfolio, Portfolio) else Portfolio.load(portfolio)
    chosen = chosen_methods(methods, held)
    presets = [preset_of(name, held, "methods") for name in chosen if name not in (ISOLATED, STANDARD)]
    sizes = sizes_of(trades, held, "trades")
    later = traded(held, sizes) if sizes else None

    def outcome(chain: bool, failure: Diverged | None = None) -> MarginOutcome:
        before = measured(held, presets, chosen, chain)
        return MarginOutcome(before, measured(later, presets, chosen, chain) if later else None, failure)

    try:
        return outcome(chain)
    except Diverged as differs:
        return outcome(chain=False, failure=differs)
