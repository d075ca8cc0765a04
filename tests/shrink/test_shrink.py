"""Shrinking: what is left still fails in the same way, and nothing can be left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step, World
from crossvault.evm import pyrevm
from crossvault.evm.chain import Chain
from crossvault.evm.inprocess import InProcessChain
from crossvault.lockstep.run import Diverged, run
from crossvault.mirror.account import AccountId
from crossvault.report.shrink import text
from crossvault.shrink.replay import ShrinkTrial
from crossvault.shrink.rewrite import leaves, renamed, shifted, with_accounts
from crossvault.shrink.saved import repro, story
from crossvault.shrink.shrinker import NoDivergence, ShrinkResult, shrink
from crossvault.shrink.simplification import weight
from crossvault.shrink.trial import Divergence
from crossvault.walks.random_walk import Walk
from shrinking import broken, found
from widths import all_faults

Found = tuple[World, list[Step], Diverged]


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return broken(tmp_path_factory.mktemp("shrink") / "contracts")


@pytest.fixture(scope="module")
def finding(contracts: Path) -> Found:
    return found(contracts)


@pytest.fixture(scope="module")
def shrunk(contracts: Path, finding: Found) -> ShrinkResult:
    world, steps, failure = finding
    return shrink(world, steps, contracts, seconds=60, failure=failure)


def differs(world: World, steps: Sequence[Step], contracts: Path, like: Divergence) -> bool:
    """Whether steps differ in the same way on fresh sides."""
    side = InProcessChain(world, contracts)
    try:
        return ShrinkTrial(world, side, like.likeness).find(steps) is not None
    finally:
        side.close()


def test_what_is_left_differs_on_anvil_in_the_same_field(shrunk: ShrinkResult, contracts: Path, finding: Found) -> None:
    kept = story(repro(shrunk, "rounds", "", {}))
    chain = Chain(shrunk.world, contracts)
    try:
        failure = run(kept, Model(shrunk.world), chain).failure
    finally:
        chain.close()
    assert isinstance(failure, Diverged)
    assert failure.number == len(shrunk.steps)
    assert failure.found[0] == shrunk.finding.found[0]
    assert failure.found[0].field == finding[2].found[0].field
    assert failure.found[0].wei == finding[2].found[0].wei == -1


def test_no_call_can_be_left_out(shrunk: ShrinkResult, contracts: Path) -> None:
    assert shrunk.finished
    assert differs(shrunk.world, shrunk.steps, contracts, shrunk.finding)
    for place in range(len(shrunk.steps) - 1):
        rest = [*shrunk.steps[:place], *shrunk.steps[place + 1 :]]
        assert not differs(shrunk.world, rest, contracts, shrunk.finding), f"call {place + 1} is not needed"


def test_little_is_left(shrunk: ShrinkResult, finding: Found) -> None:
    assert len(shrunk.steps) <= 12 < len(finding[1])
    assert len(shrunk.accounts) == 2, "a trade has two sides"
    assert {step.at for step in shrunk.steps} == {shrunk.world.starts_at}, "nothing has to be waited for"
    assert len(shrunk.world.tokens) <= 2 and shrunk.world.delay_secs == 0
    values = {(step.action, abs(value)) for step in shrunk.steps for name, value in leaves(step)
              if name in ("size", "amount_raw")}  # fmt: skip
    assert values == {("mint", 2), ("deposit_cash", 1), ("trade", 1)}, "one mint pays for two deposits of one"


def test_the_text_of_a_result_fits_every_page(shrunk: ShrinkResult) -> None:
    assert all_faults(text(shrunk)) == []


def test_a_known_failure_spares_the_whole_story_and_comes_to_the_same_field(
    contracts: Path, finding: Found, shrunk: ShrinkResult
) -> None:
    world, steps, failure = finding
    again = shrink(world, steps[: failure.number], contracts, seconds=60)
    assert again.finding.likeness == shrunk.finding.likeness
    assert len(again.steps) == len(shrunk.steps)


def test_steps_on_which_the_sides_agree_are_refused(finding: Found) -> None:
    world, steps, failure = finding
    with pytest.raises(NoDivergence, match="do not diverge"):
        shrink(world, steps[:60], seconds=10)
    with pytest.raises(NoDivergence, match="in the way that is wanted"):
        shrink(world, steps, seconds=10, failure=failure)


def test_time_is_kept_and_what_was_found_until_then_too(
    contracts: Path, finding: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that goes on by a second with every look at it, so that a busy machine changes nothing."""
    world, steps, failure = finding
    clock = count()
    monkeypatch.setattr("crossvault.shrink.shrinker.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    short = shrink(world, steps, contracts, seconds=40, failure=failure)
    assert not short.finished and short.seconds == 42 and len(short.steps) < failure.number
    assert differs(short.world, short.steps, contracts, short.finding)


def test_an_interrupt_keeps_what_was_found_and_shrinking_goes_on_from_there(
    contracts: Path, finding: Found, shrunk: ShrinkResult
) -> None:
    world, steps, failure = finding

    def interrupt(out: int) -> None:
        if out > len(steps) // 2:
            raise KeyboardInterrupt

    cut = shrink(world, steps, contracts, seconds=60, failure=failure, tick=interrupt)
    assert cut.interrupted and not cut.finished
    assert len(shrunk.steps) < len(cut.steps) < failure.number
    assert differs(cut.world, cut.steps, contracts, cut.finding)
    on = shrink(cut.world, cut.steps, contracts, seconds=60)
    assert on.finished and len(on.steps) <= len(shrunk.steps) + 1


@pytest.mark.slow
def test_going_back_is_as_good_as_beginning_again(finding: Found) -> None:
    """The prefix that candidates share is not played again: the state is that of fresh sides."""
    world, steps, failure = finding
    random = Random(7)
    trial = ShrinkTrial(world, InProcessChain(world))
    for _ in range(12):
        some = [step for step in steps[: failure.number] if random.random() < 0.8]
        assert trial.find(some) is None
        model, side = Model(world), InProcessChain(world)
        model.play(some)
        side.play(some)
        accounts = tuple(model.vault.ledger.holders)
        assert trial.model.snapshot(accounts) == model.snapshot(accounts)
        assert isinstance(trial.side, InProcessChain)
        assert trial.side.snapshot(accounts) == side.snapshot(accounts) == model.snapshot(accounts)


def test_rewriting_keeps_orders_and_what_was_signed_together() -> None:
    a, b, c = AccountId("a"), AccountId("b", 2), AccountId("c")
    steps = [
        doors.deposit_cash(100, "a", account=a, amount_raw=5),
        doors.withdraw_cash(2_000_000_000, "a", account=a, amount_raw=5, to="a"),
        doors.trade(2_000_000_000, "x", maker=a, taker=b, instrument=1, size=1, price_wad=1),
    ]
    merged = with_accounts(steps, {a: c})
    assert [step.sender for step in merged] == ["c", "c", "x"]
    assert merged[1].args["to"] == "c" and merged[2].accounts() == (c, b)
    assert renamed(steps, {"b": "d"})[2].args["taker"] == AccountId("d", 2)
    assert [step.at for step in shifted(steps, 2_000_000_000, 60, True)] == [100, 1_999_999_940, 1_999_999_940]
    assert steps[0].sender == "a", "the steps themselves are as they were"


def test_round_numbers_are_simpler() -> None:
    assert sorted([0, 12_345, 10**18, 7, -7, 1_500, 20], key=weight) == [0, 7, -7, 20, 10**18, 1_500, 12_345]


def test_candidates_that_cannot_be_played_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyrevm, "_MAX_MARKS", 8)
    world = Walk(1, 0).world
    side = InProcessChain(world)
    minted = doors.mint(world.starts_at, "faucet", token="USDC", to="owner0", amount_raw=1)
    trial = ShrinkTrial(world, side)
    for number in range(20):
        unfit = doors.mint(world.starts_at, "faucet", token="USDC", to="owner0", amount_raw=2**256 + number)
        assert trial.find([minted, unfit]) is None
        assert trial.find([unfit, minted]) is None
    assert trial.find([minted, minted]) is None


def test_candidates_with_a_common_beginning_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """One mark for each place of the longest, however many candidates go back to it."""
    monkeypatch.setattr(pyrevm, "_MAX_MARKS", 8)
    world = Walk(1, 0).world
    trial = ShrinkTrial(world, InProcessChain(world))
    minted = [
        doors.mint(world.starts_at, "faucet", token="USDC", to="owner0", amount_raw=amount) for amount in range(30)
    ]
    for number in range(2, 30):
        assert trial.find([minted[0], minted[1], minted[number]]) is None
        assert trial.find([minted[0], minted[number]]) is None
