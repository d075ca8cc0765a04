"""The clause that a difference is put to: by what is new, by what the others follow from, and by whose right it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from clause_mutants import own
from crossvault.__main__ import main
from crossvault.conform.attribution import candidates
from crossvault.conform.clause import EVENTS, VIEWS, event
from crossvault.conform.clause_scenes import ClauseScenes
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.comparison import ClauseCounts, ConformTrial
from crossvault.conform.contrast import ClauseDifference, difference
from crossvault.conform.deployed_subject import InProcessSubject
from crossvault.conform.model_recording import ModelRecording, ModelStep
from crossvault.conform.snapshot_words import word_of
from crossvault.conform.subject import Subject
from crossvault.evm.abi import RevertedSilently
from crossvault.mirror.authority_errors import VaultPaused
from crossvault.mirror.price_errors import StalePrice


@pytest.fixture(scope="module")
def vault() -> Subject:
    return own()


@pytest.fixture(scope="module")
def recording(vault: Subject) -> ModelRecording:
    scenes = ClauseScenes(vault)
    return ModelRecording(vault, scenes.world, "scenes", scenes.steps)


def line_about(recording: ModelRecording, clause: str) -> ModelStep:
    """The first step that is about a clause."""
    place = next(place for place, each in enumerate(CLAUSES) if each.text == clause)
    return next(line for line in recording if place in line.about)


def put_to(vault: Subject, line: ModelStep, *found: ClauseDifference) -> list[str]:
    return [CLAUSES[place].text for place in candidates(vault, line, found)]


def view(name: str, theirs: Any, *mentions: str) -> ClauseDifference:
    return ClauseDifference(difference(name, theirs, 1), mentions or (name,), False, (name, "bob"))


def test_a_right_that_is_kept_back_is_no_missing_refusal(vault: Subject, recording: ModelRecording) -> None:
    found = ClauseDifference(difference("accepted", VaultPaused(), "accepts"), ("VaultPaused", "accepted"), True)
    right = "a paused vault: deposits go on"
    assert put_to(vault, line_about(recording, right), found) == [right]
    missing = ClauseDifference(difference("accepted", "accepts", VaultPaused()), ("VaultPaused", "accepted"), True)
    refusal = "a paused vault: no withdrawal"
    assert put_to(vault, line_about(recording, refusal), missing) == [refusal]


def test_funding_is_named_by_its_clause_and_not_by_events(vault: Subject, recording: ModelRecording) -> None:
    clause = "positions pay and receive funding at their next touch"
    line = line_about(recording, clause)
    events = ClauseDifference(difference(EVENTS, (), ()), (event("Traded"), EVENTS), False)
    quote = ClauseDifference(difference("snapshot", 1, 2), ("quote",), True)
    assert clause in put_to(vault, line, events, quote)
    assert "every event of ours that the vault has reports its door" not in put_to(vault, line, events, quote)


def test_what_a_figure_is_made_of_comes_first(vault: Subject, recording: ModelRecording) -> None:
    line = line_about(recording, "maintenance: notional * rate, rounded up")
    both = view("health_wad", 2), view("maintenance_requirement_wad", 2)
    assert "health: margin balance by requirement at maintenance" not in put_to(vault, line, *both)
    assert put_to(vault, line, both[0]) == ["health: margin balance by requirement at maintenance"]


def test_a_view_that_refuses_is_its_own_clause(vault: Subject, recording: ModelRecording) -> None:
    line = line_about(recording, "maintenance: notional * rate, rounded up")
    silent = view("equity_wad", RevertedSilently(), "RevertedSilently", VIEWS)
    assert put_to(vault, line, silent) == ["a view answers where ours does"]
    stale = view("mark_wad", StalePrice(0, 0, 0, 0), "StalePrice", VIEWS)
    assert all(each.startswith(("a stale price", "a mode without a fresh")) for each in put_to(vault, line, stale))


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("snapshot[0].prices[1][4]", "price_stable"),
        ("snapshot[0].prices[0][7]", "price_cumulative"),
        ("snapshot[0].tracks[0][0]", "funding_track"),
        ("snapshot[0].insurance_wad", "insurance_wad"),
        ("snapshot[1][0].image.principal", "cash_wad"),
        ("snapshot[1][0].image.entries[0].quote", "quote"),
        ("snapshot[1][1].image.balances[2]", "collateral"),
        ("snapshot[1][0].sale[2]", "sale_reserved_wad"),
    ],
)
def test_a_field_of_the_state_has_a_word(field: str, word: str) -> None:
    assert word_of(field) == word


def test_only_what_is_new_is_news(vault: Subject, recording: ModelRecording) -> None:
    """A figure that differed before a step is not put to that step; one that agreed in between is."""
    line = line_about(recording, "maintenance: notional * rate, rounded up")
    trial = ConformTrial(InProcessSubject(vault, recording.world), recording, ClauseCounts())
    key = next(each for each in line.figures if each[0] == "equity_wad")
    wrong = ClauseDifference(difference("equity_wad", 2, 1), ("equity_wad",), False, key)
    seen: list[Sequence[ClauseDifference]] = [trial.new([wrong], line), trial.new([wrong], line)]
    assert trial.new([], line) == []
    seen.append(trial.new([wrong], line))
    assert [len(each) for each in seen] == [1, 0, 1]


@pytest.mark.slow
def test_a_vault_of_few_doors_is_searched_by_long_walks(capsys: pytest.CaptureFixture[str]) -> None:
    """No kind of move of a walk, alone or in an episode, needs a door or a collateral that the example lacks."""
    assert main(["conform", "example", "--steps", "2500", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] >= 2_500
