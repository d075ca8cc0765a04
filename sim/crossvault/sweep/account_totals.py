"""Totals of one account in integers, as the mirror adds them up, with shared values read from tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crossvault.mirror import fixed, standard
from crossvault.mirror.fixed import WAD
from crossvault.mirror.standard import Level
from crossvault.sweep.units import ExpiryUnits, MarketUnits, UnderlyingUnits

WAD_SQUARED = fixed.WAD_SQUARED

Options = list[tuple[int, int]]  # place in the expiry, size


@dataclass(slots=True)
class UnderlyingTotals:
    """Totals of an account in one underlying."""

    number: int
    spot: UnderlyingUnits
    is_modelled: bool
    size: int = 0
    gross_size: int = 0
    net_wad2: int = 0
    gross_wad2: int = 0
    moving_wad2: int = 0
    gain: int = 0
    loss: int = 0
    safe_gain: int = 0
    safe_loss: int = 0
    base: int = 0
    hedged: int = 0  # value of collateral, to its cap
    contingency: list[int] = field(default_factory=lambda: [0, 0])  # against collateral
    futures: dict[int, int] = field(default_factory=dict)  # size by expiry


@dataclass(slots=True)
class AccountTotals:
    """Running totals of an account."""

    units: MarketUnits
    is_portfolio: bool
    equity: int
    adjusted: list[int]  # by level
    notional: int = 0
    required: list[int] = field(default_factory=lambda: [0, 0])
    by_underlying: dict[int, UnderlyingTotals] = field(default_factory=dict)
    rows: dict[int, Options] = field(default_factory=dict)


def totals_of(units: MarketUnits, is_portfolio: bool, cash_wad: int, balances: Sequence[int]) -> AccountTotals:
    """Totals of an account with its cash and collateral."""
    self = AccountTotals(units, is_portfolio, cash_wad, [cash_wad, cash_wad])
    for raw, asset in zip(balances, units.assets, strict=True):
        if raw == 0:
            continue
        of, terms, scale = totals_in(self, asset.underlying), asset.terms, 10**asset.decimals
        value, safe = raw * of.spot.index_wad // scale, raw * of.spot.safe_wad // scale
        initial, maintenance, cap = terms.haircut_initial, terms.haircut_maintenance, terms.cap_wad
        capped = fixed.min(value, cap)
        self.equity += value
        if of.is_modelled:
            of.hedged += capped
            of.contingency[0] -= -capped * initial // WAD + -capped * of.spot.model_doubt_rate // WAD
            of.contingency[1] -= -capped * maintenance // WAD
            initial = maintenance = 0
        self.adjusted[0] += fixed.min(safe, cap) * (WAD - initial) // WAD
        self.adjusted[1] += capped * (WAD - maintenance) // WAD
        of.base += raw * 10 ** (18 - asset.decimals)
    return self


def totals_in(self: AccountTotals, number: int) -> UnderlyingTotals:
    """Totals of an account in an underlying, created at first use."""
    found = self.by_underlying.get(number)
    if found is None:
        spot = self.units.spots[number]
        found = self.by_underlying[number] = UnderlyingTotals(number, spot, self.is_portfolio and spot.is_modelled)
    return found


def add(self: AccountTotals, column: int, size: int, quote: int) -> None:
    """Adds a position."""
    of = self.units.columns[column]
    totals = totals_in(self, of.underlying)
    if of.row >= 0:
        value = size * of.mark // WAD
        self.equity += value
        self.notional -= -abs(size) * totals.spot.index_wad // WAD
        if totals.is_modelled:
            self.adjusted[0] += value
            self.adjusted[1] += value
        self.rows.setdefault(of.row, []).append((of.place, size))
        return
    value = size * of.mark
    profit = value // WAD + quote
    safe_mark = of.short_mark if size < 0 else of.long_mark
    safe = profit if safe_mark == of.mark else size * safe_mark // WAD + quote
    if profit < 0:
        totals.loss += profit
    else:
        totals.gain += profit
    if safe < 0:
        totals.safe_loss += safe
    else:
        totals.safe_gain += safe
    totals.size += size
    totals.gross_size += abs(size)
    totals.net_wad2 += value
    totals.gross_wad2 += abs(value)
    totals.moving_wad2 += size * of.moving
    if of.expiry:
        totals.futures[of.expiry] = size


def close(self: AccountTotals) -> None:
    """Adds the unrealised profits, and the requirement of standard margin."""
    for of in self.by_underlying.values():
        profit = of.gain + of.loss
        self.equity += profit
        self.adjusted[0] += of.safe_gain * of.spot.risk.profit_weight // WAD + of.safe_loss
        self.adjusted[1] += profit
        self.notional -= -of.gross_wad2 // WAD
        if not of.is_modelled:
            _add_linear_requirement(self, of)
    for number, options in self.rows.items():
        row = self.units.rows[number]
        of = self.by_underlying[row.underlying]
        if not of.is_modelled:
            _add_option_requirement(self, of, row, options)


def _add_linear_requirement(self: AccountTotals, of: UnderlyingTotals) -> None:
    """Adds the requirement of perps, futures and low price confidence."""
    if of.gross_wad2 != 0:
        spread, net = of.spot.risk.spread_rate, abs(of.net_wad2)
        paired = -of.gross_wad2 * spread // WAD_SQUARED
        for level in Level:
            rate = standard.rate(of.spot.risk, of.size, level) - spread
            self.required[level] -= -net * rate // WAD_SQUARED + paired
    index = of.spot.index_wad
    self.required[0] += standard.priced(of.gross_size + of.base, index, of.spot.doubt_rate)
    self.required[0] += standard.priced(of.gross_size, index, self.units.depeg_rate)


def _add_option_requirement(self: AccountTotals, of: UnderlyingTotals, row: ExpiryUnits, options: Options) -> None:
    """Adds the requirement of the options of an expiry."""
    shorts = [(place, -size) for place, size in options if size < 0]
    if not shorts:
        return
    depeg_rate = self.units.depeg_rate
    if row.doubt_rate or depeg_rate:
        for _, size in shorts:
            self.required[0] += standard.priced(size, of.spot.index_wad, row.doubt_rate)
            self.required[0] += standard.priced(size, of.spot.index_wad, depeg_rate)
    lowest = 0
    for spot in (0, *(place + 1 for place, _ in options)):
        found = 0
        for place, size in options:
            found += size * row.payoffs[place][spot]
        lowest = min(lowest, found)
    uncovered = -sum(size for place, size in options if row.calls[place])
    for level in Level:
        alone = sum(size * row.naked[place][level] for place, size in shorts)
        bounded = -lowest + (uncovered * row.unpaired[level] if uncovered > 0 else 0)
        if alone:
            self.required[level] -= -min(alone, bounded) // WAD
