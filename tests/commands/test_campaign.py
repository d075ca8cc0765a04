"""`crossvault campaign`: parts that end in every way, what is kept of them, and one small part played for real."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from cli import start
from crossvault.commands import campaign, campaign_record
from crossvault.commands.campaign import CampaignPart, counted, failed_tests, measured, overall
from crossvault.differential.ending import DISAGREED, DONE, FAILED, INTERRUPTED, MISSED, MISSING, USAGE
from crossvault.setup import toolchain
from places import ROOT

QUIET = ("-n", "0", "-p", "no:cacheprovider")
TINY = CampaignPart("tiny", "for a test", ("tests/mirror/test_fixed.py", "-k", "mul", *QUIET))
WALK = CampaignPart("walk", "for a test", command=("fuzz", "--steps", "50", "--seed", "SEED"), counts=("steps",))


def ending(name: str, test: str, folder: Path) -> CampaignPart:
    """A part of one test that ends so."""
    path = folder / f"test_{name}.py"
    path.write_text(f"import os, pytest\ndef test_it():\n    {test}\n")
    return CampaignPart(name, "for a test", (str(path), "-c", str(ROOT / "pyproject.toml"), *QUIET))


def played(monkeypatch: pytest.MonkeyPatch, record: Path, *parts: CampaignPart, more: tuple[str, ...] = ()) -> int:
    monkeypatch.setattr(campaign, "PARTS", parts)
    return start("campaign", "--seed", "7", "--record", str(record), *more).returncode


def lines(record: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in record.read_text().splitlines()]


def test_the_parts_are_listed() -> None:
    rows = json.loads(start("campaign", "--list", "--json").stdout)
    assert [row["part"] for row in rows] == [part.name for part in campaign.PARTS]
    assert "laws" in start("campaign", "--list").stdout


def test_every_part_names_tests_that_exist_or_a_command() -> None:
    for part in campaign.PARTS:
        paths = [word for word in part.tests if word.startswith("tests")]
        assert all((ROOT / path).exists() for path in paths) and bool(paths) != bool(part.command), part.name


def unplayed(files: Iterable[Path], parts: Iterable[CampaignPart]) -> list[str]:
    """The files with tests that only a campaign plays and that no part plays."""
    played_paths = [ROOT / word for part in parts for word in part.tests if word.startswith("tests")]
    heavy = (file for file in files if "pytest.mark." + "campaign" in file.read_text(encoding="utf8"))
    return [file.name for file in heavy if not any(file.is_relative_to(path) for path in played_paths)]


def test_every_heavy_test_is_of_a_part() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    assert unplayed(files, campaign.PARTS) == []
    others = [part for part in campaign.PARTS if part.name != "mistakes"]
    assert unplayed(files, others) == ["test_mistakes.py"]


@pytest.mark.parametrize("words", [("--only", "lows"), ("--time", "soon"), ("--record", "/proc/none/campaign.jsonl")])
def test_bad_words_are_exit_code_2(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "PARTS", (WALK,))
    assert start("campaign", *words).returncode == USAGE


def test_tests_need_a_clone_and_commands_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "clone", lambda: None)
    monkeypatch.setattr(campaign, "PARTS", (TINY,))
    done = start("campaign")
    assert done.returncode == MISSING and "in a clone of the repository" in done.stderr and "tiny" in done.stderr


@pytest.mark.slow
def test_a_law_is_tried_with_other_examples_and_the_result_is_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = tmp_path / "out" / "campaign.jsonl"
    seen = ending("seen", f"open({str(tmp_path / 'env')!r}, 'w').write(os.environ['CROSSVAULT_PROFILE'])", tmp_path)
    assert played(monkeypatch, record, seen, TINY, WALK) == DONE
    assert (tmp_path / "env").read_text() == "campaign"
    first, law, steps = lines(record)
    assert first["counts"] == {"passed": 1, "failed": 0, "skipped": 0}
    assert (law["part"], law["outcome"], law["exit"], law["seed"]) == ("tiny", "ok", DONE, 7)
    assert isinstance(steps["counts"], dict) and steps["counts"]["steps"] >= 50
    assert {"date", "version", "seconds"} <= first.keys()


ENDS = {
    "failing": ("assert False", FAILED),
    "skipping": ("pytest.skip()", MISSED),  # a gate that judged nothing
    "dying": ("os._exit(9)", MISSING),
    "interrupting": ("raise KeyboardInterrupt", INTERRUPTED),
    "good": ("pass", DONE),
}


@pytest.mark.slow
def test_a_part_that_ends_badly_ends_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = tmp_path / "campaign.jsonl"
    parts = [ending(name, test, tmp_path) for name, (test, _) in ENDS.items()]
    assert played(monkeypatch, record, *parts) == FAILED, "a finding is not lost by an interruption after it"
    assert {each["part"]: each["exit"] for each in lines(record)} == {name: code for name, (_, code) in ENDS.items()}


@pytest.fixture
def at_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_record, "version", lambda: "a" * 40)


def line(part: str, code: int = DONE, version: str = "a" * 40) -> str:
    """A line of a record."""
    row = {"date": "2026-01-01T00:00:00+00:00", "version": version, "seed": 1, "part": part, "outcome": "ok"}
    return json.dumps(row | {"exit": code, "seconds": 1.0, "counts": {}}) + "\n"


@pytest.mark.usefixtures("at_a_commit")
def test_the_last_result_on_this_version_decides_what_is_played_again(tmp_path: Path) -> None:
    record = tmp_path / "campaign.jsonl"
    parts = [WALK._replace(name=name) for name in ("ok", "older", "red", "red later", "new")]
    assert campaign.kept(record, parts) == []
    record.write_text(
        line("ok") + line("older", version="b" * 40) + line("red", FAILED) + line("red later")
        + line("red later", FAILED) + line("gone")
    )  # fmt: skip
    assert [row["part"] for row in campaign.kept(record, parts)] == ["ok"]
    assert campaign.kept(record, parts[1:]) == [], "parts that are not named are not shown"


@pytest.mark.usefixtures("at_a_commit")
def test_the_list_shows_what_was_played_on_this_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = tmp_path / "campaign.jsonl"
    record.write_text(line("walk") + line("tiny", version="b" * 40))
    monkeypatch.setattr(campaign, "PARTS", (TINY, WALK))
    rows = json.loads(start("campaign", "--list", "--record", str(record), "--json").stdout)
    assert [(row["part"], row["outcome"]) for row in rows] == [("tiny", None), ("walk", "ok")]
    assert "not played" in start("campaign", "--list", "--record", str(record)).stdout


def test_what_was_played_on_changed_files_counts_for_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = tmp_path / "campaign.jsonl"
    record.write_text(line("walk", version="a-dirty"))
    monkeypatch.setattr(campaign_record, "version", lambda: "a-dirty")
    assert campaign_record.latest(record) == {}


@pytest.mark.parametrize("wrong", ["{", "[]", '{"part": "walk"}'])
def test_a_line_that_is_none_of_a_record_is_named(wrong: str, tmp_path: Path) -> None:
    record = tmp_path / "campaign.jsonl"
    record.write_text(line("walk") + wrong + "\n")
    for words in (("--list",), ("--resume",)):
        done = start("campaign", *words, "--record", str(record))
        assert done.returncode == USAGE and f"{record}, line 2: expected a line of a campaign" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("at_a_commit")
def test_a_part_that_is_ok_is_kept_and_a_red_one_is_played_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = tmp_path / "campaign.jsonl"
    mended = tmp_path / "mended"
    parts = ending("good", "pass", tmp_path), ending("red", f"assert os.path.exists({str(mended)!r})", tmp_path)
    assert played(monkeypatch, record, *parts) == FAILED
    assert lines(record)[1]["failed"] == ["test_it"]
    mended.touch()
    assert played(monkeypatch, record, *parts, more=("--resume",)) == DONE
    assert played(monkeypatch, record, *parts, more=("--resume",)) == DONE
    assert [each["part"] for each in lines(record)] == ["good", "red", "red"]


@pytest.mark.slow
def test_what_is_out_of_time_is_not_begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = tmp_path / "campaign.jsonl"
    parts = ending("first", "__import__('time').sleep(1)", tmp_path), ending("second", "pass", tmp_path)
    assert played(monkeypatch, record, *parts, more=("--time", "1s")) == MISSED, "less is judged than was to be"
    assert [each["part"] for each in lines(record)] == ["first"]


def test_the_worst_part_decides_and_nothing_judged_is_no_success() -> None:
    assert overall([], ["laws"], False) == MISSED and overall([DONE], ["laws"], True) == INTERRUPTED
    assert overall([DONE, MISSED, FAILED, MISSING, DISAGREED], [], False) == FAILED
    assert overall([DONE, MISSED, DONE], [], False) == MISSED and overall([MISSED, MISSING], [], False) == MISSING
    assert overall([DONE], [], False) == DONE and overall([DONE], ["laws"], False) == MISSED
    assert overall([FAILED], ["laws"], False) == FAILED


def test_reports_are_counted() -> None:
    suite = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="2"/></testsuites>'
    assert counted(suite.encode()) == {"passed": 1, "failed": 2, "skipped": 2}
    case = '<testcase classname="tests.a.test_b" name="{}">{}</testcase>'
    cases = case.format("fine", "") + case.format("red[1]", "<failure/>") + case.format("broken", "<error/>")
    document = f"<testsuites><testsuite>{cases}</testsuite></testsuites>".encode()
    assert failed_tests(document) == ["tests/a/test_b.py::red[1]", "tests/a/test_b.py::broken"]
    assert measured(b'{"steps": 3, "other": 4}', ("steps", "walks")) == {"steps": 3} and measured(b"", ("a",)) == {}


@pytest.mark.slow
def test_an_interrupted_campaign_keeps_the_parts_that_ended(tmp_path: Path) -> None:
    record, begun = tmp_path / "campaign.jsonl", tmp_path / "begun"
    program = f"""
import sys
from pathlib import Path
from crossvault.commands import campaign
from crossvault.__main__ import main
def part(name, test):
    path = Path({str(tmp_path)!r}) / f"test_{{name}}.py"
    path.write_text("from pathlib import Path\\nimport time\\ndef test_it():\\n    " + test)
    return campaign.CampaignPart(name, "for a test", (str(path), "-c", {str(ROOT / "pyproject.toml")!r}, *{QUIET!r}))
campaign.PARTS = (part("first", "pass"), part("second", "Path({str(begun)!r}).touch(); time.sleep(60)"))
sys.exit(main(["campaign", "--record", {str(record)!r}]))
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 90
    while not begun.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "not played to the end: second" in out
    assert [each["part"] for each in lines(record)] == ["first"]
