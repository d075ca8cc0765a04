"""SQL over the tables of a record: exact results, one message for what is refused, no other file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import start
from crossvault.commands import query as command
from crossvault.history.sql_query import BadQuery, Tables, named_tables, opened_tables
from crossvault.history.table_schema import BY_NAME
from crossvault.scenario import load
from recorded import recorded


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a short story."""
    return recorded(load("first-liquidation"), tmp_path_factory.mktemp("query") / "run.jsonl")


BIDS = "select payer, amount from payments where what_for = 'bid' order by step"


def test_a_result_is_a_table_csv_or_json_with_exact_amounts(path: Path) -> None:
    assert start("query", str(path), BIDS).stdout.splitlines() == ["payer  amount", "lin      37.5", "lou     56.25"]
    assert start("query", str(path), BIDS, "--csv").stdout == "payer,amount\nlin,37.5\nlou,56.25\n"
    assert json.loads(start("query", str(path), BIDS, "--json").stdout) == {
        "columns": [{"name": "payer", "type": "VARCHAR"}, {"name": "amount", "type": "DECIMAL(38,18)"}],
        "rows": [["lin", "37.5"], ["lou", "56.25"]],
    }
    time = start("query", str(path), "select min(at_utc), 1e0 / 3, null, true from steps", "--csv").stdout
    assert time.splitlines()[1] == "2024-01-01T00:00:00Z,0.3333333333333333,,true"


REFUSED = [
    ("selec 1", 'SQL: Parser Error: syntax error at or near "selec"'),
    ("select nope from payments", 'SQL: Binder Error: Referenced column "nope" not found'),
    ("select * from account", "SQL: Catalog Error: Table with name account does not exist"),
    ("select 1; select 2", "SQL: expected one statement, got 2"),
    ("", "SQL: expected one statement, got 0"),
    ("create table x (a int)", "SQL: CREATE changes something; the tables are read only"),
    ("delete from steps", "SQL: DELETE changes something"),
    ("copy steps to 'steps.csv'", "SQL: COPY changes something"),
    ("attach 'other.duckdb'", "SQL: ATTACH changes something"),
    ("set memory_limit = '9GB'", "changes something"),
    ("select * from read_csv('/etc/passwd')", "file system operations are disabled"),
    ("select * from '/etc/passwd'", "does not exist"),
    ("select * from glob('/etc/*')", "file system operations are disabled"),
    ("pragma database_list; select 1", "SQL: expected one statement"),
]


@pytest.fixture(scope="module")
def tables(path: Path) -> Iterator[Tables]:
    """The tables of the record, filled."""
    with opened_tables(path, "from steps", False, lambda steps: None) as opened:
        yield opened


@pytest.mark.parametrize(("sql", "message"), REFUSED)
def test_what_is_refused_has_one_message(sql: str, message: str, tables: Tables) -> None:
    with pytest.raises(BadQuery) as refused:
        tables.run(sql)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_refusal_comes_before_the_record_is_played(path: Path, tmp_path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    (tmp_path / "torn.jsonl").write_text("".join([*lines[:5], "{}\n"]))
    done = start("query", "torn.jsonl", "select nope from steps", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert 'SQL: Binder Error: Referenced column "nope" not found' in done.stderr
    done = start("query", "torn.jsonl", "select * from read_text('torn.jsonl')", folder=tmp_path)
    assert done.returncode == 2 and "file system operations are disabled" in done.stderr
    done = start("query", "torn.jsonl", "select step from steps", folder=tmp_path)
    assert done.returncode == 2 and "torn.jsonl:6: no line of a record" in done.stderr


def test_objects_of_python_are_no_tables(tables: Tables) -> None:
    found = [(1, 2)]
    with pytest.raises(BadQuery, match="Table with name found does not exist"):
        tables.run("select * from found")
    assert found


@pytest.mark.slow
def test_a_database_of_an_export_is_queried_as_it_is(path: Path, tmp_path: Path) -> None:
    assert start("export", str(path), "-o", "run.duckdb", folder=tmp_path).returncode == 0
    before = (tmp_path / "run.duckdb").read_bytes()
    for sql in (BIDS, "describe accounts", "select count(*) from margins", "pivot steps on accepted using count(*)"):
        one, two = (start("query", str(each), sql) for each in (path, tmp_path / "run.duckdb"))
        assert (one.returncode, one.stdout) == (two.returncode, two.stdout) and one.stdout
    assert start("query", "run.duckdb", "delete from steps", folder=tmp_path).returncode == 2
    assert start("query", "run.duckdb", BIDS, "--text", folder=tmp_path).returncode == 2
    assert (tmp_path / "run.duckdb").read_bytes() == before
    (tmp_path / "other.duckdb").write_bytes(before[:5_000])
    done = start("query", "other.duckdb", BIDS, folder=tmp_path)
    assert done.returncode == 2 and "other.duckdb: no database of `crossvault export`" in done.stderr


def test_only_named_tables_are_filled() -> None:
    assert named_tables("select * from Accounts a join prices using (step)") == ("prices", "accounts")
    assert named_tables("select event_steps from my_accounts") == ()
    assert named_tables("select * from query_table('acc' || 'ounts')") == tuple(BY_NAME)
    assert named_tables("show tables") == ()


@pytest.mark.slow
def test_a_long_result_is_no_table(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MOST_ROWS", 5)
    assert start("query", str(path), "from steps limit 5").returncode == 0
    done = start("query", str(path), "from steps")
    assert done.returncode == 2 and "more than 5 rows; add a limit, or print it with --csv" in done.stderr
    assert len(start("query", str(path), "from steps", "--csv").stdout.splitlines()) > 6


@pytest.mark.slow
def test_a_record_whose_sides_differ_ends_with_one_as_its_tables_do(tmp_path: Path, path: Path) -> None:
    """The difference is in `steps`, and the exit code is that of a difference, after the result."""
    from hashlib import sha256

    lines, last, file = path.read_text().splitlines(), "", tmp_path / "differs.jsonl"
    with file.open("w") as out:
        for number, text in enumerate(lines[:10]):
            body = json.loads(text)
            body.pop("hash")
            if number == 9:
                body["chain"] = json.loads(json.dumps(body["model"]).replace('"paused": false', '"paused": true'))
            last = sha256((last + json.dumps(body, separators=(",", ":"))).encode()).hexdigest()
            out.write(json.dumps({**body, "hash": last}, separators=(",", ":")) + "\n")
        end = {"end": "failed", "steps": 9}
        digest = sha256((last + json.dumps(end, separators=(",", ":"))).encode()).hexdigest()
        out.write(json.dumps({**end, "hash": digest}, separators=(",", ":")) + "\n")
    sql = "select difference, difference_chain, difference_model from steps where difference is not null"
    done = start("query", str(file), sql, "--csv")
    assert done.stdout.splitlines()[1:] == ["globals.paused,true,false"]
    message = "the sides differ at step 9: globals.paused: chain true, model false"
    assert (done.returncode, done.stderr) == (1, f"crossvault: {message}\n")
    done = start("export", str(file), "-o", "out.duckdb", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"crossvault: {message}\n")
    assert start("query", str(tmp_path / "out.duckdb"), "select 1").returncode == 1
