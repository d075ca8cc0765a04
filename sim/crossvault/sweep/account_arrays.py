"""Holdings of accounts as float64 arrays by account and underlying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crossvault.mirror import account as accounts, market
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Floats, Ints, Population
from crossvault.sweep.quotes import UNIT, Quotes

Flags = NDArray[np.bool_]


class ConfidenceMargins(Protocol):
    """Parameters of the surcharge for a low price confidence, of standard or portfolio margin."""

    @property
    def confidence_threshold(self) -> int: ...
    @property
    def confidence_factor(self) -> int: ...


@dataclass
class AccountArrays:
    """n accounts with p positions; sizes [n, I] of all instruments, amounts of perps and futures [n, U]."""

    modes: Ints
    modelled: Flags  # [n, U] under portfolio margin
    cash: Floats
    units: Floats  # [n, A] of collateral
    values: Floats  # [n, A]
    hedged: Floats  # [n, U] value of collateral, to its cap
    sizes: Floats
    owner: Ints  # [p]
    column: Ints  # [p]
    underlying: Ints  # [p]
    is_linear: Flags  # [p]
    size: Floats  # [p]
    mark: Floats  # [p]
    net: Floats
    gross: Floats
    moving: Floats  # net, without the fixed part of futures
    net_size: Floats
    gross_size: Floats
    gain: Floats
    loss: Floats
    safe_gain: Floats
    safe_loss: Floats
    base: Floats  # units of collateral


def arrays_of(self: Market, at: Quotes, population: Population, modelled: Flags) -> AccountArrays:
    """Holdings of the accounts of a population."""
    count, total = len(population), self.underlyings
    numbers = np.array([market.underlying_of(each) for each in self.instruments], np.int64)
    linear = np.array([not market.is_option(market.kind_of(each)) for each in self.instruments], bool)
    owner, column = population.owners(), population.columns
    underlying, size = numbers[column], population.sizes.floats()
    sizes = np.zeros((count, len(self.instruments)))
    sizes[owner, column] = size
    assets = self.state.assets
    units = population.balances.floats() * np.array([10.0 ** (18 - each.decimals) for each in assets])
    values = units * at.index[[each.underlying for each in assets]]
    hedged, base = np.zeros((count, total)), np.zeros((count, total))
    for place, asset in enumerate(assets):
        hedged[:, asset.underlying] += np.minimum(values[:, place], asset.terms.cap_wad / UNIT)
        base[:, asset.underlying] += units[:, place]
    zero = np.zeros((count, total))
    self_ = AccountArrays(
        population.modes, (population.modes == accounts.PORTFOLIO)[:, None] & modelled, population.cash.floats(),
        units, values, hedged, sizes, owner, column, underlying, linear[column], size, at.marks[column],
        zero, zero, zero, zero, zero, zero, zero, zero, zero, base,
    )  # fmt: skip
    _add_linear(self_, at, population.quotes.floats())
    return self_


def summed(self: AccountArrays, each: Floats) -> Floats:
    """Sums of amounts of positions [p], by account and underlying."""
    shape = self.base.shape
    total: Floats = np.bincount(self.owner * shape[1] + self.underlying, each, shape[0] * shape[1]).astype(float)
    return total.reshape(shape)


def doubt_rate(risk: ConfidenceMargins, confidence_wad: int) -> float:
    """Surcharge per notional for a low price confidence."""
    if confidence_wad >= risk.confidence_threshold:
        return 0.0
    return (1 - confidence_wad / UNIT) * risk.confidence_factor / UNIT


def _add_linear(self: AccountArrays, at: Quotes, quote: Floats) -> None:
    """Adds the perps and futures."""
    size = np.where(self.is_linear, self.size, 0.0)
    value = size * self.mark
    lower, higher = (np.maximum(0.0, each)[self.underlying] for each in (at.index - at.stable, at.stable - at.index))
    safe = np.where(size < 0, self.mark + higher, np.maximum(0.0, self.mark - lower))
    held = np.where(self.is_linear, quote, 0.0)
    profit, careful = value + held, size * safe + held
    self.net, self.gross = summed(self, value), summed(self, np.abs(value))
    self.moving = summed(self, size * at.moving[self.column])
    self.net_size, self.gross_size = summed(self, size), summed(self, np.abs(size))
    self.gain, self.loss = summed(self, np.maximum(profit, 0)), summed(self, np.minimum(profit, 0))
    self.safe_gain, self.safe_loss = summed(self, np.maximum(careful, 0)), summed(self, np.minimum(careful, 0))
