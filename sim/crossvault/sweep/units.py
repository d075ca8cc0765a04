"""Unit values of each instrument in every scenario, in the mirror's integers.

Accounts share prices, so each is computed once for a market, by the mirror's own functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from crossvault.mirror import cash, correlation, fixed, market, option, portfolio, ruleset, shock, standard, valuation
from crossvault.mirror.collateral import Asset
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import HeldOption, Level
from crossvault.sweep import losses
from crossvault.sweep.instruments import ExpiryOptions, Market, marks, reference_book
from crossvault.sweep.losses import UnderlyingScenarios
from crossvault.sweep.population import Floats
from crossvault.sweep.quotes import Quotes

Pair = tuple[int, int]  # by level


class PortfolioExpiry(NamedTuple):
    """One expiry of an underlying under portfolio margin."""

    shocked: Sequence[Sequence[int]]  # by option and pair of spot shock and vol mode
    apart: Sequence[Pair]  # by option, with the forward alone up and down
    long: int
    short: int
    basis_rate: int
    naked_rate: Pair
    doubt_rate: int


class ExpiryUnits(NamedTuple):
    """One expiry."""

    underlying: int
    expiry: int
    strikes: Sequence[int]
    calls: Sequence[bool]
    marks: Sequence[int]
    naked: Sequence[Pair]  # requirement per short alone
    unpaired: Pair  # per uncovered short call
    doubt_rate: int  # per short
    payoffs: Sequence[Sequence[int]]  # by option, at zero and at each strike
    sheet: PortfolioExpiry | None


class FutureUnits(NamedTuple):
    """The future of one expiry of an underlying under portfolio margin."""

    column: int
    moves: Pair  # of the forward alone, up and down
    basis_rate: int


class UnderlyingUnits(NamedTuple):
    """One underlying."""

    index_wad: int
    safe_wad: int  # the lowest of index, stable and waiting price
    risk: market.MarketRisk
    doubt_rate: int
    is_modelled: bool
    perp_rate: Pair
    model_doubt_rate: int


class InstrumentUnits(NamedTuple):
    """One instrument."""

    underlying: int
    mark: int
    long_mark: int  # at the worst of index, stable and waiting price
    short_mark: int
    moving: int
    row: int  # expiry; -1 for a perp or future
    place: int
    expiry: int  # of a future; 0 for all others


@dataclass(frozen=True)
class MarketUnits:
    """A market in integers."""

    spots: Sequence[UnderlyingUnits]
    columns: Sequence[InstrumentUnits]
    rows: Sequence[ExpiryUnits]
    assets: Sequence[Asset]
    depeg_rate: int
    loss_factors: Pair
    pairs: Sequence[Pair]  # different pairs of spot shock and vol mode
    pair_of: Sequence[int]  # by scenario
    futures: Mapping[Pair, FutureUnits]  # by underlying and expiry, of modelled underlyings


def units_of(self: Market) -> MarketUnits:
    """A market in integers."""
    book, lines = reference_book(self)
    state, feed = self.state, self.state.cash.terms.feed
    quote_wad = WAD if feed == cash.NO_FEED else book.exposures[feed].index_wad
    pairs = sorted({(each.spot_shock, each.mode) for each in state.model.data.rules.scenarios})
    strips = self.strips()
    factors = [correlation.loss_factor(state.model.data.rules.terms, quote_wad, level) for level in Level]
    return MarketUnits(
        [_spot(self, book, number) for number in range(self.underlyings)],
        _columns(self, book, lines, strips),
        [_row(self, book, strip, [lines[each] for each in strip.columns], pairs) for strip in strips],
        state.assets,
        0 if feed == cash.NO_FEED else cash.depeg_rate(state.cash.terms, quote_wad),
        (factors[0], factors[1]),
        pairs,
        [pairs.index((each.spot_shock, each.mode)) for each in state.model.data.rules.scenarios],
        dict(_futures(self)),
    )


def _futures(self: Market) -> Iterator[tuple[Pair, FutureUnits]]:
    for each in self.expiries():
        if each.future < 0 or not self.is_modelled(each.underlying):
            continue
        held = valuation.future_line(self.state, self.instruments[each.future], 0, now=self.now)
        risk = ruleset.risk_of(self.state.model.data, each.underlying).basis
        forwards = [shock.forward(held.fixed_wad, held.floating_wad, by) for by in (0, risk.up_shock, risk.down_shock)]
        moves = forwards[1] - forwards[0], forwards[2] - forwards[0]
        yield (each.underlying, each.expiry), FutureUnits(each.future, moves, _basis_rate(risk, held.secs))


def _basis_rate(risk: portfolio.BasisRisk, secs: int) -> int:
    return risk.add_rate + fixed.mul_div_up(risk.year_rate, secs, option.YEAR)


def _spot(self: Market, book: Book, number: int) -> UnderlyingUnits:
    exposure, model = book.exposures[number], ruleset.risk_of(self.state.model.data, number).contingency
    return UnderlyingUnits(
        exposure.index_wad,
        standard.lowest(exposure),
        exposure.risk,
        standard.doubt_rate(exposure.risk, exposure.confidence_wad),
        self.is_modelled(number),
        (model.perp_initial, model.perp_maintenance),
        portfolio.doubt_rate(model, exposure.confidence_wad),
    )


def _columns(
    self: Market, book: Book, lines: dict[int, HeldOption], strips: Sequence[ExpiryOptions]
) -> list[InstrumentUnits]:
    rows = {column: (row, place) for row, strip in enumerate(strips) for place, column in enumerate(strip.columns)}
    found = []
    for column, (mark, known) in enumerate(marks(self, book, lines)):
        of = self.instruments[column]
        number, expiry = market.underlying_of(of), market.expiry_of(of) if market.kind_of(of) == market.FUTURE else 0
        safe = [standard.safe_mark(book.exposures[number], size, mark) for size in (1, -1)]
        found.append(InstrumentUnits(number, mark, safe[0], safe[1], mark - known, *rows.get(column, (-1, 0)), expiry))
    return found


def _row(
    self: Market, book: Book, strip: ExpiryOptions, lines: Sequence[HeldOption], pairs: Sequence[Pair]
) -> ExpiryUnits:
    number = strip.underlying
    exposure, how = book.exposures[number], self.state.option_risks[number]
    exposure.option_risk = how
    naked = [[standard.short_requirement(exposure, each, level) for level in Level] for each in lines]
    forward_wad = lines[0].forward_wad
    unpaired = [fixed.mul_div_up(each, forward_wad, WAD) for each in (how.unpaired_initial, how.unpaired_maintenance)]
    spots = (0, *(each.strike_wad for each in lines))
    return ExpiryUnits(
        number,
        strip.expiry,
        [each.strike_wad for each in lines],
        [each.is_call for each in lines],
        [each.mark_wad for each in lines],
        [(initial, maintenance) for initial, maintenance in naked],
        (unpaired[0], unpaired[1]),
        standard.doubt_rate(exposure.risk, lines[0].confidence_wad),
        [[option.payoff(spot, each.strike_wad, each.is_call) for spot in spots] for each in lines],
        _sheet(self, number, lines, pairs) if self.is_modelled(number) else None,
    )


def _sheet(self: Market, number: int, lines: Sequence[HeldOption], pairs: Sequence[Pair]) -> PortfolioExpiry:
    risk, sample = ruleset.risk_of(self.state.model.data, number), lines[0]
    shocked, apart = [], []
    for each in lines:
        one = portfolio.ExpiryOption(each.strike_wad, each.is_call, 1, each.vol_wad, each.mark_wad)
        floating = sample.forward_wad - sample.fixed_wad
        term = portfolio.ExpiryHoldings(sample.fixed_wad, floating, sample.rate_wad, sample.secs, 0, [one])
        sheet = portfolio.ready(term, risk)
        shocked.append([portfolio.shocked(sheet, *pair) for pair in pairs])
        up, down = (portfolio.shocked(sheet, by, shock.STILL) for by in (risk.basis.up_shock, risk.basis.down_shock))
        apart.append((up, down))
    discount = option.discount(sample.rate_wad, sample.secs)
    held = risk.contingency
    return PortfolioExpiry(
        shocked,
        apart,
        *shock.discounts(risk.rate, sample.rate_wad, sample.secs, discount),
        _basis_rate(risk.basis, sample.secs),
        (held.option_initial, held.option_maintenance),
        portfolio.doubt_rate(held, sample.confidence_wad),
    )


# the same in floats, each within 2^-53 of its integer, to select the scenarios that can be the worst


def quotes_of(self: MarketUnits) -> Quotes:
    """Prices as floats."""
    return Quotes(
        np.array([each.index_wad / WAD for each in self.spots]),
        np.array([each.safe_wad / WAD for each in self.spots]),
        np.array([each.mark / WAD for each in self.columns]),
        np.array([each.moving / WAD for each in self.columns]),
    )


def stress_of(self: MarketUnits, of: Market, number: int, strips: Sequence[ExpiryOptions]) -> UnderlyingScenarios:
    """The scenarios of an underlying as floats."""
    scenarios = of.state.model.data.rules.scenarios
    sheets = []
    for strip, row in zip(strips, self.rows, strict=True):
        if strip.underlying == number and row.sheet is not None:
            sheet = row.sheet
            sheets.append(losses.ExpiryLosses(
                np.array(strip.columns),
                np.array([each / WAD for each in row.marks]),
                np.array([[each / WAD for each in prices] for prices in sheet.shocked]),
                np.array([[each / WAD for each in prices] for prices in sheet.apart]),
                sheet.long / WAD,
                sheet.short / WAD,
                sheet.basis_rate / WAD,
                *_future_of(self, (number, strip.expiry)),
            ))  # fmt: skip
    width = len(self.pairs)
    known = {strip.expiry for strip in strips if strip.underlying == number}
    for (underlying, expiry), future in self.futures.items():
        if underlying == number and expiry not in known:
            empty = np.zeros(0, np.int64), np.zeros(0), np.zeros((0, width)), np.zeros((0, 2)), 1.0, 1.0
            rate = future.basis_rate / WAD
            sheets.append(losses.ExpiryLosses(*empty, rate, *_future_of(self, (underlying, expiry))))
    return UnderlyingScenarios(
        sheets,
        np.array(self.pair_of, np.int64),
        np.array([each.spot_shock / WAD for each in scenarios]),
        np.array([each.dampening / WAD for each in scenarios]),
        np.array([shock.is_skew(each.mode) for each in scenarios], np.int64),
    )


def _future_of(self: MarketUnits, key: Pair) -> tuple[int, Floats]:
    """The place of the future of an expiry, and the moves of its forward."""
    found = self.futures.get(key)
    return (found.column, np.array([each / WAD for each in found.moves])) if found else (-1, np.zeros(2))
