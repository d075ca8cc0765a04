"""The part of docs/tables.md that states the schema, made of the code; run as a program, it prints it."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.history.table_schema import TABLES, Column, TableSchema

QUOTE = "USDC"
KINDS = {"wad": "decimal", "ray": "text", "integer": "integer", "bool": "boolean", "text": "text", "time": "time"}
UNITS = {"quote": QUOTE, "base": "whole units", "token": "whole tokens", "ratio": "ratio", "json": "JSON"}


def schema_lines() -> Iterator[str]:
    """The lines of all tables."""
    for table in TABLES:
        yield from table_lines(table)


def table_lines(table: TableSchema) -> Iterator[str]:
    """The heading of a table, and a line for each column."""
    yield f"### `{table.name}`"
    yield f"A row is {table.meaning}."
    yield ""
    yield "| Column | Kind | Meaning |"
    yield "|---|---|---|"
    for column, name in zip(table.columns, table.names(QUOTE), strict=True):
        yield f"| `{name}` | {kind(column)} | {column.meaning} |"
    yield ""


def kind(column: Column) -> str:
    """The kind of a column with its unit, and whether it may be empty."""
    parts = [KINDS[column.kind], *([UNITS[column.unit]] if column.unit in UNITS else [])]
    return ", ".join([*parts, *(["may be empty"] if column.is_empty else [])])


if __name__ == "__main__":
    print("\n".join(schema_lines()))
