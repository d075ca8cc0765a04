"""What cross margin costs: the same books with the same capital, as one account and position by position, along paths.

A book has no profit at first, and as one account it has the method of margin that asks for less. What is liquidated is
closed at mark at the first step at which its maintenance margin is negative, without a fee; what it has lost by then is
realised, and what is below zero is a shortfall of the vault. Vols keep their smile over moneyness, and half a day
passes at each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from sim.mirror import market as instruments
from sim.mirror.account import PORTFOLIO, STANDARD
from sim.sweep import books, quotes
from sim.sweep.floats import Engine
from sim.sweep.market import Market
from sim.sweep.population import Floats, Ints, Population

STEPS, STEP_SECS = 12, 12 * 3_600
VOL, COUPLING = 0.8, 0.6  # [per root of a year] without jumps, and the correlation that the parameters assume
JUMP_RATE, JUMP = 0.08, 0.12  # per step, and its deviation
BUFFER = 1.2  # capital over what initial margin asks for
REGIMES = ("holds", "breaks")
HOLDERS = ("isolated", "cross", "cross, lean")

Progress = Callable[[int, int], None]  # markets done, markets in all


@dataclass(frozen=True)
class Side:
    """One way to hold the books: its accounts, whose they are, and the capital of each account at first."""

    name: str
    population: Population
    owner: Ints
    capital: Floats


@dataclass
class Fate:
    """What became of one way to hold the books on one path."""

    alive: Ints
    lost: Floats
    short: Floats


def moves(seed: int, path: int, underlyings: int, regime: str) -> Floats:
    """Logarithms of prices over those at first [steps, U]: a shared factor that jumps, and one of each underlying.

    Both regimes have the same draws; where correlation breaks, every second underlying, in an order drawn for the path,
    follows the shared factor the other way.
    """
    rng = np.random.default_rng([seed, path])
    scale = VOL * sqrt(STEP_SECS / quotes.YEAR)
    shared = rng.normal(0, scale, STEPS) + (rng.random(STEPS) < JUMP_RATE) * rng.normal(0, JUMP, STEPS)
    own = rng.normal(0, scale, (STEPS, underlyings))
    against = rng.permutation(underlyings) % 2 == 1
    turns = np.where(against & (regime == "breaks"), -1.0, 1.0)
    return np.cumsum(shared[:, None] * turns * sqrt(COUPLING) + own * sqrt(1 - COUPLING), axis=0)


def along(first: Market, path: Floats) -> Iterator[Market]:
    """The market at each step of a path; the ledger of the first is changed in place and left as it was."""
    state, now = first.state, first.now
    spots = [state.prices[i].index for i in range(first.underlyings)]
    futures = [each for each in first.instruments if instruments.kind_of(each) == instruments.FUTURE]
    forwards = [first.curve(each).forward for each in futures]
    for number in range(len(path) + 1):
        at = now if number == len(path) else now + (number + 1) * STEP_SECS
        factors = np.ones(first.underlyings) if number == len(path) else np.exp(path[number])
        for i, spot in enumerate(spots):
            price = state.prices[i]
            price.index = price.stable = int(spot * float(factors[i]))
            price.premium, price.published_at = price.index // 2_000, at
        for each, forward in zip(futures, forwards, strict=True):
            curve = first.curve(each)
            curve.forward = int(forward * float(factors[instruments.underlying_of(each)]))
            curve.svi = curve.svi._replace(ref_forward=curve.forward)
            curve.published_at = curve.surface_published_at = at
        if number < len(path):
            yield Market(state, at, first.instruments)


def sides_of(first: Market, drawn: Population) -> list[Side]:
    """The books as one account each and position by position, with the same capital and with their own."""
    engine, rng = Engine(first), np.random.default_rng(0)
    marks, linear = engine.quotes.marks[drawn.columns], drawn.columns % books.PER_UNDERLYING <= len(books.DAYS)
    values = drawn.sizes.floats() * marks
    fresh = replace(drawn, quotes=books.amounts(np.where(linear, -values, 0.0), rng))
    worth = np.where(linear, 0.0, values)
    alone = fresh.singles().in_mode(STANDARD)
    needed = BUFFER * np.maximum(0.0, engine.figures(alone).capital)
    owner, count = drawn.owners(), len(drawn)
    capital, held = (np.bincount(owner, each, count).astype(float) for each in (needed, worth))
    asked = {mode: engine.figures(fresh.in_mode(mode)).capital for mode in (STANDARD, PORTFOLIO)}
    whole = replace(fresh, modes=np.where(asked[PORTFOLIO] < asked[STANDARD], PORTFOLIO, STANDARD))
    own = BUFFER * np.minimum(asked[PORTFOLIO], asked[STANDARD])
    return [
        Side(HOLDERS[0], replace(alone, cash=books.amounts(needed - worth, rng)), owner, needed),
        Side(HOLDERS[1], replace(whole, cash=books.amounts(capital - held, rng)), np.arange(count), capital),
        Side(HOLDERS[2], replace(whole, cash=books.amounts(own - held, rng)), np.arange(count), own),
    ]


def fate(side: Side) -> Fate:
    """Nothing has happened yet."""
    count = len(side.population)
    return Fate(np.ones(count, np.int64), np.zeros(count), np.zeros(count))


def pass_by(engine: Engine, side: Side, so_far: Fate) -> None:
    """Liquidates what fails maintenance margin at the prices of an engine."""
    figures = engine.figures(side.population)
    failed = (figures.maintenance_margin < -1e-9 * side.capital - 1e-12) & (so_far.alive == 1)
    so_far.lost[failed] = (side.capital - figures.equity)[failed]
    so_far.short[failed] = np.maximum(0.0, -figures.equity[failed])
    so_far.alive[failed] = 0


def replay(
    first: Market, drawn: Population, seed: int, paths: int, progress: Progress | None = None
) -> list[dict[str, object]]:
    """Liquidations and losses by regime and way to hold, over all paths."""
    sides, found, done, total = sides_of(first, drawn), [], 0, len(REGIMES) * paths * STEPS
    for regime in REGIMES:
        fates: list[list[Fate]] = []
        for path in range(paths):
            mine = [fate(each) for each in sides]
            for at in along(first, moves(seed, path, first.underlyings, regime)):
                engine = Engine(at)
                for side, so_far in zip(sides, mine, strict=True):
                    pass_by(engine, side, so_far)
                done += 1
                if progress is not None:
                    progress(done, total)
            fates.append(mine)
        for place, side in enumerate(sides):
            found.append({"correlation": regime} | _summed(side, [each[place] for each in fates], len(drawn)))
    return found


def _summed(side: Side, fates: Sequence[Fate], accounts: int) -> dict[str, object]:
    """Shares of accounts and of capital, over all paths."""
    touched = [np.bincount(side.owner, 1 - each.alive, accounts) > 0 for each in fates]
    lost, short = (np.mean([getattr(each, of).sum() for each in fates]) for of in ("lost", "short"))
    capital, hit = float(side.capital.sum()), float(np.mean(touched))
    each_lost = [np.bincount(side.owner, each.lost, accounts) for each in fates]
    share = [
        a[b] / c[b] for a, b, c in
        zip(each_lost, touched, [np.bincount(side.owner, side.capital, accounts)] * len(fates), strict=True)
    ]  # fmt: skip
    parts = np.concatenate(share)
    return {
        "held": side.name,
        "capital_usd": round(capital / accounts, 2),
        "liquidated_pct": round(100 * hit, 2),
        "positions_closed_pct": round(100 * _closed(side, fates), 2),
        "lost_pct_of_capital": round(100 * float(lost) / capital, 3),
        "median_loss_pct_where_liquidated": round(100 * float(np.median(parts)), 1) if len(parts) else None,
        "shortfall_pct_of_capital": round(100 * float(short) / capital, 4),
    }


def _closed(side: Side, fates: Sequence[Fate]) -> float:
    """Part of all positions that liquidations closed."""
    sizes = np.diff(side.population.starts)
    return float(np.mean([(sizes * (1 - each.alive)).sum() / max(1, sizes.sum()) for each in fates]))
