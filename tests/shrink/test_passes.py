"""The table of passes and the order of "smaller": no pass makes a story larger, and one that would is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from crossvault.differential import doors
from crossvault.differential.step import Step, World
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.lockstep.run import Diverged
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.shrink.passes import PASSES, Pass, Reduction
from crossvault.shrink.plain_world import PLAIN_TERMS
from crossvault.shrink.replay import ShrinkTrial
from crossvault.shrink.shrinker import Shrinker
from crossvault.shrink.simplification import simplify_values
from crossvault.shrink.size import StorySize, size
from crossvault.walks.random_walk import Walk
from shrinking import broken, found

Found = tuple[World, list[Step], Diverged]
ALICE, BOB = AccountId("alice"), AccountId("bob")


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return broken(tmp_path_factory.mktemp("passes") / "contracts")


@pytest.fixture(scope="module")
def finding(contracts: Path) -> Found:
    return found(contracts)


def shrinker(contracts: Path, finding: Found) -> Shrinker:
    """A shrinker of the finding that has tried nothing yet."""
    world, steps, failure = finding
    build = compile_contracts(contracts)

    def opened(other: World) -> ShrinkTrial:
        return ShrinkTrial(other, InProcessChain(other, build))

    trial = opened(world)
    trial.expect(steps[: failure.number], failure.found)
    return Shrinker(trial, steps[: failure.number], 60, opened)


def test_every_pass_has_a_name_of_its_own() -> None:
    assert len({each.name for each in PASSES}) == len(PASSES)
    assert all(each.lessens for each in PASSES)


def test_no_pass_makes_the_story_larger(contracts: Path, finding: Found) -> None:
    sizes: list[StorySize] = []

    def noted(each: Pass) -> Pass:
        def run(now: Reduction) -> None:
            sizes.append(size(now.world, now.best))
            each.run(now)

        return each._replace(run=run)

    shrinking = shrinker(contracts, finding)
    shrinking.run([noted(each) for each in PASSES])
    sizes.append(size(shrinking.world, shrinking.best))
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) > 5, "several passes help"
    assert sizes[-1].calls < sizes[0].calls and sizes[-1].digits < sizes[0].digits


def test_a_pass_that_makes_the_story_larger_is_taken_back(contracts: Path, finding: Found) -> None:
    accepted: list[int] = []

    def enlarge(now: Reduction) -> None:
        before = len(now.best)
        coins = doors.mint(now.world.starts_at, now.world.owner, token=now.world.quote, to="zoe", amount_raw=1)
        if now.attempt([coins, *now.best]):
            accepted.append(len(now.best) - before)

    shrinking = shrinker(contracts, finding)
    shrinking.run([Pass("enlarge", "nothing", enlarge)])
    assert accepted[0] == 1, "the larger story fails as well"
    assert all(step.args.get("to") != "zoe" for step in shrinking.best)
    assert shrinking.result().finished


def test_smaller_is_fewer_calls_then_plainer_things_then_simpler_values() -> None:
    world = Walk(0, 1).world
    at = world.starts_at
    deposit = {"account": ALICE, "amount_raw": 5}
    batch = doors.batch(at, "alice", calls=(Call("deposit_cash", deposit), Call("deposit_cash", deposit)))
    perp, option = market.perp(0), market.instrument_of(0, market.CALL, at + 600, 10**18)

    def trade(instrument: int, **other: int) -> Step:
        values = {"size": 1, "price_wad": 1} | other
        return doors.trade(at, "bob", maker=ALICE, taker=BOB, instrument=instrument, **values)

    ordered = [
        [trade(perp)],
        [trade(perp, size=2)],
        [trade(perp, size=-2)],
        [trade(perp, price_wad=12)],
        [doors.trade(at + 1, "bob", maker=ALICE, taker=BOB, instrument=perp, size=1, price_wad=1)],
        [trade(option)],
        [doors.deposit_cash(at, "alice", account=ALICE, amount_raw=5)] * 2,
        [batch],
    ]
    sizes = [size(world, steps) for steps in ordered]
    assert sizes == sorted(sizes) and len(set(sizes)) == len(sizes)


def test_a_power_of_ten_gives_way_to_a_smaller_digit() -> None:
    """What fails from 2,300 on is shrunk to 3,000, which has one digit, and not left at 10,000."""
    world = Walk(0, 1).world
    steps = [doors.deposit_cash(world.starts_at, "alice", account=ALICE, amount_raw=123_456)]

    def attempt(candidate: Sequence[Step]) -> list[Step] | None:
        return list(candidate) if candidate[0].args["amount_raw"] >= 2_300 else None

    [left] = simplify_values(steps, attempt)
    assert left.args["amount_raw"] == 3_000


def test_a_plainer_world_is_made_from_the_one_before() -> None:
    """Where all at once will not do, what was taken away stays away."""

    class Picky:
        """Takes every world but those without a delay."""

        best: list[Step] = []

        def __init__(self, world: World) -> None:
            self.world = world

        def attempt(self, steps: Sequence[Step]) -> None:
            raise AssertionError

        def enter(self, world: World) -> bool:
            if world.delay_secs == 0:
                return False
            self.world = world
            return True

        def cut(self) -> None:
            raise AssertionError

    now = Picky(Walk(0, 1).world)
    [plain] = [each for each in PASSES if each.name == "plain world"]
    plain.run(now)
    assert [each.name for each in now.world.tokens] == [now.world.quote] and now.world.terms == PLAIN_TERMS
    assert now.world.delay_secs > 0
