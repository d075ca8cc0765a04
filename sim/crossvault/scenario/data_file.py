"""Market data files: the folders where one is looked for, and its rows as text by column, from CSV or Parquet."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from crossvault.scenario.source import did_you_mean

VARIABLE = "CROSSVAULT_DATA"

Row = tuple[str, dict[str, str]]  # where it is, as `bars.csv:3`, and its cells by column

_BATCH = 8192
_DELIMITERS = {";": "';'", "\t": "a tab", "|": "'|'"}
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def user_folder() -> Path:
    """The user's folder of market data: `crossvault` in $XDG_DATA_HOME, which is ~/.local/share by default."""
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if os.path.isabs(home) else Path.home() / ".local" / "share") / "crossvault"


def located(file: str, beside: Path, what: str = "the folder of the scenario") -> Path:
    """Path of a data file: in the folder of a file, in $CROSSVAULT_DATA, or in the user's folder."""
    own = os.environ.get(VARIABLE)
    folders = [(beside.parent, what), (user_folder(), "the user's data folder")]
    if own:
        folders.insert(1, (Path(own), f"${VARIABLE}"))
    for folder, _ in folders:
        if (path := folder / file).is_file():
            return path
    looked = ", ".join(f"{folder.absolute()} ({what})" for folder, what in folders)
    unset = "" if own else f"; set {VARIABLE} to the folder that has it"
    raise ValueError(f"{file!r} was not found in {looked}{unset}")


def rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yields the rows of a file that has these columns and perhaps others. Raises ValueError: file, line, column."""
    kind = path.suffix.lower()
    if kind == ".parquet":
        return _parquet_rows(path, columns)
    if kind == ".csv":
        return _csv_rows(path, columns)
    raise ValueError(f"{path.name}: unknown format {path.suffix!r}: expected .csv or .parquet")


def _csv_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            try:
                header = next(reader, [])
                _require_columns(f"{path.name}:1", header, columns)
                for cells in reader:
                    if cells:
                        where = f"{path.name}:{reader.line_num}"
                        _require_as_many(where, header, cells)
                        yield where, dict(zip(header, cells, strict=True))
            except csv.Error as error:
                raise ValueError(f"{path.name}:{reader.line_num}: cannot be read: {error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: is not text in UTF-8") from None
    except OSError as error:
        raise ValueError(f"{path.name}: cannot be read: {error}") from None


def _require_as_many(where: str, header: Sequence[str], cells: Sequence[str]) -> None:
    """Requires a cell for every column and none beyond: the cells of another row would stand for other columns."""
    wide, found = len(header), len(cells)
    if found < wide:
        raise ValueError(f"{where}: column {found + 1}: {header[found]!r} is missing: {found} cells for {wide} columns")
    if found > wide:
        comma = (
            "; a number with a decimal comma is two cells: write 201.5, not 201,5" if _has_comma(cells, wide) else ""
        )
        raise ValueError(
            f"{where}: column {wide + 1}: {cells[wide]!r} is beyond the {wide} columns of the header{comma}"
        )


def _has_comma(cells: Sequence[str], wide: int) -> bool:
    """Whether the cells beyond the header may be decimals that a comma cut off."""
    return all(cell.strip().isdecimal() for cell in cells[wide:])


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        _require_columns(path.name, file.schema_arrow.names, columns)
        number = 0
        for batch in file.iter_batches(columns=list(columns), batch_size=_BATCH):
            texts = [_texts(batch.column(name)) for name in columns]
            for cells in zip(*texts, strict=True):
                number += 1
                yield f"{path.name}: row {number}", dict(zip(columns, cells, strict=True))
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path.name}: cannot be read: {error}") from None


def _texts(column: Any) -> Iterable[str]:
    """The cells of a column as text; timestamps and durations as seconds, nothing as empty text."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_timestamp(kind) or pyarrow.types.is_duration(kind):
        per_second = _PER_SECOND[kind.unit]
        return ["" if ticks is None else _seconds(ticks, per_second) for ticks in column.cast("int64").to_pylist()]
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _seconds(ticks: int, per_second: int) -> str:
    whole, rest = divmod(ticks, per_second)
    return f"{whole}.{rest:0{len(str(per_second)) - 1}d}" if rest else str(whole)


def _require_columns(where: str, present: Sequence[str], columns: Sequence[str]) -> None:
    if len(present) == 1:
        for delimiter, name in _DELIMITERS.items():
            if delimiter in present[0]:
                raise ValueError(f"{where}: the columns are separated by {name}: expected ','")
    for column in columns:
        if column not in present:
            raise ValueError(f"{where}: column {column!r} is missing: {did_you_mean(column, present)}")
    for number, column in enumerate(present, 1):
        if column in present[: number - 1] and column in columns:
            raise ValueError(f"{where}: column {number}: {column!r} appears twice")
