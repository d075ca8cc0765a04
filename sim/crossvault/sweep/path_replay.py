"""The cost of cross margin: the same books with the same capital, as one account and position by position, along paths.

A book starts without profit. An account is closed at mark, without a fee, at the first step with a negative maintenance
margin; its loss is realised, and equity below zero is a shortfall of the vault. Other accounts are valued at mark at
the end of the path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from crossvault.mirror import market as instruments
from crossvault.mirror.account import PORTFOLIO, STANDARD
from crossvault.sweep import draws
from crossvault.sweep.account_arrays import Flags
from crossvault.sweep.floats import FloatEngine
from crossvault.sweep.instruments import Market
from crossvault.sweep.path_statistics import PathStatistics
from crossvault.sweep.paths import REGIMES, STEPS, along, moves
from crossvault.sweep.population import Floats, Ints, Population

BUFFER = 1.2  # capital over the initial requirement
HOLDERS = ("isolated", "cross", "cross, lean")

Progress = Callable[[int], None]  # markets done


class ReplayedBooks(NamedTuple):
    """ReplayedBooks to replay: their kinds, the margin mode, the number of accounts at most, and the number of paths.

    Without a mode, single positions have standard margin, and a whole book the method with the lower requirement.
    """

    name: str
    kinds: Sequence[str]
    mode: int | None
    accounts: int
    paths: int

    @property
    def markets(self) -> int:
        """Number of markets in a replay."""
        return len(REGIMES) * self.paths * STEPS


@dataclass(frozen=True)
class BookAccounts:
    """One way to hold the books: its accounts, the book of each, and the initial capital of each account."""

    name: str
    population: Population
    owner: Ints
    capital: Floats


@dataclass
class PathOutcome:
    """Outcome by account of one way to hold the books on one path; profit is frozen at liquidation."""

    alive: Flags
    profit: Floats
    lost: Floats
    short: Floats


def only_held(first: Market, drawn: Population) -> tuple[Market, Population]:
    """The market reduced to the instruments that accounts hold (each one costs time), and the same accounts."""
    held, columns = np.unique(drawn.columns, return_inverse=True)
    listed = tuple(first.instruments[each] for each in held)
    return Market(first.state, first.now, listed), replace(drawn, columns=columns.astype(np.int64))


def sides_of(first: Market, drawn: Population, mode: int | None = None) -> list[BookAccounts]:
    """The books position by position, and as one account each with the same capital or with their own."""
    engine, rng = FloatEngine(first), np.random.default_rng(0)
    options = np.array([instruments.is_option(instruments.kind_of(each)) for each in first.instruments])
    values = drawn.sizes.floats() * engine.quotes.marks[drawn.columns]
    worth = np.where(options[drawn.columns], values, 0.0)
    fresh = replace(drawn, quotes=draws.amounts(worth - values, rng))
    alone = fresh.singles().in_mode(STANDARD if mode is None else mode)
    needed = BUFFER * np.maximum(0.0, engine.figures(alone).capital)
    owner, count = drawn.owners(), len(drawn)
    capital, held = (np.bincount(owner, each, count).astype(float) for each in (needed, worth))
    allowed = (STANDARD, PORTFOLIO) if mode is None else (mode,)
    required = np.array([engine.figures(fresh.in_mode(each)).capital for each in allowed])
    whole = replace(fresh, modes=np.array(allowed, np.int64)[required.argmin(axis=0)])
    own = BUFFER * np.maximum(0.0, required.min(axis=0))
    return [
        BookAccounts(HOLDERS[0], replace(alone, cash=draws.amounts(needed - worth, rng)), owner, needed),
        BookAccounts(HOLDERS[1], replace(whole, cash=draws.amounts(capital - held, rng)), np.arange(count), capital),
        BookAccounts(HOLDERS[2], replace(whole, cash=draws.amounts(own - held, rng)), np.arange(count), own),
    ]


def unliquidated(side: BookAccounts) -> PathOutcome:
    """The outcome before the first step: every account alive."""
    count = len(side.population)
    return PathOutcome(np.ones(count, np.bool_), *np.zeros((3, count)))


def liquidate(engine: FloatEngine, side: BookAccounts, outcome: PathOutcome) -> None:
    """Liquidates the accounts below their maintenance requirement at the prices of an engine."""
    figures = engine.figures(side.population)
    outcome.profit = np.where(outcome.alive, figures.equity - side.capital, outcome.profit)
    failed = (figures.maintenance_margin < -1e-9 * side.capital - 1e-12) & outcome.alive
    outcome.lost[failed] = (side.capital - figures.equity)[failed]
    outcome.short[failed] = np.maximum(0.0, -figures.equity[failed])
    outcome.alive[failed] = False


def replay(
    first: Market, drawn: Population, seed: int, of: ReplayedBooks, progress: Progress | None = None
) -> dict[tuple[str, str], PathStatistics]:
    """Replays the books, and returns path statistics by regime and way to hold them."""
    first, drawn = only_held(first, drawn)
    sides = sides_of(first, drawn, of.mode)
    statistics: dict[tuple[str, str], PathStatistics] = {}
    for number, regime in enumerate(REGIMES):
        outcomes: list[list[PathOutcome]] = []
        for path in range(of.paths):
            outcomes.append([unliquidated(each) for each in sides])
            for step, at in enumerate(along(first, moves(seed, path, first.underlyings, regime))):
                engine = FloatEngine(at)
                for side, outcome in zip(sides, outcomes[-1], strict=True):
                    liquidate(engine, side, outcome)
                if progress is not None:
                    progress((number * of.paths + path) * STEPS + step + 1)
        for place, side in enumerate(sides):
            statistics[regime, side.name] = _statistics_of(side, [each[place] for each in outcomes], len(drawn))
    return statistics


def _statistics_of(side: BookAccounts, outcomes: Sequence[PathOutcome], owners: int) -> PathStatistics:
    sizes = np.diff(side.population.starts)

    def summed(values: Sequence[Any]) -> Floats:
        return np.array([np.bincount(side.owner, each, owners) for each in values], float)

    return PathStatistics(
        np.bincount(side.owner, side.capital, owners).astype(float),
        summed([~each.alive for each in outcomes]) > 0,
        summed([each.lost for each in outcomes]),
        summed([each.short for each in outcomes]),
        summed([each.profit for each in outcomes]),
        np.array([(sizes * ~each.alive).sum() for each in outcomes]) / max(1, sizes.sum()),
    )
