"""Tables as Parquet files in a directory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from crossvault.history.arrow_batches import RowBatches
from crossvault.history.table_output import ABOUT_FILE, About, about_document
from crossvault.history.table_schema import SCHEMA_VERSION, TableSchema


class ParquetTables:
    """Writes `TABLE.parquet` for each table and `about.json` into a new directory."""

    def __init__(self, folder: Path, tables: Sequence[TableSchema], quote: str, as_text: bool) -> None:
        self._folder, self._tables, self._quote = folder, {table.name: table for table in tables}, quote
        folder.mkdir()
        version = {"crossvault.schema_version": str(SCHEMA_VERSION)}
        self._batches = RowBatches(tables, quote, as_text)
        self._writers = {
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema.with_metadata(version), compression="zstd")
            for name, schema in self._batches.schemas.items()
        }

    def write(self, table: str, row: Sequence[Any]) -> None:
        """Adds a row to a table. Raises TooLarge."""
        if batch := self._batches.add(table, row):
            self._writers[table].write_batch(batch)

    def finish(self, about: About) -> None:
        """Writes the rest."""
        for name, writer in self._writers.items():
            if batch := self._batches.rest(name):
                writer.write_batch(batch)
            writer.close()
        text = json.dumps(about_document(about, tuple(self._tables.values()), self._quote), indent=2)
        (self._folder / ABOUT_FILE).write_text(text + "\n", encoding="utf8")

    def abandon(self) -> None:
        """Closes all files."""
        for writer in self._writers.values():
            writer.close()
