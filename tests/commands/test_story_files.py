"""Several stories in one command: folders and patterns, one table, the worst exit code, one document."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cli import start
from crossvault.commands.exits import UsageError
from crossvault.commands.story_files import STORIES, is_several, listed
from crossvault.differential.ending import WORST_LAST
from crossvault.scenario import attacks, names, shipped, weakened
from crossvault.setup.toolchain import PACKAGE
from places import ROOT
from small_scenarios import ACTORS, HEAD, PRICES

PASSES = HEAD.replace("name: story", "name: passes") + PRICES + ACTORS
FAILS = PASSES.replace("name: passes", "name: fails") + "steps:\n  - {do: look, expect: {insurance: 7 USDC}}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with stories at two depths, and other files."""
    made = tmp_path_factory.mktemp("stories")
    (made / "deep" / "er").mkdir(parents=True)
    (made / "empty").mkdir()
    for name in ("b.scenario.yaml", "a.scenario.yaml", "deep/er/c.repro.yaml", "params.yaml", "notes.txt"):
        (made / name).write_text(PASSES)
    return made


def test_a_folder_stands_for_its_stories_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    below = ["a.scenario.yaml", "b.scenario.yaml", "deep/er/c.repro.yaml"]
    assert listed(["."], STORIES) == below == listed([str(folder)], STORIES)
    assert listed(["deep"], STORIES) == below[2:] == listed(["d*"], STORIES) == listed(["**/*.repro.yaml"], STORIES)
    assert listed(["b*", "quick", "a.*", "b.scenario.yaml"], STORIES, ["quick"]) == [below[1], "quick", below[0]]
    assert listed(["q*", "params.yaml", "no.yaml"], STORIES, ["quick"]) == ["quick", "params.yaml", "no.yaml"]


def test_a_pattern_of_names_that_ship_takes_no_folder_below(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.chdir(folder / "empty")
    kept = shipped()
    assert listed(["*"], STORIES, kept) == names() and "quickstart" in names()
    assert listed(["attacks/*"], STORIES, kept) == attacks() and "attacks/mango-2022" in attacks()
    assert listed(["attacks/weak/*"], STORIES, kept) == listed(["*/*/*"], STORIES, kept) == weakened()
    assert listed(["attacks/mango-*", "attacks/mango-2022"], STORIES, kept) == [
        "attacks/mango-2022", "attacks/mango-2022-honest",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no name that ships"):
        listed(["attack/*"], STORIES, kept)


def test_one_file_is_one_story_and_a_folder_is_several() -> None:
    assert not is_several(["a.yaml"], ["a.yaml"]) and not is_several([str(Path.cwd() / "a.yaml")], ["a.yaml"])
    assert is_several(["."], ["a.yaml"]) and is_several(["a.yaml", "b.yaml"], ["a.yaml", "b.yaml"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("empty", "empty: the folder has no *.scenario.yaml or *.repro.yaml"),
        ("z*.yaml", "z*.yaml: no file and no name that ships matches it"),
    ],
)
def test_what_stands_for_nothing_is_refused(
    given: str, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError) as refused:
        listed([given], STORIES)
    assert str(refused.value) == message
    assert start("run", given, folder=folder).returncode == 2


def test_the_problems_of_all_files_are_reported_before_any_is_played(tmp_path: Path) -> None:
    for name, wrong in (("a", "nmae: a\n"), ("b", "")):
        (tmp_path / f"{name}.scenario.yaml").write_text(wrong)
    (tmp_path / "c.scenario.yaml").write_text(PASSES)
    done = start("run", ".", folder=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert "a.scenario.yaml:1: " in done.stderr and "b.scenario.yaml:1: the file is empty" in done.stderr


@pytest.mark.slow
def test_a_folder_is_run_to_one_table_and_its_records_replayed(tmp_path: Path) -> None:
    (tmp_path / "a.scenario.yaml").write_text(FAILS)
    (tmp_path / "b.scenario.yaml").write_text(PASSES)
    done = start("run", ".", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "expected 7 USDC, got 0 USDC" in done.stdout  # the summary of what failed, but not of what passed
    assert "no difference" not in done.stdout.partition("stories agree")[2]
    rows = [line.split() for line in done.stdout.splitlines() if line.split()[:1] in (["fails"], ["passes"])]
    table = [row[:4] for row in rows if row[2] in ("failed", "agrees")]
    assert table == [["fails", "0", "failed", "1"], ["passes", "0", "agrees", "0"]]
    assert "1 of 2 stories agree" in done.stdout and "records: " in done.stdout
    document = json.loads(start("run", ".", "--json", folder=tmp_path).stdout)
    assert document["exit"] == 1 and document["not_played"] == []
    assert [(each["scenario"], each["exit"]) for each in document["runs"]] == [("fails", 1), ("passes", 0)]
    records = [str(tmp_path / each["record"]) for each in document["runs"]]
    assert len(set(records)) == 2
    replayed = start("replay", *records)
    assert replayed.returncode == 0 and replayed.stdout.count(": identical, ") == 2
    found = json.loads(start("replay", *records, "--json").stdout)
    assert found["exit"] == 0 and [each["identical"] for each in found["replays"]] == [True, True]


def test_two_stories_of_one_name_keep_a_record_each(tmp_path: Path) -> None:
    (tmp_path / "a.scenario.yaml").write_text(PASSES)
    (tmp_path / "b.scenario.yaml").write_text(PASSES.replace("500 USDC", "501 USDC"))
    document = json.loads(start("run", "*.yaml", "--json", folder=tmp_path).stdout)
    records = {(tmp_path / each["record"]).resolve() for each in document["runs"]}
    assert len(records) == 2 and all(path.is_file() for path in records)


def test_one_story_of_a_folder_is_a_list_too(tmp_path: Path) -> None:
    shutil.copy(PACKAGE / "scenarios" / "quickstart.scenario.yaml", tmp_path)
    document = json.loads(start("run", str(tmp_path), "--no-record", "--json").stdout)
    assert [each["scenario"] for each in document["runs"]] == ["quickstart"]


def test_the_page_of_the_command_line_states_the_order_of_exit_codes() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf8")
    assert ", ".join(str(code) for code in reversed(WORST_LAST)) in text


def test_a_record_is_not_written_over_its_story(tmp_path: Path) -> None:
    story = tmp_path / "mine.scenario.yaml"
    story.write_text("name: mine\n")
    done = start("run", "mine.scenario.yaml", "--record", "./mine.scenario.yaml", folder=tmp_path)
    assert (done.returncode, story.read_text()) == (2, "name: mine\n")
    assert done.stderr == "crossvault: --record: mine.scenario.yaml is the story itself\n"
