"""Prices and parameters at one time, shared by all accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from crossvault.mirror import cash, market, oracle, ruleset, valuation
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book
from crossvault.mirror.oracle import Curve
from crossvault.mirror.standard import Exposure, HeldOption


class ExpiryOptions(NamedTuple):
    """The options of one expiry: their places among the instruments, and that of its future, -1 without one."""

    underlying: int
    expiry: int
    columns: tuple[int, ...]
    future: int = -1

    @property
    def first(self) -> int:
        """The place of one instrument of the expiry."""
        return self.columns[0] if self.columns else self.future


@dataclass(frozen=True)
class Market:
    """A ledger at a time, and the instruments that accounts may hold; none may have settled.

    Raises StalePrice where a price is too old, as the views of the vault do.
    """

    state: State
    now: int
    instruments: tuple[int, ...]

    def __post_init__(self) -> None:
        valuation.require_fresh(reference_book(self)[0])

    @property
    def underlyings(self) -> int:
        return len(self.state.risks)

    def curve(self, instrument: int) -> Curve:
        """The curve of the expiry of an instrument."""
        return valuation.curve_of(self.state, instrument)

    def is_modelled(self, underlying: int) -> bool:
        """Whether accounts in portfolio mode have portfolio margin on an underlying."""
        return ruleset.risk_of(self.state.model.data, underlying).vol.floor_secs != 0

    def strips(self) -> list[ExpiryOptions]:
        """The options by underlying and expiry."""
        found: dict[tuple[int, int], list[int]] = {}
        futures = self._futures()
        for column, each in enumerate(self.instruments):
            if market.is_option(market.kind_of(each)):
                found.setdefault((market.underlying_of(each), market.expiry_of(each)), []).append(column)
        return [ExpiryOptions(*key, tuple(columns), futures.get(key, -1)) for key, columns in found.items()]

    def expiries(self) -> list[ExpiryOptions]:
        """The options by underlying and expiry, and then the expiries that have a future alone."""
        strips = self.strips()
        known = {(each.underlying, each.expiry) for each in strips}
        alone = [ExpiryOptions(*key, (), column) for key, column in self._futures().items() if key not in known]
        return [*strips, *alone]

    def _futures(self) -> dict[tuple[int, int], int]:
        """The place of the future of each expiry that has one."""
        kinds = [market.kind_of(each) for each in self.instruments]
        columns = [column for column, kind in enumerate(kinds) if kind == market.FUTURE]
        of = self.instruments
        return {(market.underlying_of(of[each]), market.expiry_of(of[each])): each for each in columns}


def reference_book(self: Market) -> tuple[Book, dict[int, HeldOption]]:
    """A book without positions that holds every price, and a holding of size zero for every option."""
    book = Book(0, [], [Exposure() for _ in self.state.risks], [])
    lines = {}
    for number in range(self.underlyings):
        valuation.load(self.state, book, number, now=self.now)
    for column, each in enumerate(self.instruments):
        if market.is_option(market.kind_of(each)):
            lines[column] = valuation.option_line(self.state, book, each, 0, now=self.now)
        elif market.kind_of(each) == market.FUTURE:
            valuation.forward(self.state, book, each, now=self.now)
    valuation.mark_options(self.state, list(lines.values()))
    if self.state.cash.terms.feed != cash.NO_FEED:
        valuation.load(self.state, book, self.state.cash.terms.feed, now=self.now)
    return book, lines


def marks(self: Market, book: Book, lines: dict[int, HeldOption]) -> list[tuple[int, int]]:
    """Mark of each instrument, and the part of it that is already fixed."""
    found = []
    for column, each in enumerate(self.instruments):
        number = market.underlying_of(each)
        if column in lines:
            found.append((lines[column].mark_wad, 0))
        elif market.kind_of(each) == market.PERP:
            price = self.state.prices[number]
            found.append((oracle.mark(price.index, price.premium, self.state.risks[number].mark_band), 0))
        else:
            found.append(valuation.forward(self.state, book, each, now=self.now))
    return found
