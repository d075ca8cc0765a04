"""`crossvault query`: SQL over the tables of a record."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.commands.export import ending
from crossvault.commands.progress import bar
from crossvault.commands.sides import shown
from crossvault.history.playback import line_count
from crossvault.history.sql_query import QueryResult, is_database, opened_tables
from crossvault.report.console import show
from crossvault.report.query import json_value, result_table, write_csv

MOST_ROWS = 10_000  # of a table on a terminal, which is laid out as a whole


def query(arguments: Namespace) -> int:
    """Prints a result; ends with FAILED where the sides of the record differ, with USAGE where it was cut."""
    path = Path(shown(arguments.record))
    if arguments.text and is_database(path):
        raise UsageError(f"--text: has no effect with {path}, whose amounts are as they were exported")
    with ExitStack() as opened:
        with bar(path.name, 0 if is_database(path) else line_count(path)) as tick:  # ends before a result is printed
            tables = opened.enter_context(opened_tables(path, arguments.sql, arguments.text, tick))
        _print(tables.run(arguments.sql), arguments)
        known = tables.about
    return ending(known.get("difference"), known.get("cut"))


def _print(found: QueryResult, arguments: Namespace) -> None:
    if arguments.csv:
        write_csv(sys.stdout, found.names, found.rows)
        return
    if arguments.json:
        columns = [{"name": name, "type": kind} for name, kind in zip(found.names, found.types, strict=True)]
        listed = [[json_value(value) for value in row] for row in found.rows]
        print(json.dumps({"columns": columns, "rows": listed}, indent=2))
        return
    rows: list[tuple[Any, ...]] = list(islice(found.rows, MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise UsageError(f"SQL: the result has more than {MOST_ROWS:,} rows; add a limit, or print it with --csv")
    show(result_table(found.names, found.types, rows))
