"""`crossvault fuzz --attack` as a command: its table, its JSON, its files and its exit codes."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import start
from code_planting import planted_code
from crossvault.attack import attack_campaign
from crossvault.attack.attack_campaign import AttackPlan, AttackResult
from crossvault.commands import fuzz_attack
from crossvault.commands.fuzz_attack import AttackNotes
from crossvault.differential.ending import DONE, FAILED, MISSED, USAGE
from crossvault.scenario import load


def test_what_the_attack_search_does_not_read_is_refused() -> None:
    for words in (["--steps", "10"], ["--corpus", "x"], ["--strict"], ["--contracts", "contracts"]):
        ran = start("fuzz", "--attack", *words)
        assert ran.returncode == USAGE and words[0] in ran.stderr and "--attack" in ran.stderr
    assert start("fuzz", "--attack", "--time", "0s").returncode == USAGE


@pytest.mark.parametrize(("plays", "code"), [(3, DONE), (0, MISSED)])
def test_a_search_without_a_finding_ends_well_and_one_that_played_nothing_does_not(
    monkeypatch: pytest.MonkeyPatch, plays: int, code: int
) -> None:
    result = AttackResult()
    result.counts.plays = plays
    monkeypatch.setattr(fuzz_attack, "search", lambda *arguments: result)
    ran = start("fuzz", "--attack", "--time", "1s")
    assert ran.returncode == code
    assert ("no coalition gained" in ran.stdout) is (code == DONE)
    assert "never reached, alarms: profit" in ran.stdout


@pytest.mark.slow
def test_a_finding_is_printed_written_shrunk_judged_and_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        fuzz_attack, "toolchain", SimpleNamespace(state_dir=lambda: tmp_path)
    )  # tools stay where they are
    monkeypatch.setattr(fuzz_attack, "AttackPlan", lambda seed, jobs, secs: AttackPlan(seed, jobs, 600, plays=32))
    monkeypatch.setattr(fuzz_attack, "search", attack_campaign.search)
    with planted_code("crossvault.attack.act_alarms", '"run-before-note"', '""'):  # as if it were not stated
        ran = start("fuzz", "--attack", "--seed", "2", "--jobs", "1", "--json")
    assert ran.returncode == FAILED
    document = json.loads(ran.stdout)
    first = document["findings"][0]
    assert ran.stderr.count("✖ V") == len(document["findings"])
    assert first["confirmed"] and int(first["money_wad"]) > 10**18 and first["steps"] < 40
    assert {"name", "paid_in_wad", "took_out_wad", "left_wad", "gain_wad"} == set(first["persons"][0])
    assert "fill" in document["never_reached"]["doors"]
    story = load(first["file"])
    assert story.finding.startswith("step ") and "USDC" in story.finding
    assert AttackNotes(tmp_path, True).followed == []
