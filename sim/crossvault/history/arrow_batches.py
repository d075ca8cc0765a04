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
    """Rows of a table as a batch, whose amounts fit."""
    arrays = []
    for place, (column, field) in enumerate(zip(table.columns, schema, strict=True)):
        values = [row[place] for row in rows]
        if pa.types.is_decimal(field.type):
            arrays.append(_decimals(values, field.type))
        elif column.kind in ("wad", "ray"):
            arrays.append(pa.array([value_text(column, value) for value in values], field.type))
        elif column.kind == "time":
            micros = [None if value is None else value * _MICROS for value in values]
            arrays.append(pa.array(micros, pa.int64()).cast(field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _decimals(values: Sequence[int | None], kind: pa.DataType) -> pa.Array:
    data = b"".join((value or 0).to_bytes(16, "little", signed=True) for value in values)
    present = [value is not None for value in values]
    valid = None if all(present) else pa.array(present).buffers()[1]
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(data)])


class RowBatches:
    """Rows of several tables, collected into batches of one table each.

    schemas: of the tables, by name.
    """

    def __init__(self, tables: Sequence[TableSchema], quote: str, as_text: bool, zone: str | None = "UTC") -> None:
        """As `arrow_schema`."""
        self.schemas = {each.name: arrow_schema(each, quote, as_text, zone) for each in tables}
        self._tables = {each.name: each for each in tables}
        self._rows: dict[str, list[Sequence[Any]]] = {name: [] for name in self.schemas}
        self._amounts = {
            name: [place for place, each in enumerate(schema) if pa.types.is_decimal(each.type)]
            for name, schema in self.schemas.items()
        }

    def add(self, table: str, row: Sequence[Any]) -> pa.RecordBatch | None:
        """Adds a row; returns the batch that is full with it, if it is. Raises TooLarge."""
        for place in self._amounts[table]:
            value = row[place]
            if value is not None and not -_MOST < value < _MOST:
                text = value_text(self._tables[table].columns[place], value)
                what = (
                    f"{table}.{self.schemas[table].names[place]} of step {row[0]}: {text} does not fit decimal(38, 18)"
                )
                raise TooLarge(f"--text: {what}; with --text every amount is text")
        rows = self._rows[table]
        rows.append(row)
        return self.rest(table) if len(rows) >= ROWS else None

    def rest(self, table: str) -> pa.RecordBatch | None:
        """The batch of the rows that wait; None where there are none."""
        rows, self._rows[table] = self._rows[table], []
        return record_batch(self._tables[table], self.schemas[table], rows) if rows else None
