"""Rival searchers on the planted bugs: each works, and missing ones are reported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from crossvault.bench import forge, own_search, rival_contest, rival_process, wake
from crossvault.bench.hypothesis_rules import search
from crossvault.bench.planted import cases
from crossvault.bench.small_bugs import (
    BUGS,
    GROUND,
    SearcherUnavailable,
    SearchOutcome,
    SmallVaultBug,
    longest,
    plant,
)
from crossvault.commands.exits import UsageError
from crossvault.commands.parser import parse
from crossvault.commands.rivals import rivals
from crossvault.differential.ending import DONE
from crossvault.evm.compiler import compile_contracts
from crossvault.setup import toolchain
from places import TESTS

BROKEN = TESTS / "broken.yaml"
SHALLOW = "quote-rounds-down"
SOUND = SmallVaultBug("sound", "no bug at all", BUGS[2].was, BUGS[2].was)


def test_the_ten_are_in_the_catalogue() -> None:
    assert {*rival_contest.TEN} <= {case.id for case in cases(BROKEN)} and len({*rival_contest.TEN}) == 10


SEARCH = """
import json, sys
from hypothesis import settings
from crossvault.bench.planted import cases, planted
from crossvault.bench.hypothesis_rules import search
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")
[case] = [each for each in cases(__import__("pathlib").Path(sys.argv[1])) if each.id == sys.argv[2]]
print(json.dumps(search(planted(case), 60)._asdict()))
"""


@pytest.mark.slow
def test_hypothesis_finds_a_shallow_bug() -> None:
    """In a process of its own: what Hypothesis draws depends on the modules that are loaded."""
    command = [sys.executable, "-c", SEARCH, str(BROKEN), SHALLOW]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["found"] and found["finished"] and found["calls"] == 1 and found["field"]
    assert 0 < found["first_secs"] <= found["secs"] < 60


@pytest.mark.slow
def test_hypothesis_finds_nothing_in_sound_contracts_and_stops_in_time() -> None:
    found = search(compile_contracts(), 1)
    assert not found.found and not found.finished and found.played > 50 and 1 <= found.secs < 5


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_every_bug_of_the_small_vault_is_plantable(bug: object) -> None:
    assert isinstance(bug, type(BUGS[0]))
    with TemporaryDirectory() as folder:
        plant(bug, Path(folder))
        assert bug.was not in (Path(folder) / "PerpVault.sol").read_text()


@pytest.mark.slow
def test_crossvault_finds_a_bug_of_the_small_vault() -> None:
    way = own_search.search(BUGS[0], 60, 0)
    assert way.found and 0 < way.calls <= 3 and way.digits == 1


@pytest.mark.slow
def test_the_command_compares_with_hypothesis(capsys: pytest.CaptureFixture[str]) -> None:
    assert rivals(parse(["bench", "rivals", "--json", "--time", "5s", "--only", SHALLOW])) == DONE
    document = json.loads(capsys.readouterr().out)
    [bug] = document["bugs"]
    assert bug["bug"] == SHALLOW and bug["ours"]["found"] and bug["Hypothesis"]["found"]
    assert document["small_vault"] == [] and "Hypothesis" in document["versions"] and document["seconds_each"] == 5


@pytest.mark.slow
def test_an_unavailable_searcher_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for each in (rival_process, wake):
        monkeypatch.setattr(each, "home", lambda name: tmp_path / name)
    nowhere = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0", "npm_config_cache": "npm"}
    for name, value in (
        nowhere | {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    ).items():
        monkeypatch.setenv(name, value)
    assert rivals(parse(["bench", "rivals", "--time", "30s", "--only", BUGS[0].id])) == DONE
    out = capsys.readouterr().out
    assert "forge: not available: npm could not install @foundry-rs" in out and "put `forge` of Foundry" in out
    assert f"Wake: not available: eth-wake {wake.VERSION} could not be installed" in out and "have a network" in out


def test_an_invalid_time_is_refused() -> None:
    with pytest.raises(UsageError, match="--time: 'soon'"):
        rivals(parse(["bench", "rivals", "--time", "soon"]))


def test_a_slow_child_process_is_stopped(tmp_path: Path) -> None:
    done = rival_process.run(["sh", "-c", "echo begun; sleep 60"], tmp_path, 0.5)
    assert done.code is None and done.out == "begun\n" and done.secs < 30
    with pytest.raises(SearcherUnavailable, match="no-such-tool cannot be started"):
        rival_process.run(["no-such-tool"], tmp_path, 1)


def test_digits_are_of_the_longest_number() -> None:
    assert longest([1_000, -120, 0]) == 2 and longest([]) == 0


def _fetched(name: str, inside: str) -> bool:
    return next(rival_process.home(name).glob(inside), None) is not None


@pytest.mark.slow
@pytest.mark.skipif(
    not _fetched("forge", "node_modules/@foundry-rs/*/bin/forge"), reason="forge was never fetched: bench rivals does"
)
def test_forge_finds_a_shallow_bug_and_nothing_in_sound_contracts() -> None:
    with forge.Forge((BUGS[0], SOUND), 10) as tool:
        assert tool.version() == forge.VERSION and not tool.search(SOUND, 0).found
        way = tool.search(BUGS[0], 0)
    assert way.found and way.calls >= 1 and way.digits > 0


@pytest.mark.slow
@pytest.mark.skipif(not _fetched("wake", "environment/bin/wake"), reason="Wake was never fetched: bench rivals does")
def test_wake_finds_a_shallow_bug_and_nothing_in_sound_contracts() -> None:
    with wake.Wake((BUGS[0], SOUND), 20) as tool:
        assert tool.version() == wake.VERSION and not tool.search(SOUND, 0).found
        way = tool.search(BUGS[0], 0)
    assert isinstance(way, SearchOutcome) and way.found and way.calls >= 1


def test_the_rival_harness_files_ship() -> None:
    assert {path.name for path in GROUND.iterdir()} == {
        "Ground.sol",
        "Handler.sol",
        "Invariants.t.sol",
        "wake_flows.txt",
    }
    assert toolchain.PACKAGE in GROUND.parents
