"""Losses of the classes of books that margin is calibrated for, from files of hourly bars and of a volatility index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossvault.mirror.fixed import WAD
from crossvault.scenario import data_file, prices, quantity
from crossvault.sweep.population import Floats
from crossvault.sweep.shortfall import moves

EVENTS = (
    "2020-03_black_thursday_1h.csv", "2021-05_crash_1h_perp_spot.csv", "2022-05_luna_1h.csv",
    "2022-06_steth_celsius_1h.csv", "2023-03_usdc_depeg_1h.csv",
)  # fmt: skip
VOLATILITY = "deribit_dvol_daily.csv"
UNDERLYINGS = ("ETH", "BTC")

HORIZON_SECS = 2 * 3600  # a print as old as the heartbeat, and the fast phase of an auction, in whole bars
VOL_HORIZON_SECS = 86_400  # the index is daily
MARK_BAND = 0.05  # of the presets: a mark is at most so far from the index

_BAR_SECS = 3600


@dataclass(frozen=True)
class EventPrices:
    """Prices of an underlying in one event: index [USD] at times [unix seconds], and the mark where there is a perp."""

    times: Floats
    index: Floats
    mark: Floats | None


def events(paths: Iterable[Path]) -> list[dict[str, EventPrices]]:
    """The markets of every event, by underlying. Raises ValueError for a file without their bars."""
    return [{name: _prices(path, name) for name in UNDERLYINGS} for path in paths]


def losses(by_event: Iterable[dict[str, EventPrices]], secs: int = HORIZON_SECS) -> dict[str, dict[str, Floats]]:
    """Losses over the horizon by class of book and book, each relative to the price of one leg."""
    found: dict[str, dict[str, list[Floats]]] = {}
    for event in by_event:
        for kind, book, loss in _losses(event, secs):
            found.setdefault(kind, {}).setdefault(book, []).append(loss)
    return {kind: {book: np.concatenate(each) for book, each in books.items()} for kind, books in found.items()}


def vol_losses(path: Path, secs: int = VOL_HORIZON_SECS) -> dict[str, dict[str, Floats]]:
    """Relative rises and falls of the implied volatility of every underlying in a day."""
    rows = list(data_file.rows(path, ("timestamp", "symbol", "dvol")))
    found: dict[str, dict[str, Floats]] = {"vol up": {}, "vol down": {}}
    for name in UNDERLYINGS:
        own = [row for _, row in rows if row["symbol"] == f"{name}_DVOL"]
        times = np.array([quantity.data_time(row["timestamp"]) for row in own], dtype=float)
        before, after = moves(times, np.array([quantity.data_price(row["dvol"]) / WAD for row in own]), secs)
        found["vol up"][f"{name} vol rises"] = after / before - 1
        found["vol down"][f"{name} vol falls"] = 1 - after / before
    return found


def _prices(path: Path, name: str) -> EventPrices:
    where = {"venue": "binance", "symbol": f"{name}USDT", "interval_s": str(_BAR_SECS)}
    spot = _closes(path, where | {"market": "spot"})
    times = np.array(sorted(spot), dtype=float)
    index = np.array([spot[int(at)] for at in times])
    try:
        perp = _closes(path, where | {"market": "perp"})
    except ValueError:
        return EventPrices(times, index, None)
    premium = np.array([perp.get(int(at), spot[int(at)]) for at in times]) / index - 1
    return EventPrices(times, index, index * (1 + np.clip(premium, -MARK_BAND, MARK_BAND)))


def _closes(path: Path, where: dict[str, str]) -> dict[int, float]:
    return {bar.ends_at: bar.close / WAD for bar in prices.bars(path, where)}


def _losses(event: dict[str, EventPrices], secs: int) -> Iterator[tuple[str, str, Floats]]:
    gains: dict[str, Floats] = {}
    for name, market in event.items():
        before, after = moves(market.times, market.index, secs)
        gains[name] = after / before - 1
        yield from _both("outright", name, gains[name])
        if market.mark is not None:
            mark_before, mark_after = moves(market.times, market.mark, secs)
            yield from _both("perp", f"{name}-PERP", mark_after / mark_before - 1)
            basis = (mark_after - after - mark_before + before) / before
            yield from _both("basis", f"{name}-PERP", basis, f" against {name}")
    eth, btc = (gains[name] for name in UNDERLYINGS)
    yield from _both("pair alike", "ETH and BTC", eth + btc)
    yield from _both("pair opposite", "ETH", eth - btc, " against BTC")


def _both(kind: str, book: str, gain: Floats, against: str = "") -> Iterator[tuple[str, str, Floats]]:
    yield kind, f"long {book}{against}", -gain
    yield kind, f"short {book}{against}", gain
