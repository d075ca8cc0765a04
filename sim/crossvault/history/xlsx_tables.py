"""Tables as an Excel workbook: a sheet each, an amount as a number of Excel and exactly as text beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter

from crossvault.history.exact_text import value_text
from crossvault.history.table_output import ABOUT, About, about_document
from crossvault.history.table_schema import Column, TableSchema

MOST_ROWS = 1_048_576  # of a sheet
MOST_CHARACTERS = 32_767  # of a cell
_EXACT = "exact"
_SCALES = {"wad": 10**18, "ray": 10**27}
_EPOCH_DAYS, _DAY_SECS = 25_569, 86_400  # days of Excel from its epoch to that of unix


class XlsxTables:
    """Writes tables into a new workbook; a table of more rows than a sheet takes goes on in further sheets.

    A column of amounts has a number, which Excel rounds to 15 digits, and beside it `…_exact`, the same as exact text.
    """

    def __init__(self, path: Path, tables: Sequence[TableSchema], quote: str, most_rows: int = MOST_ROWS) -> None:
        self._tables, self._quote, self._most = {table.name: table for table in tables}, quote, most_rows
        self._rows_kept = TemporaryDirectory(prefix=".", dir=path.parent)  # rows wait there, not in memory
        options = {"constant_memory": True, "tmpdir": self._rows_kept.name, "use_zip64": True}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheets: dict[str, Any] = {}
        self._next: dict[str, int] = {}
        self._parts = dict.fromkeys(self._tables, 0)
        for name in self._tables:
            self._begin(name)

    def write(self, table: str, row: Sequence[Any]) -> None:
        """Adds a row to a table."""
        if self._next[table] >= self._most:
            self._begin(table)
        place = 0
        for column, value in zip(self._tables[table].columns, row, strict=True):
            place = self._put(table, place, column, value)
        self._next[table] += 1

    def finish(self, about: About) -> None:
        """Writes the sheet that describes the tables, and closes the workbook."""
        sheet = self._book.add_worksheet(ABOUT)
        document = about_document(about, tuple(self._tables.values()), self._quote)
        rows = [(name, value) for name, value in document.items() if name != "tables"]
        rows += [
            (f"{table}.{column['name']}", f"{column['meaning']} [{column['kind']}]")
            for table, columns in document["tables"].items()
            for column in columns
        ]
        for number, (name, value) in enumerate(rows):
            sheet.write_string(number, 0, name)
            sheet.write_string(number, 1, str(value))
        self._book.close()
        self._rows_kept.cleanup()

    def abandon(self) -> None:
        """Removes the rows that wait; no workbook is made of them."""
        self._rows_kept.cleanup()

    def _begin(self, name: str) -> None:
        """Begins a sheet with the names of the columns."""
        self._parts[name] += 1
        number = self._parts[name]
        sheet = self._book.add_worksheet(name if number == 1 else f"{name} {number}")
        sheet.freeze_panes(1, 0)
        place = 0
        table = self._tables[name]
        for heading, column in zip(table.names(self._quote), table.columns, strict=True):
            for each in (heading, f"{heading}_{_EXACT}") if column.kind in _SCALES else (heading,):
                sheet.write_string(0, place, each)
                place += 1
        self._sheets[name], self._next[name] = sheet, 1

    def _put(self, table: str, place: int, column: Column, value: Any) -> int:
        """Writes a value; returns the next free column."""
        sheet, row = self._sheets[table], self._next[table]
        scale = _SCALES.get(column.kind)
        after = place + (2 if scale else 1)
        if value is None:
            return after
        if scale:
            sheet.write_number(row, place, value / scale)
            sheet.write_string(row, place + 1, str(value_text(column, value)))
        elif column.kind == "time":
            sheet.write_number(row, place, _EPOCH_DAYS + value / _DAY_SECS, self._time)
        elif column.kind == "bool":
            sheet.write_boolean(row, place, value)
        elif column.kind == "integer":
            sheet.write_number(row, place, value)
        else:
            sheet.write_string(row, place, value if len(value) <= MOST_CHARACTERS else _omitted(value))
        return after


def _omitted(text: str) -> str:
    return f"({len(text)} characters, more than a cell takes: they are in the other formats)"
