"""Published prices of a story: from written values, or from a CSV or Parquet file of bars.

A file has the columns `timestamp` (open of the bar, epoch seconds, UTC; in Parquet a timestamp type as well),
`venue, market, symbol, interval_s`, and `open, high, low, close` (decimal text; a double of a Parquet file is read as
its shortest decimal text). An open is known at the open of its bar; high, low and close are known, and published, at
its end. `path: ohlc` prints a bar four times inside it: open, then low and high (high first when the bar falls), then
close at three quarters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from crossvault.mirror.fixed import CAP
from crossvault.scenario import data_file, quantity
from crossvault.scenario.source import did_you_mean

FILTERS = ("venue", "market", "symbol", "interval_s")
FIGURES = ("open", "high", "low", "close")
COLUMNS = ("timestamp", *FILTERS, *FIGURES)

_MAX_NAMED = 3  # gaps that are listed one by one


class Print(NamedTuple):
    """A price [wad] at a time [unix seconds]."""

    at: int
    price_wad: int


class Bar(NamedTuple):
    """A bar: open time [unix seconds], length [seconds], and its four prices [wad]."""

    at: int
    secs: int
    open: int
    high: int
    low: int
    close: int

    @property
    def ends_at(self) -> int:
        """Time at which the next bar begins [unix seconds]."""
        return self.at + self.secs


def bars(path: Path, where: Mapping[str, str]) -> list[Bar]:
    """Reads the bars of one series. Raises ValueError for an invalid bar, or if not exactly one series matches."""
    result: list[Bar] = []
    series: tuple[str, ...] | None = None
    seen: dict[str, dict[str, None]] = {name: {} for name in where}
    for place, row in data_file.rows(path, COLUMNS):
        for name, values in seen.items():
            values[row[name]] = None
        if any(row[name] != value for name, value in where.items()):
            continue
        label = tuple(row[name] for name in FILTERS)
        try:
            if series not in (None, label):
                raise ValueError(f"two series match, {' '.join(series or ())} and {' '.join(label)}: add to 'where'")
            series = label
            bar = _bar(row)
            _require_after(bar, result)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        result.append(bar)
    if not result:
        wrong = [name for name in where if where[name] not in seen[name]]
        hints = [f"; {name}: {did_you_mean(where[name], seen[name])}" for name in wrong]
        filters = ", ".join(f"{name}={value}" for name, value in where.items())
        raise ValueError(f"no row of {path.name} has {filters or 'data'}{''.join(hints)}")
    return result


def prints(series: Sequence[Bar], column: str | None) -> Iterator[Print]:
    """Yields the prices of a series: one column, or without one the path inside each bar."""
    for bar in series:
        if column is not None:
            yield Print(bar.at if column == "open" else bar.ends_at, getattr(bar, column))
            continue
        between = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
        for quarter, price_wad in enumerate((bar.open, *between, bar.close)):
            yield Print(bar.at + quarter * bar.secs // 4, price_wad)


def gaps(series: Sequence[Bar], first: int, last: int | None) -> list[str]:
    """Where bars are missing between two times [unix seconds], in words: the last price before a gap holds in it."""
    found = [
        (one.ends_at, after.at) for one, after in pairwise(series)
        if one.ends_at < after.at and after.at > first and (last is None or one.ends_at < last)
    ]  # fmt: skip
    if last is not None and series and series[-1].ends_at < last:
        found.append((series[-1].ends_at, last))
    named = [
        f"no bars from {_utc(begins)} to {_utc(ends)} ({-((begins - ends) // series[0].secs)} missing): the price "
        "before them holds" for begins, ends in found[:_MAX_NAMED]
    ]  # fmt: skip
    more = len(found) - _MAX_NAMED
    return [*named, f"and {more:,} more gaps"] if more > 0 else named


def _require_after(bar: Bar, before: Sequence[Bar]) -> None:
    """Requires a bar that comes after the bars before it."""
    if before and bar.at <= before[-1].at:
        raise ValueError(f"timestamp {bar.at} does not come after {before[-1].at}")
    if before and bar.at < before[-1].ends_at:
        raise ValueError(f"timestamp {bar.at} is inside the bar before it: {before[-1].at} with interval_s {bar.secs}")


def _bar(row: Mapping[str, str]) -> Bar:
    secs = {}
    for name, reader in (("timestamp", quantity.data_time), ("interval_s", quantity.data_secs)):
        try:
            secs[name] = reader(row[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    figures = {}
    for name in FIGURES:
        try:
            figures[name] = quantity.data_price(row[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        if not 0 < figures[name] <= CAP:
            raise ValueError(f"{name}: {row[name]!r} is not a price: expected more than 0 and at most 2^96 - 1 wad")
    bar = Bar(secs["timestamp"], secs["interval_s"], **figures)
    if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
        raise ValueError("open and close are not between low and high")
    return bar


def _utc(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
