"""Sizes of a trade at which margin bends: where something is zero, or another scenario becomes the worst."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from crossvault.mirror import (
    account as accounts,
    fixed,
    margin,
    market,
    option,
    portfolio,
    shock,
    stakes,
    stress,
    valuation,
)
from crossvault.mirror.correlation import ScenarioLossTable
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.portfolio import PortfolioRisk
from crossvault.portfolio.solver import MarginCase, trade, trade_price

_NEAR, _FAR = 10, 8  # doublings of the grid on both sides of the natural size; further out, every eighth

Line = tuple[int, int]  # the value at no trade, and its rise up to a trade of one natural size [wad]


def grid(case: MarginCase, instrument: int) -> list[int]:
    """Signed sizes at which trades of an instrument are evaluated, in order, up to the cap of the position [wad].

    They are bends and their neighbours, and a grid around the natural size.
    """
    held, middle = accounts.entry(case.holder, instrument).size, natural_size(case, instrument)
    bends = [*zeros(case, instrument), *scenario_bends(case, instrument, middle)]
    found = {bend + step for bend in bends for step in (-1, 0, 1)}
    for power in range(_NEAR):
        found |= {middle << power, middle >> power}
    found |= {middle << power for power in range(_NEAR, 96, _FAR)} | {middle * part // 8 for part in range(1, 24)}
    found |= {1, fixed.abs(held), fixed.CAP + held, fixed.CAP - held}
    both = {side * size for size in found for side in (-1, 1)}
    return sorted(size for size in both if size and fixed.abs(held + size) <= fixed.CAP)


def natural_size(case: MarginCase, instrument: int) -> int:
    """Size of an instrument that is worth as much as the equity, collateral and positions on its underlying [wad]."""
    underlying = market.underlying_of(instrument)
    index_wad = fixed.max(1, case.state.prices[underlying].index)
    with case.trial():
        book = case.book()
    equity_wad = fixed.abs(margin.equity(book))
    sizes = book.exposures[underlying].base_wad + sum(fixed.abs(size) for _, size in _held(case, underlying))
    return fixed.min(fixed.CAP, fixed.max(1, fixed.mul_div_up(equity_wad, WAD, index_wad) + sizes))


def zeros(case: MarginCase, instrument: int) -> list[int]:
    """Trades that take a position, the net size or the net value of perps and futures of an underlying to zero [wad].

    The net value is zero between two sizes: the lower one.
    """
    linear = [each for each in _held(case, market.underlying_of(instrument)) if is_linear(each[0])]
    found = [-accounts.entry(case.holder, instrument).size]
    if is_linear(instrument):
        value_wad2 = sum(size * trade_price(case, each) for each, size in linear)
        found += [-sum(size for _, size in linear), -value_wad2 // trade_price(case, instrument)]
    return found


def scenario_bends(case: MarginCase, instrument: int, size: int) -> list[int]:
    """Trades of a perp or future at which another scenario becomes the worst, of its underlying or of all [wad].

    Profits are linear in its size, and so are the moves of its forward: two evaluations give every line, and where the
    lowest two meet the loss bends.
    """
    if not is_linear(instrument):
        return []
    tables, books, count = list[ScenarioLossTable](), list[Book](), 0
    for changes in ([], [trade(instrument, size)]):
        with case.trial(*changes):
            book = case.book()
            if not book.stakes:
                return []
            books.append(book)
            tables.append(stress.outlook(valuation.exposures_of(book), case.state.model.data))
            count = len(case.state.model.data.rules.scenarios)
    number = market.underlying_of(instrument)
    before, after = (table.profits_wad[number] for table in tables)
    before, after = before or (0,) * count, after or (0,) * count
    rises = [later - now for now, later in zip(before, after, strict=True)]
    basis = _basis_lines(case, instrument, tables[0].basis_wad[number], books)
    totals = [sum(each[k] for each in tables[0].profits_wad if each) for k in range(count)]
    alone = [(0, 0), *basis, *zip(before, rises, strict=True)]
    return [*_lowest_meetings(alone, size), *_lowest_meetings([(0, 0), *zip(totals, rises, strict=True)], size)]


def _basis_lines(case: MarginCase, instrument: int, basis_wad: int, books: Sequence[Book]) -> list[Line]:
    """Basis losses of an underlying where the forward of a future moves up, down and not at all; of a perp one."""
    if market.kind_of(instrument) != market.FUTURE:
        return [(basis_wad, 0)]
    number, risk = market.underlying_of(instrument), case.state.model.data.risks[market.underlying_of(instrument)]
    changes = [_apart(book, number, market.expiry_of(instrument), risk) for book in books]
    rest_wad = basis_wad - min(0, *changes[0])
    moved = [(rest_wad + now, later - now) for now, later in zip(*changes, strict=True)]
    return [(rest_wad, 0), *moved]


def _apart(book: Book, number: int, expiry: int, risk: PortfolioRisk) -> Line:
    """What is required of the change of an expiry whose forward moves up, and of one whose forward moves down [wad]."""
    lines = [each for each in book.lines if each.underlying == number and each.expiry == expiry]
    futures = [each for each in book.futures if each.underlying == number and each.expiry == expiry]
    up = down = 0
    for term in stakes.terms(lines, [0] * len(lines), futures, number):
        sheet, basis = portfolio.ready(term, risk), risk.basis
        rate = basis.add_rate + fixed.mul_div_up(basis.year_rate, term.secs, option.YEAR)
        forwards = [
            shock.forward(term.fixed_wad, term.floating_wad, by) for by in (0, basis.up_shock, basis.down_shock)
        ]
        still_wad2 = sheet.value_wad2 + term.future_size * forwards[0]
        shocked = (portfolio.shocked(sheet, by, shock.STILL) for by in (basis.up_shock, basis.down_shock))
        moved = [value + term.future_size * at for value, at in zip(shocked, forwards[1:], strict=True)]
        up, down = (fixed.mul_div_floor(each - still_wad2, rate, fixed.WAD_SQUARED) for each in moved)
    return up, down


def is_linear(instrument: int) -> bool:
    """Whether an instrument is a perp or a future."""
    return not market.is_option(market.kind_of(instrument))


def _lowest_meetings(lines: Sequence[Line], size: int) -> Iterator[int]:
    """The places where two lines meet that are the lowest there."""
    distinct = sorted(set(lines))
    for (start, rise), (other_start, other_rise) in combinations(distinct, 2):
        if rise == other_rise:
            continue
        steeper, apart = abs(rise - other_rise), (other_start - start) * (1 if rise > other_rise else -1)
        values = [each * steeper + each_rise * apart for each, each_rise in distinct]  # at size * apart / steeper
        if start * steeper + rise * apart == min(values):
            yield size * apart // steeper


def _held(case: MarginCase, underlying: int) -> Iterator[tuple[int, int]]:
    for instrument in accounts.instruments(case.holder):
        if market.underlying_of(instrument) == underlying:
            yield instrument, accounts.entry(case.holder, instrument).size
