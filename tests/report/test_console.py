"""Tables on pages of any width: no line is wider, no number is cut, nothing is left out."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cli import start
from crossvault.differential.compare import Difference
from crossvault.mirror.account import PORTFOLIO
from crossvault.report import console, efficiency
from crossvault.report.console import NARROWEST, WIDEST, page, table
from crossvault.report.deployment import print_plan
from crossvault.report.differences import difference_table
from crossvault.sweep import study
from crossvault.sweep.path_replay import ReplayedBooks
from deploying import Deployer, params
from places import ROOT
from shrinking import broken
from testnet import stand_in
from widths import WIDTHS, all_faults, drawn, faults


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[RenderableType]:
    """All that commands show, as it comes to the console."""
    found: list[RenderableType] = []

    class Recorder(Console):
        def print(self, *what: object, **more: object) -> None:
            found.extend(what)  # type: ignore[arg-type]  # the package shows renderables only

    monkeypatch.setattr(console, "page", lambda: Recorder(width=100))
    return found


SLOW = (
    ("margin", "delta-neutral", "--trade", "ETH-20260327-2000-P +1"),
    ("run", "black-thursday", "--no-record"),
    ("run", "quickstart", "first-*", "--no-record"),
    ("fuzz", "--steps", "60", "-j", "1"),
    ("conform", "example", "--steps", "60"),
    ("bench", "catalogue", "--seeds", "1", "--only", "quote-rounds-down"),
    ("bench", "chain", "--steps", "60"),
)
COMMANDS = (
    ("scenarios",),
    ("margin",),
    ("campaign", "--list"),
    *(pytest.param(words, marks=pytest.mark.slow) for words in SLOW),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_every_command_fits_every_page(words: tuple[str, ...], pages: list[RenderableType]) -> None:
    done = start(*words)
    assert pages, done.stdout + done.stderr
    assert all_faults(*pages) == []


@pytest.mark.slow
def test_a_record_and_its_steps_fit_every_page(pages: list[RenderableType], tmp_path: Path) -> None:
    record = str(tmp_path / "run.jsonl")
    assert start("run", "first-liquidation", "--record", record).returncode == 0
    assert start("explain", record, "25").returncode == 0
    assert len(pages) == 2
    assert all_faults(*pages) == []


@pytest.mark.slow
def test_a_study_fits_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "REPLAYED", (ReplayedBooks("pairs", ("pairs",), PORTFOLIO, 20, 4),))
    shown = efficiency.tables(study.study(120, 2, 3))
    assert all_faults(shown) == []


@pytest.mark.slow
def test_a_shrunk_difference_fits_every_page(pages: list[RenderableType], tmp_path: Path) -> None:
    contracts = broken(tmp_path / "contracts")
    words = ("fuzz", "--contracts", str(contracts), "--corpus", str(tmp_path), "-j", "1", "--time", "20s")
    assert start(*words).returncode == 1
    assert all_faults(*pages) == []


def test_a_deployment_fits_every_page(tmp_path: Path) -> None:
    with stand_in() as client:
        deployer = Deployer(client, params(tmp_path))
        deployer.fund()
        deployment = deployer.deployment()
        snapshot, expected = deployment.expected()
    for width in WIDTHS:
        out = Console(file=StringIO(), width=width, highlight=False)
        with out.capture() as text:
            print_plan(out, deployment, snapshot, expected)
        assert max(map(len, text.get().splitlines())) <= width
        assert all(f"{each.gas:,}" in text.get() for each in expected.steps.values() if each.gas is not None)


cells = st.one_of(
    st.integers(-(10**30), 10**30).map(lambda value: f"{value:,}"),
    st.text("abc -", max_size=40),
    st.text("▁▂█ ", max_size=15).map(lambda line: Text(line, no_wrap=True)),
)
rows = st.integers(1, 7).flatmap(
    lambda count: st.tuples(
        st.lists(st.sampled_from((">number", "text", ">alone: capital IM", "")), min_size=count, max_size=count),
        st.lists(st.lists(cells, min_size=count, max_size=count), max_size=4),
    )
)


@pytest.mark.slow
@given(rows, st.integers(NARROWEST, 160))
def test_a_table_fits_a_page_and_keeps_its_figures(made: tuple[list[str], list[list[str | Text]]], width: int) -> None:
    headings, lines = made
    shown = table(*headings)
    for row in lines:
        shown.add_row(*row)
    assert faults(shown, width) == []


def test_a_column_that_does_not_fit_follows_below_under_the_first_again() -> None:
    shown = table("account", ">balance", ">insurance", "because of")
    shown.add_row("cleo", "10,567.01", "1,305.80", "long ETH -8.2 %")
    assert drawn(shown, 60) == [
        "account    balance  insurance  because of",
        "cleo     10,567.01   1,305.80  long ETH -8.2 %",
    ]
    assert drawn(shown, 30) == [
        "account    balance  insurance",
        "cleo     10,567.01   1,305.80",
        "",
        "account  because of",
        "cleo     long ETH -8.2 %",
    ]
    assert drawn(shown, 20) == [
        "account    balance",
        "cleo     10,567.01",
        "",
        "account  insurance",
        "cleo      1,305.80",
        "",
        "account / because of",
        "cleo",
        "  long ETH -8.2 %",
    ]


def test_a_number_longer_than_the_page_keeps_every_digit() -> None:
    found = Difference("alice.cash", 2**255, -(2**255))
    assert str(2**255) in "".join(drawn(difference_table([found]), 40))
    assert f" {2**255}" in "\n".join(drawn(difference_table([found]), 80))


def test_a_table_takes_text_as_it_is() -> None:
    shown = table("name")
    shown.add_row("[bold]ETH[/bold]")
    assert drawn(shown, 40) == ["name", "[bold]ETH[/bold]"]


@pytest.mark.parametrize(
    ("columns", "width"), [("72", 72), ("7", NARROWEST), ("9" * 30, WIDEST), ("", 100), ("0", 100), ("wide", 100)]
)
def test_columns_are_those_of_the_environment(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert page().width == width


def test_a_command_in_a_pipe_honours_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    narrow = start("campaign", "--list").stdout.splitlines()
    monkeypatch.delenv("COLUMNS")
    wide = start("campaign", "--list").stdout.splitlines()
    assert max(map(len, narrow)) <= 50 < max(map(len, wide)) <= 100


def test_a_table_that_cuts_is_noticed() -> None:
    cutting = Table("account", "balance", "insurance", box=None)
    cutting.add_row("cleo", "10,567.01", "1,305.80")
    for column in cutting.columns:
        column.overflow, column.no_wrap = "ellipsis", True
    assert faults(cutting, 40) == [] and len(faults(cutting, 20)) > 2


def test_every_table_is_made_by_the_console() -> None:
    makers = [
        str(path.relative_to(ROOT))
        for folder in ("sim", "scripts")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if re.search(r"rich\.table import|rich import .*\btable\b", path.read_text(encoding="utf8"))
    ]
    assert makers == ["sim/crossvault/report/console.py"]
