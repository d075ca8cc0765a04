"""Tables on disk: every format has the rows of the record, exactly; a target is whole or is not there."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest

from cli import start
from crossvault.history import export as exporting
from crossvault.history.arrow_batches import ROWS
from crossvault.history.export import FORMATS, ExportPlan, Format, export
from crossvault.history.playback import rows
from crossvault.history.table_output import BadOutput, TooLarge
from crossvault.history.table_schema import BY_NAME, Column
from crossvault.history.xlsx_tables import XlsxTables
from crossvault.scenario import load
from recorded import recorded

PLACES = {"wad": 18, "ray": 27}
SLOW: list[Format] = ["duckdb", "xlsx"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a short story."""
    return recorded(load("first-liquidation"), tmp_path_factory.mktemp("export") / "run.jsonl")


def expected(path: Path, table: str) -> list[list[Any]]:
    """The rows of a table: amounts as decimals, times as datetimes."""
    columns = BY_NAME[table].columns
    return [
        [exact(*pair) for pair in zip(columns, row, strict=True)] for name, row in rows(path, [table]) if name == table
    ]


def scaled(value: int, places: int = 18) -> Decimal:
    """A scaled integer as a decimal, whatever the precision of the context."""
    return Decimal((int(value < 0), tuple(map(int, str(abs(value)))), -places))


def exact(column: Column, value: Any) -> Any:
    """A value by the kind of its column."""
    if value is not None and column.kind in PLACES:
        return scaled(value, PLACES[column.kind])
    if value is not None and column.kind == "time":
        return datetime.fromtimestamp(value, UTC)
    return value


def in_parquet(target: Path, table: str) -> list[list[Any]]:
    """The rows of a table in a directory of Parquet files; a ray is text there."""
    read = pq.read_table(target / f"{table}.parquet").to_pylist()
    return [list(row.values()) for row in read]


def in_duckdb(target: Path, table: str) -> list[list[Any]]:
    """The rows of a table in a database, whose times are UTC."""
    base = duckdb.connect(str(target), read_only=True)
    found = base.execute(f'select * from "{table}"').fetchall()
    base.close()
    return [[each.replace(tzinfo=UTC) if isinstance(each, datetime) else each for each in row] for row in found]


def in_csv(target: Path, table: str) -> list[list[Any]]:
    """The rows of a table in a directory of CSV files, as text."""
    with (target / f"{table}.csv").open(encoding="utf8", newline="") as file:
        return [list(row) for row in list(csv.reader(file))[1:]]


def in_xlsx(target: Path, table: str) -> list[list[Any]]:
    """The rows of a sheet, of amounts the exact text; the number beside each is equal to 15 digits."""
    heads, *found = openpyxl.load_workbook(target, read_only=True)[table].iter_rows(values_only=True)
    made = []
    for row in found:
        pairs = dict(zip(heads, row, strict=True))
        for name in [each for each in heads if f"{each}_exact" in pairs]:
            text = pairs.pop(f"{name}_exact")
            assert (text is None) == (pairs[name] is None)
            assert text is None or f"{float(text):.15g}" == f"{pairs[name]:.15g}"
            pairs[name] = text
        made.append(list(pairs.values()))
    return made


def text_of(value: Any) -> Any:
    """A value as CSV has it."""
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


READERS = {"parquet": in_parquet, "duckdb": in_duckdb, "csv": in_csv, "xlsx": in_xlsx}


@pytest.mark.parametrize("kind", ["parquet", "csv", *(pytest.param(each, marks=pytest.mark.slow) for each in SLOW)])
def test_every_format_has_the_rows_of_the_record(kind: Format, path: Path, tmp_path: Path) -> None:
    target = tmp_path / ("out.xlsx" if kind == "xlsx" else "out")
    result = export(path, ExportPlan(target, kind))
    for table in BY_NAME:
        wanted, found = expected(path, table), READERS[kind](target, table)
        assert result.rows[table] == len(wanted) == len(found) and wanted
        for mine, theirs in zip(wanted, found, strict=True):
            if kind == "csv":
                assert theirs == [text_of(value) for value in mine]
                continue
            for value, other, column in zip(mine, theirs, BY_NAME[table].columns, strict=True):
                if column.kind in PLACES and other is not None:
                    assert Decimal(other) == value
                elif kind == "xlsx" and isinstance(value, datetime):
                    assert other.replace(tzinfo=UTC) == value
                else:
                    assert other == value
    assert list(tmp_path.iterdir()) == [target]


def test_amounts_are_decimals_of_a_fixed_type_and_text_where_that_is_chosen(path: Path, tmp_path: Path) -> None:
    export(path, ExportPlan(tmp_path / "one", "parquet", ["accounts", "prices"]))
    export(path, ExportPlan(tmp_path / "two", "parquet", ["accounts"], as_text=True))
    schema = pq.read_schema(tmp_path / "one" / "accounts.parquet")
    assert str(schema.field("equity_usdc").type) == "decimal128(38, 18)"
    assert str(schema.field("at_utc").type) == "timestamp[us, tz=UTC]"
    assert schema.metadata[b"crossvault.schema_version"] == b"1"
    assert str(pq.read_schema(tmp_path / "one" / "prices.parquet").field("funding_index_usdc").type) == "string"
    assert str(pq.read_schema(tmp_path / "two" / "accounts.parquet").field("equity_usdc").type) == "string"
    assert sorted(each.name for each in (tmp_path / "one").iterdir()) == [
        "about.json",
        "accounts.parquet",
        "prices.parquet",
    ]


def many(path: Path, value: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """More rows of payments than a batch has, with an amount in the last."""
    [row] = [row for name, row in rows(path, ["payments"]) if name == "payments"][:1]
    place = BY_NAME["payments"].place("amount")
    for number in range(ROWS + 1):
        yield "payments", (*row[:place], 1 if number < ROWS else value, *row[place + 1 :])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "duckdb"])
def test_the_largest_amounts_fit_and_larger_ones_are_refused(kind: Format, path: Path, tmp_path: Path) -> None:
    plan = ExportPlan(tmp_path / "out", kind, ["payments"])
    for value, fits in ((10**38 - 1, True), (1 - 10**38, True), (10**38, False)):
        out = exporting.table_writer(tmp_path / str(value), plan, "USDC")
        if fits:
            for name, row in many(path, value):
                out.write(name, row)
            out.finish({})
            assert READERS[kind](tmp_path / str(value), "payments")[-1][9] == scaled(value)
            continue
        with pytest.raises(TooLarge, match=r"payments\.amount of step \d+: 100000000000000000000 does not fit"):
            for name, row in many(path, value):
                out.write(name, row)
        out.abandon()


def test_a_table_of_more_rows_than_a_sheet_goes_on_in_another(tmp_path: Path) -> None:
    out = XlsxTables(tmp_path / "out.xlsx", [BY_NAME["vault"]], "USDC", most_rows=3)
    for number in range(1, 6):
        out.write("vault", (number, 0, 10**18, 0, 0, 0, 0, False))
    out.finish({})
    book = openpyxl.load_workbook(tmp_path / "out.xlsx", read_only=True)
    assert book.sheetnames == ["vault", "vault 2", "vault 3", "about"]
    assert [row[0] for name in book.sheetnames[:3] for row in book[name].iter_rows(min_row=2, values_only=True)] == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_interrupted_leaves_nothing(kind: Format, path: Path, tmp_path: Path) -> None:
    def interrupted(steps: int) -> None:
        if steps == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(path, ExportPlan(tmp_path / "out", kind), interrupted)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_replaced_without_a_word(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    export(path, ExportPlan(target, "csv", ["steps"]))  # an empty directory is free
    plan = ExportPlan(target, "csv", ["events"])
    with pytest.raises(BadOutput, match="exists already; --force replaces it"):
        export(path, plan)
    assert (target / "steps.csv").is_file()
    export(path, plan._replace(replace=True))
    assert sorted(each.name for each in target.iterdir()) == ["about.json", "events.csv"]
    (target / "thesis.doc").write_text("mine")
    with pytest.raises(BadOutput, match=r"no tables of ours, such as thesis\.doc"):
        export(path, plan._replace(replace=True))
    file = tmp_path / "run.duckdb"
    for replace in (False, True):
        export(path, ExportPlan(file, "duckdb", ["steps"], replace=replace))
    assert len(in_duckdb(file, "steps")) == len(expected(path, "steps"))


def test_a_record_is_not_written_over(path: Path, tmp_path: Path) -> None:
    record = tmp_path / "run.jsonl"
    record.write_bytes(path.read_bytes())
    done = start("export", "run.jsonl", "-o", "./run.jsonl", "--format", "duckdb", "--force", folder=tmp_path)
    assert (done.returncode, record.read_bytes()) == (2, path.read_bytes())
    assert done.stderr == "crossvault: -o: run.jsonl is the record itself\n"


USAGE = [
    (["-o", ""], "--output: expected a value, got ''"),
    (["--format", "csv", "-o", "run.xlsx"], "--format: csv, but run.xlsx is named as one of xlsx"),
    (["-o", "run.parquet"], "-o: parquet is written into a directory"),
    (["-o", "run", "--only", "step"], "--only: 'step': "),
    (["-o", "run.xlsx", "--text"], "--text: has no effect with xlsx"),
    ([], "-o"),
]


@pytest.mark.parametrize(("words", "message"), USAGE)
def test_bad_usage_is_named(words: list[str], message: str, path: Path, tmp_path: Path) -> None:
    done = start("export", str(path), *words, folder=tmp_path)
    assert done.returncode == 2 and message in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_counts_rows_and_ends_as_the_record_does(path: Path, tmp_path: Path) -> None:
    done = start("export", str(path), "-o", "run", "--json", folder=tmp_path)
    document = json.loads(done.stdout)
    assert (done.returncode, document["rows"]["steps"], document["difference"]) == (0, document["steps"], None)
    assert document["bytes"] == sum(each.stat().st_size for each in (tmp_path / "run").iterdir())
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(path.read_text().splitlines(keepends=True)[:9]))
    done = start("export", str(cut), "-o", "cut", "--only", "steps", "events", folder=tmp_path)
    assert done.returncode == 2 and "cut.jsonl:9: cut after step 8" in done.stderr and "steps" in done.stdout
    assert "steps      8" in done.stdout
