"""Tables as a DuckDB database in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from crossvault.history.arrow_batches import RowBatches
from crossvault.history.table_output import ABOUT, About, TablesLost
from crossvault.history.table_schema import SCHEMA_VERSION, Column, TableSchema

_TYPES = {"integer": "BIGINT", "bool": "BOOLEAN", "time": "TIMESTAMP", "wad": "DECIMAL(38, 18)"}
MEMORY = "512MB"  # what a database may hold of what is written to it


class DuckdbTables:
    """Writes tables into a new database, and a table `about` of names and values that describes them.

    A time is a TIMESTAMP in UTC, as the name of its column states. base: the open database.
    """

    def __init__(self, path: Path, tables: Sequence[TableSchema], quote: str, as_text: bool) -> None:
        self._tables = {table.name: table for table in tables}
        self._batches = RowBatches(tables, quote, as_text, zone=None)
        with _written():
            self.base = duckdb.connect(str(path), config={"memory_limit": MEMORY, "threads": 2})
        self.base.execute("SET enable_external_access = false")  # it is this file, and no other
        self.base.execute("BEGIN")
        self.base.execute(f"CREATE TABLE {ABOUT} (name VARCHAR NOT NULL, value VARCHAR NOT NULL)")
        for table in tables:
            self.base.execute(_declaration(table, quote, as_text))
        with _written():
            self.base.execute("COMMIT")

    def describe(self, quote: str) -> None:
        """Adds the meaning of every table and column as a comment."""
        self.base.execute("BEGIN")
        for table in self._tables.values():
            self.base.execute(f'COMMENT ON TABLE "{table.name}" IS {_quoted(table.meaning)}')
            for name, column in zip(table.names(quote), table.columns, strict=True):
                self.base.execute(f'COMMENT ON COLUMN "{table.name}"."{name}" IS {_quoted(column.meaning)}')
        with _written():
            self.base.execute("COMMIT")

    def write(self, table: str, row: Sequence[Any]) -> None:
        """Adds a row to a table. Raises TooLarge, TablesLost."""
        if batch := self._batches.add(table, row):
            with _written():
                self._insert(table, batch)

    def finish(self, about: About) -> None:
        """Writes the rest and closes the database. Raises TablesLost."""
        pairs = {"schema_version": str(SCHEMA_VERSION), **about}
        with _written():
            for name in self._tables:
                if batch := self._batches.rest(name):
                    self._insert(name, batch)
            self.base.executemany(f"INSERT INTO {ABOUT} VALUES (?, ?)", [list(pair) for pair in pairs.items()])
            self.base.close()

    def abandon(self) -> None:
        """Closes the database."""
        self.base.close()

    def _insert(self, name: str, batch: pa.RecordBatch) -> None:
        self.base.register("batch", pa.Table.from_batches([batch]))
        self.base.execute(f'INSERT INTO "{name}" SELECT * FROM batch')
        self.base.unregister("batch")


@contextmanager
def _written() -> Iterator[None]:
    """Raises TablesLost for what the system refuses."""
    try:
        yield
    except (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException) as lost:
        raise TablesLost(f"the database cannot be written: {str(lost).rpartition(': ')[2].strip()}") from lost


def _declaration(table: TableSchema, quote: str, as_text: bool) -> str:
    columns = (
        f'"{name}" {_type(column, as_text)}{"" if column.is_empty else " NOT NULL"}'
        for name, column in zip(table.names(quote), table.columns, strict=True)
    )
    return f'CREATE TABLE "{table.name}" ({", ".join(columns)})'


def _type(column: Column, as_text: bool) -> str:
    return "VARCHAR" if as_text and column.kind == "wad" else _TYPES.get(column.kind, "VARCHAR")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
