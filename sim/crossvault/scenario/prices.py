"""Published prices of a story: from written values, or from a CSV or Parquet file of bars.

A file has the columns `timestamp` (open of the bar, epoch seconds, UTC), `venue, market, symbol, interval_s`, and
`open, high, low, close` (decimal text; a double of a Parquet file is read as its shortest decimal text).
An open is known at the open of its bar; high, low and close are known, and published, at its end. `path: ohlc` prints
a bar four times inside it: open, then low and high (high first when the bar falls), then close at three quarters.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from crossvault.mirror.fixed import CAP
from crossvault.scenario import quantity
from crossvault.scenario.source import did_you_mean

FILTERS = ("venue", "market", "symbol", "interval_s")
FIGURES = ("open", "high", "low", "close")
COLUMNS = ("timestamp", *FILTERS, *FIGURES)


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


Row = tuple[int, dict[str, str]]


def found(file: str, scenario: Path) -> Path:
    """Path of a data file: in the folder of the scenario, or in $CROSSVAULT_DATA (default ../shared/data)."""
    own = os.environ.get("CROSSVAULT_DATA")
    around = (Path.cwd(), Path(__file__).resolve().parents[3])
    shared = [Path(own)] if own else [place.parent / "shared" / "data" for place in around]
    folders = list(dict.fromkeys([scenario.parent, *shared]))
    for folder in folders:
        if (path := folder / file).is_file():
            return path
    looked = ", ".join(os.path.relpath(folder) for folder in folders)
    raise ValueError(f"{file!r} was not found in {looked}; set CROSSVAULT_DATA to the folder of the data")


def bars(path: Path, where: Mapping[str, str]) -> list[Bar]:
    """Reads the bars of one series. Raises ValueError for an invalid bar, or if not exactly one series matches."""
    result: list[Bar] = []
    series: tuple[str, ...] | None = None
    seen: dict[str, dict[str, None]] = {name: {} for name in where}
    for line, row in _rows(path):
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
            if result and bar.at <= result[-1].at:
                raise ValueError(f"timestamp {bar.at} does not come after {result[-1].at}")
        except ValueError as error:
            raise ValueError(f"{path.name}:{line}: {error}") from None
        result.append(bar)
    if not result:
        wrong = [name for name in where if where[name] not in seen[name]]
        hints = [f"; {name}: {did_you_mean(where[name], seen[name])}" for name in wrong]
        filters = ", ".join(f"{name}={value}" for name, value in where.items())
        raise ValueError(f"no row of {path.name} has {filters or 'data'}{''.join(hints)}")
    return result


def prints(series: list[Bar], column: str | None) -> Iterator[Print]:
    """Yields the prices of a series: one column, or without one the path inside each bar."""
    for bar in series:
        if column is not None:
            known_at = bar.at if column == "open" else bar.at + bar.secs
            yield Print(known_at, getattr(bar, column))
            continue
        between = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
        for quarter, price_wad in enumerate((bar.open, *between, bar.close)):
            yield Print(bar.at + quarter * bar.secs // 4, price_wad)


def _bar(row: Mapping[str, str]) -> Bar:
    times = []
    for name in ("timestamp", "interval_s"):
        if not row[name].isdecimal() or len(row[name]) > 12:
            raise ValueError(f"{name}: {row[name]!r} is not a whole number of seconds")
        times.append(int(row[name]))
    if times[1] == 0:
        raise ValueError("interval_s: expected more than 0 seconds")
    figures = {}
    for name in FIGURES:
        try:
            figures[name] = quantity.data_price(row[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        if not 0 < figures[name] <= CAP:
            raise ValueError(f"{name}: {row[name]!r} is not a price: expected more than 0 and at most 2^96 - 1 wad")
    bar = Bar(times[0], times[1], **figures)
    if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
        raise ValueError("open and close are not between low and high")
    return bar


def _rows(path: Path) -> Iterator[Row]:
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    if path.suffix == ".csv":
        return _csv_rows(path)
    raise ValueError(f"{path.name}: unknown format {path.suffix!r}: expected .csv or .parquet")


def _csv_rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restval="")
            _require_columns(path, reader.fieldnames or ())
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name}: cannot be read: {error}") from None


def _parquet_rows(path: Path) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        _require_columns(path, file.schema_arrow.names)
        for first, batch in enumerate(file.iter_batches(columns=list(COLUMNS), batch_size=8192)):
            for i, row in enumerate(batch.to_pylist()):
                yield first * 8192 + i + 1, {name: str(value) for name, value in row.items()}
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path.name}: cannot be read: {error}") from None


def _require_columns(path: Path, names: object) -> None:
    present = list(names) if isinstance(names, list | tuple) else []
    for name in COLUMNS:
        if name not in present:
            raise ValueError(f"{path.name}:1: column {name!r} is missing: {did_you_mean(name, present)}")
