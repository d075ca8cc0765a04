"""`crossvault report`: writes a page, and ends as its records do."""

import json
from pathlib import Path

import pytest

from cli import start
from crossvault.differential.ending import DONE, FAILED, USAGE
from crossvault.scenario import load
from recorded import differing, recorded


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(load("first-liquidation"), tmp_path_factory.mktemp("report") / "run.jsonl")


def test_a_page_is_written_and_described(record: Path, tmp_path: Path) -> None:
    done = start("report", str(record), "-o", "run.html", "--json", folder=tmp_path)
    assert done.returncode == DONE, done.stderr
    found, path = json.loads(done.stdout), tmp_path / "run.html"
    assert (found["page"], found["bytes"]) == ("run.html", path.stat().st_size)
    [run] = found["runs"]
    assert (run["scenario"], run["end"], run["first_difference"]) == ("first-liquidation", "finished", None)
    text = path.read_text()
    assert text.startswith("<!DOCTYPE html>") and "crossvault report" in text
    assert [each.name for each in tmp_path.iterdir()] == ["run.html"]


def test_the_name_of_the_record_is_the_default(record: Path, tmp_path: Path) -> None:
    done = start("report", str(record), str(record), folder=tmp_path)
    assert done.returncode == DONE and done.stdout.startswith("page: run.html (")
    assert "every step is the same" in (tmp_path / "run.html").read_text()


def test_a_difference_and_a_cut_are_written_and_do_not_end_with_zero(record: Path, tmp_path: Path) -> None:
    number = differing(record, tmp_path / "differs.jsonl")
    done = start("report", "differs.jsonl", folder=tmp_path)
    assert done.returncode == FAILED and f"the sides differ at step {number}" in done.stdout
    assert f"First difference: step {number}" in (tmp_path / "differs.html").read_text()
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(record.read_text().splitlines(keepends=True)[:-3]))
    done = start("report", "cut.jsonl", folder=tmp_path)
    assert done.returncode == USAGE and "the record has no end line" in done.stderr
    assert "the record is cut there" in (tmp_path / "cut.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing.jsonl"], "nothing.jsonl: cannot be read"),
        (["a.jsonl", "-o", "a.pdf"], "--out: expected a name that ends in .html or .htm, found 'a.pdf'"),
        (["a.jsonl", "-o", "no/where.html"], "--out: no/where.html cannot be written: no is not a folder"),
        (["a.jsonl", "-o", "folder.html"], "--out: folder.html cannot be written: it is a folder"),
        (["a.html"], "--out: a.html cannot be written: it is a record"),
        (["a.jsonl", "b.jsonl", "c.jsonl"], "RECORD: expected one or two records, got 3"),
    ],
)
def test_bad_usage_is_refused_before_anything_is_written(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "a.html").write_text("{}\n")
    done = start("report", *words, folder=tmp_path)
    assert done.returncode == USAGE and message in done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.html", "folder.html"]
