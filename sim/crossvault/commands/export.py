"""`crossvault export`: a record as tables on disk."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.commands.progress import bar
from crossvault.commands.sides import shown
from crossvault.differential.ending import DONE, FAILED, USAGE
from crossvault.history.export import FORMATS, OF_DIRECTORIES, ExportPlan, ExportResult, Format, export as written
from crossvault.history.playback import line_count
from crossvault.history.table_output import require_free
from crossvault.history.table_schema import BY_NAME, SCHEMA_VERSION
from crossvault.report.console import show, table
from crossvault.scenario.source import did_you_mean

_ENDINGS: dict[str, Format] = {".duckdb": "duckdb", ".xlsx": "xlsx"}


def export(arguments: Namespace) -> int:
    """Writes the tables; ends with FAILED where the sides of the record differ, with USAGE where it was cut."""
    plan = _plan(arguments)
    path = Path(shown(arguments.record))
    if plan.target.exists() and path.exists() and plan.target.samefile(path):
        raise UsageError(f"-o: {plan.target} is the record itself")
    require_free(plan.target, plan.replace)
    with bar(path.name, line_count(path)) as tick:
        result = written(path, plan, tick)
    if arguments.json:
        print(json.dumps(_document(path, plan, result), indent=2))
    else:
        _print(plan, result)
    return ending(result.difference, result.cut)


def ending(difference: str | None, cut: str | None) -> int:
    """The exit code of a command that read a record to its end, and a note of what is to be known of it."""
    for note in filter(None, (difference, cut)):
        print(f"crossvault: {note}", file=sys.stderr)
    if difference:
        return FAILED
    return USAGE if cut else DONE


def _plan(arguments: Namespace) -> ExportPlan:
    target = Path(shown(arguments.output))
    chosen = arguments.format or _ENDINGS.get(target.suffix, "parquet")
    other = _ENDINGS.get(target.suffix)
    if other and other != chosen:
        raise UsageError(f"--format: {chosen}, but {target} is named as one of {other}")
    if chosen in OF_DIRECTORIES and target.suffix.removeprefix(".") in FORMATS:
        raise UsageError(
            f"-o: {chosen} is written into a directory, a file for each table; {target} is named as a file"
        )
    if arguments.text and chosen in ("csv", "xlsx"):
        raise UsageError(f"--text: has no effect with {chosen}, which has every amount as exact text")
    return ExportPlan(target, chosen, tables(arguments.only), arguments.text, arguments.force)


def tables(only: Sequence[str]) -> tuple[str, ...]:
    """The tables that were named, or all. Raises UsageError."""
    if missing := [each for each in only if each not in BY_NAME]:
        raise UsageError(f"--only: {missing[0]!r}: {did_you_mean(missing[0], BY_NAME)}")
    return tuple(only) or tuple(BY_NAME)


def _print(plan: ExportPlan, result: ExportResult) -> None:
    made = table("table", ">rows", "a row is")
    for name, rows in result.rows.items():
        made.add_row(name, f"{rows:,}", BY_NAME[name].meaning)
    show(made)
    print(f"{plan.format}, schema {SCHEMA_VERSION}, {_size(plan.target):,} bytes: {plan.target}")


def _document(path: Path, plan: ExportPlan, result: ExportResult) -> dict[str, Any]:
    return {
        "record": str(path),
        "output": str(plan.target),
        "format": plan.format,
        "schema_version": SCHEMA_VERSION,
        "bytes": _size(plan.target),
        "steps": result.steps,
        "rows": result.rows,
        "difference": result.difference,
        "cut": result.cut,
    }


def _size(target: Path) -> int:
    files = target.iterdir() if target.is_dir() else [target]
    return sum(each.stat().st_size for each in files)
