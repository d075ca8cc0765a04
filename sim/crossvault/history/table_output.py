"""Where tables are written to: under another name until they are whole, and never over what is there unasked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from crossvault.differential.ending import BadEnvironment, BadInput, reason
from crossvault.history.table_schema import BY_NAME, SCHEMA_VERSION, TableSchema

ABOUT = "about"  # the name of what describes the tables, beside them
ABOUT_FILE = f"{ABOUT}.json"
About = Mapping[str, str]


class BadOutput(BadInput):
    """A target that tables cannot be written to, such as one that is there already."""


class TooLarge(BadInput):
    """A value that the kind of its column does not hold: table, step, column and value."""


class TablesLost(BadEnvironment):
    """Tables that the system does not let be written, such as on a disk that is full."""


class TableWriter(Protocol):
    """Writes the tables of a record in one format, to a path that does not exist yet."""

    def write(self, table: str, row: Sequence[Any]) -> None:
        """Adds a row to a table."""
        ...

    def finish(self, about: About) -> None:
        """Writes what is held back, and what describes the tables. Nothing is written after it."""
        ...

    def abandon(self) -> None:
        """Closes all files, whose content is of no use."""
        ...


def chosen(tables: Sequence[str]) -> tuple[TableSchema, ...]:
    """The tables of some names, in the order of the schema."""
    return tuple(BY_NAME[name] for name in BY_NAME if name in tables)


def about_document(about: About, tables: Sequence[TableSchema], quote: str) -> dict[str, Any]:
    """What describes the tables, as a JSON document."""
    columns = {
        table.name: [
            {"name": column.name(quote), "kind": column.kind, "unit": column.unit, "meaning": column.meaning}
            for column in table.columns
        ]
        for table in tables
    }
    return {"schema_version": SCHEMA_VERSION, **about, "tables": columns}


@contextmanager
def whole_output(target: Path, replace: bool) -> Iterator[Path]:
    """Yields a path beside the target to write to, which takes its name at the end; nothing is left after a failure.

    Raises BadOutput.
    """
    require_free(target, replace)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        why = "Not a directory" if isinstance(wrong, FileExistsError) else reason(wrong)
        raise BadOutput(f"-o: {target} cannot be written: {why}") from wrong
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    _remove(part)
    try:
        yield part
        _put(part, target)
    except BaseException:
        _remove(part)
        raise


def require_free(target: Path, replace: bool) -> None:
    """Requires that a target may be written: it is not there, is empty, or is ours and to be replaced."""
    if target.is_dir() and not any(target.iterdir()):
        return
    if not os.path.lexists(target):
        return
    if not replace:
        raise BadOutput(f"-o: {target} exists already; --force replaces it")
    if target.is_dir() and _foreign(target):
        raise BadOutput(f"-o: {target} holds files that are no tables of ours, such as {_foreign(target)[0]}")
    if not target.is_dir() and not target.is_file():
        raise BadOutput(f"-o: {target} is neither a file nor a directory")


def _foreign(folder: Path) -> list[str]:
    """Names in a directory that an export does not write."""
    ours = {ABOUT_FILE, *(f"{name}.{kind}" for name in BY_NAME for kind in ("csv", "parquet"))}
    return sorted(each.name for each in folder.iterdir() if each.name not in ours)


def _put(part: Path, target: Path) -> None:
    if not target.is_dir() or not any(target.iterdir()):
        if part.is_dir() and target.is_file():
            target.unlink()
        elif target.is_dir():
            target.rmdir()
        part.replace(target)
        return
    old = part.with_name(part.name + ".old")  # a directory cannot be replaced in one move
    target.rename(old)
    part.replace(target)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)  # of a database that was not closed
