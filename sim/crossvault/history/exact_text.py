"""Values of rows as text: amounts as exact decimals, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crossvault.history.table_schema import Column

_PLACES = {"wad": 18, "ray": 27}


def decimal_text(value: int, places: int) -> str:
    """A scaled integer as a decimal, exactly, without zeros at its end: `-12.5`."""
    whole, rest = divmod(abs(value), 10**places)
    fraction = f"{rest:0{places}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"


def utc_text(at: int) -> str:
    """A time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def value_text(column: Column, value: Any) -> str | None:
    """A value of a row as text; None where there is none."""
    if value is None:
        return None
    if column.kind in _PLACES:
        return decimal_text(value, _PLACES[column.kind])
    if column.kind == "time":
        return utc_text(value)
    return str(value).lower() if column.kind == "bool" else str(value)
