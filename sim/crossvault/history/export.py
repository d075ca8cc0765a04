"""A record as tables on disk, in one of four formats, row by row as it is replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from crossvault import __version__
from crossvault.history.playback import Playback
from crossvault.history.table_output import About, TableWriter, chosen, whole_output
from crossvault.history.table_schema import BY_NAME

Format = Literal["parquet", "csv", "duckdb", "xlsx"]
FORMATS: tuple[Format, ...] = get_args(Format)
OF_DIRECTORIES: tuple[Format, ...] = ("parquet", "csv")


class ExportPlan(NamedTuple):
    """What is written, and where. tables: names; as_text: amounts are text; replace: what is there may be replaced."""

    target: Path
    format: Format
    tables: Sequence[str] = tuple(BY_NAME)
    as_text: bool = False
    replace: bool = False


class ExportResult(NamedTuple):
    """What was written: rows by table, steps, and what is to be known of the record."""

    rows: dict[str, int]
    steps: int
    difference: str | None
    cut: str | None


def export(path: Path, plan: ExportPlan, tick: Callable[[int], None] = lambda steps: None) -> ExportResult:
    """Writes the tables of a record; under their name only when they are whole. Raises BadInput, OtherOutcome."""
    playback = Playback(path, plan.tables)
    counts = dict.fromkeys((table.name for table in chosen(plan.tables)), 0)
    with whole_output(plan.target, plan.replace) as part:
        out = table_writer(part, plan, playback.quote)
        try:
            for name, row in playback.rows(tick):
                counts[name] += 1
                out.write(name, row)
            out.finish(about(playback))
        except BaseException:
            out.abandon()
            raise
    return ExportResult(counts, playback.stream.steps, difference_text(playback), playback.stream.cut)


def table_writer(path: Path, plan: ExportPlan, quote: str) -> TableWriter:
    """The writer of a plan's format. A library is imported by what needs it only."""
    tables = chosen(plan.tables)
    if plan.format == "parquet":
        from crossvault.history.parquet_tables import ParquetTables

        return ParquetTables(path, tables, quote, plan.as_text)
    if plan.format == "csv":
        from crossvault.history.csv_tables import CsvTables

        return CsvTables(path, tables, quote)
    if plan.format == "duckdb":
        from crossvault.history.duckdb_tables import DuckdbTables

        base = DuckdbTables(path, tables, quote, plan.as_text)
        base.describe(quote)
        return base
    from crossvault.history.xlsx_tables import XlsxTables

    return XlsxTables(path, tables, quote)


def about(playback: Playback) -> About:
    """What describes the tables of a record that was played to its end."""
    header, stream = playback.stream.header, playback.stream
    found = {
        "record": stream.path.name,
        "scenario": str(header["scenario"]),
        "seed": str(header["seed"]),
        "scenario_hash": str(header["scenario_hash"]),
        "contracts": str(header["contracts"]),
        "quote": playback.quote,
        "steps": str(stream.steps),
        "end": stream.end or "",
        "cut": stream.cut or "",
        "difference": difference_text(playback) or "",
        "written_by": f"crossvault {__version__}",
    }
    return {name: value for name, value in found.items() if value}


def difference_text(playback: Playback) -> str | None:
    """The first step in which the sides differ, and where; None where they do not."""
    if playback.difference is None:
        return None
    number, found = playback.difference
    return f"the sides differ at step {number}: {found.field}: chain {found.chain}, model {found.model}"
