"""Study of capital efficiency: capital saved by cross margin, by kind of book and method, and the risk it adds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from crossvault.mirror.account import PORTFOLIO, STANDARD
from crossvault.sweep import draws, path_replay, paths
from crossvault.sweep.floats import FloatEngine
from crossvault.sweep.instruments import Market
from crossvault.sweep.path_replay import Progress, ReplayedBooks
from crossvault.sweep.path_statistics import change
from crossvault.sweep.population import Amounts, Floats, Population

METHODS = {"standard": STANDARD, "portfolio": PORTFOLIO}
BINS = 20
UNCOVERED = tuple(each for each in draws.KINDS if each != "covered")
REPLAYED = (  # without options a market takes a fiftieth of the time
    ReplayedBooks("all but covered", UNCOVERED, None, 400, 16),
    ReplayedBooks("pairs", ("pairs",), PORTFOLIO, 200, 64),
)


def study(accounts: int, underlyings: int, seed: int, progress: Progress | None = None) -> dict[str, Any]:
    """Runs the study; every account and every path is drawn from the seed."""
    market = draws.random_market(underlyings, seed)
    population, kinds = draws.random_population(market, accounts, seed)
    found: dict[str, Any] = {
        "accounts": accounts,
        "underlyings": underlyings,
        "seed": seed,
        "scenarios": len(market.state.model.data.rules.scenarios),
        "efficiency": efficiency(market, population, np.array(draws.KINDS)[kinds]),
        "steps": paths.STEPS,
        "step_secs": paths.STEP_SECS,
        "buffer": path_replay.BUFFER,
        "replayed": [],
        "replay": [],
        "breakdown": [],
    }
    done = 0
    for each in REPLAYED:
        _replay(found, market, each, _offset(progress, done))
        done += each.markets
    return found


def markets() -> int:
    """Number of markets in the study."""
    return sum(each.markets for each in REPLAYED)


def _offset(progress: Progress | None, before: int) -> Progress | None:
    return None if progress is None else lambda done: progress(before + done)


def _replay(found: dict[str, Any], market: Market, of: ReplayedBooks, progress: Progress | None) -> None:
    """Replays books and adds their statistics."""
    seed, count = found["seed"], min(found["accounts"], of.accounts)
    drawn, _ = draws.random_population(market, count, seed, of.kinds)
    statistics, name = path_replay.replay(market, drawn, seed, of, progress), {"books": of.name}
    method = next((method for method, mode in METHODS.items() if mode == of.mode), "cheaper")
    found["replayed"].append(name | {"method": method, "accounts": count, "paths": of.paths})
    for (regime, held), each in statistics.items():
        found["replay"].append(name | {"correlation": regime, "held": held} | each.row())
    calm, broken = paths.REGIMES
    for held in path_replay.HOLDERS:
        found["breakdown"].append(name | {"held": held} | change(statistics[calm, held], statistics[broken, held]))


def efficiency(market: Market, population: Population, kinds: Any) -> list[dict[str, Any]]:
    """Share of the capital of isolated positions (standard margin) that each method saves, by kind of book.

    Positions have no unrealised profit; both sides include the haircut of collateral.
    """
    engine, nothing = FloatEngine(market), Amounts.of([0] * len(population.columns))
    options = population.columns % draws.PER_UNDERLYING > len(draws.DAYS)
    marks = np.where(options, 0.0, engine.quotes.marks[population.columns])
    opened = replace(population, quotes=draws.amounts(-population.sizes.floats() * marks, np.random.default_rng(0)))
    figures = {name: engine.figures(opened.in_mode(mode)) for name, mode in METHODS.items()}
    alone = np.bincount(opened.owners(), engine.figures(opened.singles().in_mode(STANDARD)).capital, len(opened))
    bare = replace(opened.in_mode(STANDARD), columns=opened.columns[:0], sizes=nothing.part(0, 0))
    bare = replace(bare, quotes=nothing.part(0, 0), starts=np.zeros(len(opened) + 1, np.int64))
    isolated = alone + engine.figures(bare).capital
    found = []
    for kind in (*draws.KINDS, "all"):
        mine = (isolated > 0) & ((kinds == kind) | (kind == "all"))
        for name, each in figures.items():
            row = {"kind": kind, "method": name, "accounts": int(mine.sum())}
            row |= _spread(1 - each.capital[mine] / isolated[mine], each.efficiency[mine])
            multiplier = float(isolated[mine].sum() / max(each.capital[mine].sum(), 1e-9))
            found.append(row | {"capital_multiplier": round(multiplier, 2)})
    return found


def _spread(saved: Floats, own: Floats) -> dict[str, Any]:
    """Quantiles of the share of isolated capital that is saved [per cent], and accounts in each of 20 bins.

    `requirement`: the median efficiency of initial requirements, each by its own method.
    """
    if not len(saved):
        return {}
    saved = np.round(saved, 9) + 0.0  # no minus zero
    low, middle, high = (round(100 * float(each), 1) for each in np.quantile(saved, [0.1, 0.5, 0.9]))
    counts, _ = np.histogram(np.clip(saved, -1, 1), BINS, (-1, 1))
    return {
        "tenth_pct": low,
        "median_pct": middle,
        "ninetieth_pct": high,
        "requirement_median_pct": round(100 * float(np.nanmedian(own) if np.isfinite(own).any() else 0.0), 1),
        "histogram": counts.tolist(),
    }
