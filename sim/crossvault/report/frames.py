"""Rows as pandas frames: exact (wads as `Decimal`, raw amounts as `int`), times as UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from crossvault.history.table_schema import TableSchema

if TYPE_CHECKING:
    import pandas

_EXACT = Context(prec=100)


def decimal_of(wad: int, places: int = 18) -> Decimal:
    """A fixed-point number as an exact decimal."""
    return Decimal(wad).scaleb(-places, _EXACT) if wad else Decimal(0)


def moment(secs: int) -> datetime:
    """A time in UTC [unix seconds]."""
    return datetime.fromtimestamp(secs, UTC)


def frame(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> pandas.DataFrame:
    """A frame of columns, each with one kind of values."""
    import pandas

    return pandas.DataFrame(list(rows), columns=list(columns))


def frame_of(table: TableSchema, quote: str, rows: Iterable[Sequence[Any]]) -> pandas.DataFrame:
    """A table of a record as a frame, its columns named by the quote token."""
    places: Mapping[str, int] = {"wad": 18, "ray": 27}

    def value(kind: str, given: Any) -> Any:
        if given is None:
            return None
        if kind in places:
            return decimal_of(given, places[kind])
        return moment(given) if kind == "time" else given

    kinds = [column.kind for column in table.columns]
    return frame(table.names(quote), ([value(*pair) for pair in zip(kinds, row, strict=True)] for row in rows))
