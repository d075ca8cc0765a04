"""SQL over the tables of a record, in a database that is read only and opens no other file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb

from crossvault.differential.ending import BadInput
from crossvault.history.duckdb_tables import MEMORY, DuckdbTables
from crossvault.history.export import about
from crossvault.history.playback import Playback
from crossvault.history.table_output import ABOUT, chosen
from crossvault.history.table_schema import BY_NAME, SCHEMA_VERSION

_ANY_TABLE = re.compile(r"\bquery(_table)?\s*\(", re.I)  # functions that name a table by an expression
_PLACE = re.compile(r"\n\s*\n?LINE \d+:.*", re.S)
ROWS = 1_000  # read at once
_KINDS = duckdb.StatementType
READING = (_KINDS.SELECT, _KINDS.EXPLAIN, _KINDS.PRAGMA, _KINDS.CALL, _KINDS.MULTI)  # the last is PIVOT


class BadQuery(BadInput):
    """SQL that the database refuses, with its reason."""


class BadTables(BadInput):
    """A file that is no database of `crossvault export`, or one of another schema."""


class QueryResult(NamedTuple):
    """The columns of a result and their types, and its rows, which are read as they are taken."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


class Tables:
    """The tables of a record in a database. about: what describes them, such as `steps`, `difference`, `cut`."""

    def __init__(self, path: Path) -> None:
        """Opens a database, read only. Raises BadTables."""
        limits: dict[str, Any] = {"enable_external_access": "false", "memory_limit": MEMORY, "threads": "2"}
        try:
            self._base = duckdb.connect(str(path), read_only=True, config=limits)
            self._base.execute("SET python_enable_replacements = false")
            self._base.execute("SET lock_configuration = true")
            self.about = dict(self._base.execute(f"SELECT name, value FROM {ABOUT}").fetchall())
        except duckdb.Error as wrong:
            raise BadTables(f"{path}: no database of `crossvault export`: {reason(wrong)}") from wrong
        version = self.about.get("schema_version")
        if version != str(SCHEMA_VERSION):
            raise BadTables(f"{path}: has schema {version}; this crossvault reads {SCHEMA_VERSION}: export it again")

    def run(self, sql: str) -> QueryResult:
        """The result of one statement. Raises BadQuery."""
        try:
            found = self._base.execute(one_statement(self._base, sql))
            described = found.description or []
        except duckdb.Error as wrong:
            raise BadQuery(f"SQL: {reason(wrong)}") from wrong
        return QueryResult(tuple(str(d[0]) for d in described), tuple(str(d[1]) for d in described), self._rows(found))

    def close(self) -> None:
        """Closes the database."""
        self._base.close()

    def _rows(self, found: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
        try:
            while rows := found.fetchmany(ROWS):
                yield from rows
        except duckdb.Error as wrong:
            raise BadQuery(f"SQL: {reason(wrong)}") from wrong


def one_statement(base: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The only statement of a text, which must read. Raises BadQuery, duckdb.Error."""
    statements = base.extract_statements(sql)
    if len(statements) != 1:
        raise BadQuery(f"SQL: expected one statement, got {len(statements)}")
    if statements[0].type not in READING:
        raise BadQuery(f"SQL: {statements[0].type.name} changes something; the tables are read only")
    return statements[0]


def require_valid(base: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Requires SQL that fits the tables, before they have rows. Raises BadQuery."""
    try:
        statement = one_statement(base, sql)
        if statement.type == _KINDS.SELECT:
            base.execute(f"EXPLAIN {statement.query}")
    except duckdb.Error as wrong:
        raise BadQuery(f"SQL: {reason(wrong)}") from wrong


def reason(error: duckdb.Error) -> str:
    """The reason of a refusal as one line, without the place in the text."""
    return " ".join(_PLACE.sub("", str(error)).split())


def named_tables(sql: str) -> tuple[str, ...]:
    """The tables that a text of SQL may name."""
    if _ANY_TABLE.search(sql):
        return tuple(BY_NAME)
    return tuple(name for name in BY_NAME if re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", sql, re.I))


@contextmanager
def opened_tables(path: Path, sql: str, as_text: bool, tick: Callable[[int], None]) -> Iterator[Tables]:
    """Opens the tables of a record, those that a text of SQL names with their rows, or a database of `export`.

    Raises BadRecord, BadTables, OtherOutcome, TooLarge.
    """
    if is_database(path):
        tables = Tables(path)
        try:
            yield tables
        finally:
            tables.close()
        return
    with TemporaryDirectory(prefix="crossvault-query-") as folder:
        base = Path(folder) / "tables.duckdb"
        load(path, base, sql, as_text, tick)
        tables = Tables(base)
        try:
            yield tables
        finally:
            tables.close()


def load(path: Path, base: Path, sql: str, as_text: bool, tick: Callable[[int], None]) -> None:
    """Writes the tables of a record into a new database; only those that the SQL may name have rows."""
    playback = Playback(path, named_tables(sql))
    out = DuckdbTables(base, chosen(tuple(BY_NAME)), playback.quote, as_text)
    try:
        require_valid(out.base, sql)
        for name, row in playback.rows(tick):
            out.write(name, row)
        out.finish(about(playback))
    except BaseException:
        out.abandon()
        raise


def is_database(path: Path) -> bool:
    """Whether a file is a database of DuckDB, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == b"DUCK"
    except OSError:
        return False
