"""The clause that a difference is put to: by what is new, by what the others follow from, and by whose right it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from clause_mutants import own
from crossvault.__main__ import main
from crossvault.conform.attribution import candidates
from crossvault.conform.breaches import is_borne_out
from crossvault.conform.clause import EVENTS, VIEWS, event
from crossvault.conform.clause_scenes import ClauseScenes
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.comparison import ClauseCounts, ConformTrial
from crossvault.conform.contrast import ClauseDifference, difference, mentioned
from crossvault.conform.dated_scenes import DatedScenes
from crossvault.conform.deployed_subject import InProcessSubject
from crossvault.conform.exact_scenes import ExactScenes
from crossvault.conform.model_recording import ModelRecording, ModelStep
from crossvault.conform.snapshot_words import word_of
from crossvault.conform.subject import Subject
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.evm.abi import RevertedSilently
from crossvault.mirror import account as accounts
from crossvault.mirror.account import MAX_POSITIONS, AccountId
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.authority_errors import NotAuthorized, VaultPaused
from crossvault.mirror.liquidation_errors import AuctionSolvent, BidTooDear, NotLiquidatable, StillLiquidatable
from crossvault.mirror.price_errors import StalePrice


@pytest.fixture(scope="module")
def vault() -> Subject:
    return own()


@pytest.fixture(scope="module")
def recording(vault: Subject) -> ModelRecording:
    scenes = ClauseScenes(vault)
    return ModelRecording(vault, scenes.world, "scenes", scenes.steps)


@pytest.fixture(scope="module")
def exact(vault: Subject) -> ModelRecording:
    scenes = ExactScenes(vault)
    return ModelRecording(vault, scenes.world, "exact", scenes.steps)


def test_the_dated_scenes_meet_both_sides_of_what_they_are_about(vault: Subject) -> None:
    """Caps and one too many, the soonest and the farthest expiry, each change announced, modes that pass and fail."""
    scenes, met = DatedScenes(vault), set[tuple[str, str]]()
    model = Model(scenes.world)
    for step, outcome in driven(scenes.steps(model), model.apply):
        met.add((step.action, outcome.refusal.name if outcome.refusal else ""))
    changes = ("options", "portfolio", "rules", "haircut", "guard", "depeg", "interest", "auction", "risk")
    doors = (*(f"{verb}_{each}" for each in changes for verb in ("schedule", "enact")), "open_expiry")
    assert met >= {(door, each) for door in doors for each in ("", "NotOwner")}
    refused = {
        "open_expiry": "ExpiryOutOfRange ExpiryListed TooManyExpiries UnknownUnderlying",
        "publish_forward": "NotFeeder ZeroPrice PriceTooLarge UnknownExpiry",
        "publish_surface": "NotFeeder UnknownExpiry",
        "list_collateral": "TooManyCollaterals TooManyDecimals",
        "trade": "TooManyPositions InstrumentExpired InsufficientMargin",
        "set_mode": "InsufficientMargin NotAuthorized StalePrice",
        "settle": "NotSettled",
    }
    assert met >= {(door, each) for door, names in refused.items() for each in ("", *names.split())}
    assert len(accounts.instruments(model.vault.ledger.holders[AccountId("crowd")])) == MAX_POSITIONS


def line_about(recording: ModelRecording, clause: str) -> ModelStep:
    """The first step that is about a clause."""
    place = next(place for place, each in enumerate(CLAUSES) if each.text == clause)
    return next(line for line in recording if place in line.about)


def put_to(vault: Subject, line: ModelStep, *found: ClauseDifference) -> list[str]:
    return [CLAUSES[place].text for place in candidates(vault, line, found)]


def refusals(theirs: Any, ours: Any) -> ClauseDifference:
    """A step that vault and model refuse, or accept, each in its way."""
    kind = "refusal" if theirs and ours else "accepted"
    words = () if theirs and ours else ("accepted",)
    found = difference(kind, theirs or "accepts", ours or "accepts")
    return ClauseDifference(found, (*mentioned(theirs, ours), *words), not (theirs and ours))


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


def test_a_refusal_that_its_numbers_do_not_bear_out_is_a_wrong_comparison(
    vault: Subject, recording: ModelRecording
) -> None:
    line = line_about(recording, "a bid takes its part of a solvent account")
    limit, price = "a bid above the bidder's limit is refused", "the price of a bid falls from the start to the knee, "
    assert put_to(vault, line, refusals(BidTooDear(7, 7), None)) == [limit]
    dearer = put_to(vault, line, refusals(BidTooDear(8, 7), None))
    assert limit not in dearer and f"{price}then slower" in dearer


def test_an_argument_of_a_refusal_is_put_to_the_clause_of_its_figure(vault: Subject, recording: ModelRecording) -> None:
    alice = AccountId("alice")
    line = line_about(recording, "an auction does not end before that")
    found = refusals(StillLiquidatable(alice, -2), StillLiquidatable(alice, -1))
    assert put_to(vault, line, found) == ["margin with buffer: margin + (margin - equity) * buffer"]
    wrong = "maintenance: notional * rate, rounded up"
    assert wrong in put_to(vault, line, found, view("maintenance_requirement_wad", 2))
    line = line_about(recording, "what has value left is not declared insolvent")
    found = refusals(AuctionSolvent(5, 2), AuctionSolvent(5, 1))
    assert put_to(vault, line, found) == ["the price of a bid falls from the start to the knee, then slower"]


def test_of_two_different_refusals_the_missing_one_counts_and_the_right_that_was_kept_back(
    vault: Subject, recording: ModelRecording
) -> None:
    alice = AccountId("alice")
    line = next(
        each for each in recording
        if each.step and each.step.action == "trade" and each.step.sender == "broker" and each.outcome
        and each.outcome.refusal and each.outcome.refusal.name == "InsufficientMargin"
    )  # fmt: skip
    both = put_to(vault, line, refusals(NotAuthorized(alice, "broker"), InsufficientMargin(alice, 1, 2)))
    assert both == ["who takes risk and fails initial margin is refused", "an operator acts for an account"]


def test_the_refusals_of_the_model_are_borne_out_by_their_numbers(
    recording: ModelRecording, exact: ModelRecording
) -> None:
    lines = [*recording, *exact]
    refused = [(each.step.at, each.outcome.refusal) for each in lines if each.step and each.outcome]
    known = {each.name for at, each in refused if each and is_borne_out(each, at)}
    assert [each for at, each in refused if each and not is_borne_out(each, at)] == []
    assert known >= {"BidTooDear", "NotLiquidatable", "StalePrice", "InsufficientMargin", "DeficitOpen"}
    assert known >= {"AuctionSolvent", "InsufficientLiquidity", "AmountTooLarge", "ParameterOutOfRange"}
    assert not is_borne_out(BidTooDear(7, 7), 0) and not is_borne_out(StalePrice(0, 0, 100, 60), 160)


def test_comparisons_are_met_at_equality(exact: ModelRecording) -> None:
    """A limit that is the cost, margins of zero, the second from which on a part goes for nothing."""
    lines = [each for each in exact if each.step]
    refused = [each.outcome.refusal for each in lines if each.outcome and each.outcome.refusal]
    assert any(each.name == "BidTooDear" and each.args[0] == each.args[1] + 1 for each in refused)
    assert NotLiquidatable(AccountId("alice"), 0) in refused
    assert StillLiquidatable(AccountId("alice"), -(10**12)) in refused, "and with one unit more it ends"
    names = [each.step.action for each in lines if each.step and each.outcome and not each.outcome.refusal]
    assert "end_liquidation" in names and names[-1] == "bid"
    assert any(each.name == "AuctionSolvent" and each.args[1] == 0 for each in refused)


def test_each_refusal_of_a_vault_of_perps_is_met_once(recording: ModelRecording, exact: ModelRecording) -> None:
    """All but the caps, which the dated scenes meet."""
    met = {place for each in [*recording, *exact] for place in each.about}
    apart = ("futures", "options", "portfolio margin", "orders")
    missing = {
        each.text for place, each in enumerate(CLAUSES)
        if each.refuses and each.needs not in apart and place not in met
    }  # fmt: skip
    assert missing == {
        "an account holds no more positions than the cap",
        "no more collaterals are listed than the cap", "a token has no more decimals than 18",
        "no deposit, loan or trade takes the vault above a cap", "the vault has three kinds of caps",
    }  # fmt: skip


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
        ("snapshot[1][0].sale[3]", "sale_reserved_wad"),
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
