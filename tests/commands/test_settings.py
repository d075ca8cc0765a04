"""Settings of a folder: which file counts, what wins, and mistakes by file, line and key."""

from __future__ import annotations

import json
from argparse import Namespace
from contextlib import chdir
from pathlib import Path

import pytest

from cli import start
from crossvault.commands.exits import UsageError
from crossvault.commands.parser import parse
from crossvault.commands.settings import VARIABLE, BadConfig

TOML = """\
contracts = "src"
stories = ["stories", "more.scenario.yaml"]
seed = 7
network = "ethereum:sepolia:node"

[fuzz]
time = "5m"
strict = true
seed = 9

[run]
set = ["world.auction.fast='5m'"]
no-record = true
"""


@pytest.fixture(autouse=True)
def without_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder below one with settings."""
    (tmp_path / "crossvault.toml").write_text(TOML, encoding="utf8")
    (tmp_path / "below").mkdir()
    return tmp_path / "below"


def parsed(folder: Path, line: str) -> Namespace:
    """The arguments of a command line in a folder."""
    with chdir(folder):
        return parse(line.split(), with_settings=True)


def test_settings_are_the_values_of_flags_that_are_not_given(here: Path) -> None:
    run = parsed(here, "run")
    assert (run.contracts, run.seed, run.no_record, run.overrides) == ("../src", 7, True, ["world.auction.fast='5m'"])
    assert run.scenarios == ["../stories", "../more.scenario.yaml"]
    fuzz = parsed(here, "fuzz")
    assert (fuzz.time, fuzz.strict, fuzz.seed, fuzz.steps) == (300, True, 9, None)
    assert parsed(here, "mutate --sample 3").seed == 7
    assert parsed(here, "seed quickstart").network == "ethereum:sepolia:node"


def test_a_flag_always_wins(here: Path) -> None:
    run = parsed(here, "run quickstart --seed 0 --contracts own --record kept.jsonl --set a.b=1")
    assert (run.scenarios, run.seed, run.contracts, run.overrides) == (["quickstart"], 0, "own", ["a.b=1"])
    assert (run.record, run.no_record) == ("kept.jsonl", False)  # which do not go together
    assert parsed(here, "fuzz --no-strict --time 60s").strict is False
    assert parsed(here, "fuzz --against new").strict is False  # which has no effect with it
    assert parsed(here, "run quickstart --seed 7").seed == 7


def test_a_story_goes_onto_a_network_by_its_flag_only(here: Path) -> None:
    assert parsed(here, "run quickstart").network is None
    run = parsed(here, "run quickstart --network")
    assert (run.network, run.contracts) == ("ethereum:sepolia:node", None)
    assert parsed(here, "run quickstart --network a:b:c").network == "a:b:c"


def test_the_nearest_file_counts_and_the_own_one_first(here: Path) -> None:
    part = here / "pyproject.toml"
    part.write_text("[project]\nname = 'x'\n", encoding="utf8")
    assert parsed(here, "fuzz").seed == 9  # a pyproject.toml without our table is passed by
    part.write_text("[tool.crossvault]\nseed = 1\n[tool.crossvault.fuzz]\njobs = 1\n", encoding="utf8")
    assert (parsed(here, "fuzz").seed, parsed(here, "fuzz").jobs, parsed(here, "fuzz").time) == (1, 1, None)
    (here / "crossvault.toml").write_text("seed = 2\n", encoding="utf8")
    assert (parsed(here, "fuzz").seed, parsed(here, "fuzz").jobs) == (2, None)


def test_a_variable_names_a_file_or_none(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = here / "other.toml"
    other.write_text("seed = 5\n", encoding="utf8")
    monkeypatch.setenv(VARIABLE, str(other))
    assert parsed(here, "fuzz").seed == 5
    monkeypatch.setenv(VARIABLE, "")
    assert parsed(here, "fuzz").seed is None
    with pytest.raises(UsageError, match="arguments are required: SCENARIO"):
        parsed(here, "run")
    monkeypatch.setenv(VARIABLE, "nowhere.toml")
    with pytest.raises(BadConfig, match="CROSSVAULT_CONFIG: there is no file nowhere"):
        parsed(here, "fuzz")


MISTAKES = [
    ("sead = 7", "crossvault.toml:1: sead: unknown key: ", "did you mean 'seed'?"),
    ("\n[fuzzy]\ntime = 3", "crossvault.toml:2: fuzzy: unknown key: ", "did you mean 'fuzz'?"),
    ("[fuzz]\n\njob = 3", "crossvault.toml:3: fuzz.job: unknown flag of fuzz: ", "did you mean 'jobs'?"),
    ("[fuzz]\ntime = '0s'", "crossvault.toml:2: fuzz.time: ", "expected 1s to 366d, got '0s'"),
    ("[fuzz]\nstrict = 'yes'", "crossvault.toml:2: fuzz.strict: ", "expected true or false, got 'yes'"),
    ("seed = -1", "crossvault.toml:1: seed: ", "expected a whole number from 0 to"),
    ("seed = true", "crossvault.toml:1: seed: ", "expected a text or a number, got True"),
    ("contracts = ''", "crossvault.toml:1: contracts: ", "expected a value, got ''"),
    ("fuzz = 3", "crossvault.toml:1: fuzz: ", "expected a table of flags, [fuzz], got 3"),
    ("fuzz = {time = '1x'}", "crossvault.toml:1: fuzz.time: ", "'1x'"),
    ("[shrink]\nemit = 'hardhat'", "crossvault.toml:2: shrink.emit: ", "expected one of "),
    ("seed = 1\nseed = 2", "crossvault.toml:2: invalid TOML: ", "Cannot overwrite a value"),
    ("x = [", "crossvault.toml:1: invalid TOML: ", ""),
    ("[fuzz]\nagainst = 'a'\ncorpus = 'b'", "--corpus: has no effect with --against", ""),
]


@pytest.mark.parametrize(("text", "place", "problem"), MISTAKES, ids=[text for text, _, _ in MISTAKES])
def test_a_mistake_is_named_by_file_line_and_key(text: str, place: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "crossvault.toml").write_text(text, encoding="utf8")
    done = start("fuzz", "--steps", "1", folder=tmp_path)
    assert done.returncode == 2 and place in done.stderr and problem in done.stderr
    assert done.stderr.count("\n") <= 3 and "Traceback" not in done.stderr


def test_every_mistake_is_named_in_one_document_and_help_reads_nothing(tmp_path: Path) -> None:
    (tmp_path / "crossvault.toml").write_text("sead = 7\n[fuzz]\njob = 1\n", encoding="utf8")
    found = json.loads(start("fuzz", "--json", folder=tmp_path).stdout)["error"]
    assert [(each["line"], each["field"]) for each in found["problems"]] == [(1, "sead"), (3, "fuzz.job")]
    assert start("fuzz", "--help", folder=tmp_path).returncode == 0
    assert start("schema", folder=tmp_path).returncode == 0


def test_a_line_of_a_pyproject_is_counted_in_the_whole_file(tmp_path: Path) -> None:
    text = "[project]\nname = 'x'\n\n[tool.crossvault.fuzz]\njob = 1\n"
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf8")
    assert "pyproject.toml:5: fuzz.job: " in start("fuzz", folder=tmp_path).stderr


def test_config_prints_each_value_with_its_origin(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSVAULT_DATA", "/bars")
    found = json.loads(start("config", "--json", folder=here).stdout)
    assert found["file"] == "../crossvault.toml"
    rows = {
        (each["command"], each["name"]): (each["value"], each["origin"], each["line"]) for each in found["settings"]
    }
    assert rows["fuzz", "--seed"] == (9, "../crossvault.toml", 9)  # of two, the one that counts
    assert rows["run", "--contracts"] == ("../src", "../crossvault.toml", 1)
    assert rows["", "market data"] == ("/bars", "environment CROSSVAULT_DATA", None)
    text = start("config", "fuzz", folder=here).stdout
    assert "../crossvault.toml:7" in text and "default" in text
    assert start("config", "fuz", folder=here).returncode == 2
