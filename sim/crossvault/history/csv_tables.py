"""Tables as CSV files in a directory: every amount an exact decimal, every time ISO 8601 in UTC."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from crossvault.history.exact_text import value_text
from crossvault.history.table_output import ABOUT_FILE, About, about_document
from crossvault.history.table_schema import TableSchema


class CsvTables:
    """Writes `TABLE.csv` for each table and `about.json` into a new directory."""

    def __init__(self, folder: Path, tables: Sequence[TableSchema], quote: str) -> None:
        self._folder, self._tables, self._quote = folder, {table.name: table for table in tables}, quote
        folder.mkdir()
        self._files = ExitStack()
        self._writers = {}
        for table in tables:
            out = self._files.enter_context((folder / f"{table.name}.csv").open("w", encoding="utf8", newline=""))
            self._writers[table.name] = csv.writer(out, lineterminator="\n")
            self._writers[table.name].writerow(table.names(quote))

    def write(self, table: str, row: Sequence[Any]) -> None:
        """Adds a row to a table."""
        columns = self._tables[table].columns
        texts = [value_text(column, value) for column, value in zip(columns, row, strict=True)]
        self._writers[table].writerow(["" if text is None else text for text in texts])

    def finish(self, about: About) -> None:
        """Writes the rest."""
        self._files.close()
        text = json.dumps(about_document(about, tuple(self._tables.values()), self._quote), indent=2)
        (self._folder / ABOUT_FILE).write_text(text + "\n", encoding="utf8")

    def abandon(self) -> None:
        """Closes all files."""
        self._files.close()
