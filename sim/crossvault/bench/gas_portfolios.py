"""The portfolios of the gas benchmark, by margin mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crossvault.bench.gas_market import COUNT, EXPIRIES, PRICES
from crossvault.mirror import market
from crossvault.mirror.account import MAX_OPTIONS, MAX_POSITIONS, PORTFOLIO, STANDARD


class GasPortfolio(NamedTuple):
    """A portfolio: its name on the command line, what it holds, the mode of margin, its instruments."""

    name: str
    about: str
    mode: int
    instruments: tuple[int, ...]

    @property
    def options(self) -> int:
        """The number of options among its positions."""
        return sum(market.is_option(market.kind_of(each)) for each in self.instruments)

    @property
    def is_allowed(self) -> bool:
        """Whether an account may hold it in its mode."""
        most = MAX_POSITIONS if self.mode == STANDARD else MAX_OPTIONS
        return self.options <= most and len(self.instruments) <= MAX_POSITIONS


def _option(underlying: int, expiry: int, place: int) -> int:
    kind = market.CALL if place % 2 else market.PUT
    return market.instrument_of(underlying, kind, EXPIRIES[expiry], PRICES[underlying] * (70 + 2 * place) // 100)


def _future(underlying: int, expiry: int) -> int:
    return market.instrument_of(underlying, market.FUTURE, EXPIRIES[expiry], 0)


_KINDS: tuple[Callable[[int], int], ...] = (
    lambda i: market.perp(i),
    lambda i: _future(i, 0),
    lambda i: _option(i, 1, 13),
    lambda i: _option(i, 2, 16),
)


def _mixed(count: int) -> tuple[int, ...]:
    """A perp, a future, and options of two further expiries, underlying by underlying."""
    places = range(count)
    return tuple(_KINDS[(place + place // COUNT) % len(_KINDS)](place % COUNT) for place in places)


def _own_expiries(count: int) -> tuple[int, ...]:
    """Options, each of an expiry of its own."""
    return tuple(_option(place % COUNT, place // COUNT, 10 + place % 12) for place in range(count))


def _among(options: int) -> tuple[int, ...]:
    """So many options of expiries of their own among as many positions as an account may hold, with every perp."""
    futures = MAX_POSITIONS - COUNT - options
    linear = [market.perp(i) for i in range(COUNT)] + [_future(i % COUNT, 3 + i // COUNT) for i in range(futures)]
    return (*linear, *_own_expiries(options))


PORTFOLIOS = (
    GasPortfolio("1-option", "1 option", STANDARD, (_option(0, 0, 13),)),
    GasPortfolio("8-mixed", "8 mixed", STANDARD, _mixed(COUNT)),
    GasPortfolio("32-linear", "32 linear", STANDARD, _among(0)),
    GasPortfolio("32-mixed", "32 mixed", STANDARD, _mixed(4 * COUNT)),
    GasPortfolio("32-options-1-expiry", "32 options of 1 expiry", STANDARD, tuple(_option(0, 0, n) for n in range(32))),
    GasPortfolio("32-options", "32 options of 32 expiries", STANDARD, _own_expiries(32)),
    GasPortfolio("1-option", "1 option", PORTFOLIO, (_option(0, 0, 13),)),
    GasPortfolio("8-mixed", "8 mixed", PORTFOLIO, _mixed(COUNT)),
    GasPortfolio("12-1-expiry", "12 options of 1 expiry", PORTFOLIO, tuple(_option(0, 0, 10 + n) for n in range(12))),
    GasPortfolio("12-of-32", "12 options among 32", PORTFOLIO, _among(12)),
    GasPortfolio("20-of-32", "20 options among 32", PORTFOLIO, _among(20)),
    GasPortfolio("24-of-32", "24 options, 8 perps", PORTFOLIO, _among(24)),
)
