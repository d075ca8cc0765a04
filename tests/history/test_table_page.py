"""The page of the tables: its schema is that of the code, and its queries print what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli import start
from crossvault.history.table_schema import SCHEMA_VERSION
from crossvault.scenario import load
from places import ROOT
from recorded import recorded
from table_page import schema_lines

PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf8")
RECORD = ".toolchain/first.jsonl"


def test_the_page_has_the_schema() -> None:
    head, _, schema = PAGE.partition(f"## Schema {SCHEMA_VERSION}\n\n")
    assert schema.splitlines() == "\n".join(schema_lines()).rstrip().splitlines()
    assert f"the version of the schema: {SCHEMA_VERSION}." in head


def examples() -> list[tuple[list[str], list[str]]]:
    """The queries of the page with an output below, and that output."""
    blocks = re.findall(r"^    \$ \./crossvault (query .*)\n((?:    (?!\$).*\n)+)", PAGE, re.M)
    return [(shlex.split(line), [each[4:] for each in output.splitlines()]) for line, output in blocks]


@pytest.mark.slow
def test_the_queries_of_the_page_print_what_it_shows(tmp_path: Path) -> None:
    path = recorded(load("first-liquidation"), tmp_path / "first.jsonl")
    found = examples()
    assert len(found) == 5
    for words, output in found:
        assert words[1] == RECORD
        done = start("query", str(path), *words[2:])
        assert (done.returncode, done.stdout.splitlines()) == (0, output)
