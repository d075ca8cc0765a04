"""Rows as Arrow batches: amounts as decimal128(38, 18), built from their integers, so that no digit is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from crossvault.history.exact_text import value_text
from crossvault.history.table_output import TooLarge
from crossvault.history.table_schema import Column, TableSchema

ROWS = 16_384  # of a batch
_MOST = 10**38
_MICROS = 1_000_000


def arrow_schema(table: TableSchema, quote: str, as_text: bool, zone: str | None = "UTC") -> pa.Schema:
    """The Arrow schema of a table. as_text: amounts are text, which holds every number; zone: that of times."""
    fields = [
        pa.field(name, _type(column, as_text, zone), nullable=column.is_empty, metadata={"meaning": column.meaning})
        for name, column in zip(table.names(quote), table.columns, strict=True)
    ]
    return pa.schema(fields)


def _type(column: Column, as_text: bool, zone: str | None) -> pa.DataType:
    if column.kind == "wad":
        return pa.string() if as_text else pa.decimal128(38, 18)
    types = {"integer": pa.int64(), "bool": pa.bool_(), "time": pa.timestamp("us", zone)}
    return types.get(column.kind, pa.string())


def record_batch(table: TableSchema, schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    """Rows of a table as a batch. Raises TooLarge."""
    arrays = []
    for place, (column, field) in enumerate(zip(table.columns, schema, strict=True)):
        values = [row[place] for row in rows]
        if pa.types.is_decimal(field.type):
            arrays.append(_decimals(table, place, rows, values, field))
        elif column.kind in ("wad", "ray"):
            arrays.append(pa.array([value_text(column, value) for value in values], field.type))
        elif column.kind == "time":
            micros = [None if value is None else value * _MICROS for value in values]
            arrays.append(pa.array(micros, pa.int64()).cast(field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _decimals(
    table: TableSchema, place: int, rows: Sequence[Sequence[Any]], values: list[int | None], field: pa.Field
) -> pa.Array:
    for row, value in zip(rows, values, strict=True):
        if value is not None and abs(value) >= _MOST:
            text = value_text(table.columns[place], value)
            what = f"{table.name}.{field.name} of step {row[0]}: {text} does not fit decimal(38, 18)"
            raise TooLarge(f"--text: {what}; with --text every amount is text")
    data = b"".join((value or 0).to_bytes(16, "little", signed=True) for value in values)
    empty = [value is not None for value in values]
    valid = None if all(empty) else pa.array(empty).buffers()[1]
    return pa.Array.from_buffers(field.type, len(values), [valid, pa.py_buffer(data)])
