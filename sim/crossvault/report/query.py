"""The result of a query: as a table, as CSV, as JSON; amounts are exact."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO

from rich.console import RenderableType

from crossvault.report.console import table

_NUMBERS = ("INT", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "NUMBER")


def result_table(names: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]) -> RenderableType:
    """A result as a table; numbers are aligned to the right."""
    marks = (">" if any(each in kind.upper() for each in _NUMBERS) else "" for kind in types)
    made = table(*(mark + name for mark, name in zip(marks, names, strict=True)))
    for row in rows:
        made.add_row(*(cell_text(value) for value in row))
    return made


def write_csv(out: TextIO, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes a result as CSV, row by row."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([cell_text(value) for value in row])


def json_value(value: Any) -> Any:
    """A value as JSON: a decimal as exact text, a time as ISO 8601 in UTC."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    if isinstance(value, dict):
        return {str(name): json_value(each) for name, each in value.items()}
    return cell_text(value)


def cell_text(value: Any) -> str:
    """A value as text: a decimal without the zeros at its end, a time as ISO 8601 in UTC; empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    if isinstance(value, list | tuple | dict):
        return json.dumps(json_value(value), separators=(",", ":"))
    return str(value)
