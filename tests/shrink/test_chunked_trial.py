"""A trial in chunks finds what a trial finds that compares each step at once: the same step, the same differences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from crossvault.differential import doors
from crossvault.differential.step import Step, World
from crossvault.evm import search_evm
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.lockstep.run import Diverged
from crossvault.shrink import chunked_trial
from crossvault.shrink.chunked_trial import ChunkedTrial
from crossvault.shrink.replay import ShrinkTrial
from crossvault.shrink.shrinker import ShrinkResult, shrink
from crossvault.shrink.trial import Divergence, DivergenceKey
from shrinking import broken, found

Found = tuple[World, list[Step], Diverged]


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return broken(tmp_path_factory.mktemp("chunked") / "contracts")


@pytest.fixture(scope="module")
def finding(contracts: Path) -> Found:
    return found(contracts)


@pytest.fixture(scope="module")
def shrunk(contracts: Path, finding: Found) -> ShrinkResult:
    return small(contracts, finding)


def small(contracts: Path, finding: Found) -> ShrinkResult:
    world, steps, failure = finding
    return shrink(world, steps, contracts, seconds=60, failure=failure)


def summary(result: ShrinkResult) -> tuple[object, ...]:
    return result.world, result.steps, result.outcomes, result.finding, result.finished, result.tries


@pytest.mark.slow
def test_the_same_is_left_in_as_many_tries(
    contracts: Path, finding: Found, shrunk: ShrinkResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunked_trial, "is_in_process", lambda: False)
    assert summary(small(contracts, finding)) == summary(shrunk)


@pytest.mark.slow
def test_the_same_is_left_on_a_node(
    contracts: Path, finding: Found, shrunk: ShrinkResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (search_evm, chunked_trial):
        monkeypatch.setattr(module, "is_in_process", lambda: False)
    assert summary(small(contracts, finding)) == summary(shrunk)


class _WrongMetrics(InProcessChain):
    """A side that shows a wei more of some equities."""

    def decode_metrics(self, call: dict[str, object]) -> object:
        metrics = super().decode_metrics(call)
        return metrics._replace(equity_wad=metrics.equity_wad + 1) if metrics.equity_wad % 3 == 1 else metrics


def tried(trial: ShrinkTrial, candidates: Sequence[Sequence[Step]]) -> list[Divergence | None]:
    """What a trial finds in candidates, by each of its questions in turn."""
    return [(trial.find, trial.earliest)[number % 2](steps) for number, steps in enumerate(candidates)]


@pytest.mark.parametrize(
    "wanted", [pytest.param(None, marks=pytest.mark.slow), DivergenceKey("trade", "", "Traded.maker_after.quote")]
)
def test_candidates_are_judged_the_same(wanted: DivergenceKey | None, contracts: Path, finding: Found) -> None:
    world, steps, failure = finding
    build, random = compile_contracts(contracts), Random(3)
    candidates = [[step for step in steps[: failure.number] if random.random() < 0.97] for _ in range(3)]
    candidates += [steps[: failure.number], steps[:60], steps[:130], candidates[0]]
    alone, chunked = (
        tried(kind(world, InProcessChain(world, build), wanted), candidates) for kind in (ShrinkTrial, ChunkedTrial)
    )
    assert alone == chunked and sum(each is not None for each in alone) >= 1


@pytest.mark.slow
def test_views_are_compared_at_their_step(finding: Found) -> None:
    world, steps, _ = finding
    build = compile_contracts()
    alone, chunked = (
        kind(world, _WrongMetrics(world, build)).earliest(steps[:300]) for kind in (ShrinkTrial, ChunkedTrial)
    )
    assert alone == chunked and alone is not None
    assert alone.place > 10 and alone.likeness.field == "account.metrics.equity_wad"


def test_a_difference_before_an_impossible_step_is_found(finding: Found, contracts: Path) -> None:
    world, steps, failure = finding
    build: Build = compile_contracts(contracts)
    unfit = doors.mint(steps[failure.number - 1].at, "faucet", token="USDC", to="owner0", amount_raw=2**256)
    for kind in (ShrinkTrial, ChunkedTrial):
        trial = kind(world, InProcessChain(world, build))
        seen = trial.find([*steps[: failure.number], unfit])
        assert seen is not None and (seen.place, seen.found) == (failure.number - 1, failure.found)
        assert trial.find([*steps[:50], unfit]) is None
        assert trial.find(steps[: failure.number]) == seen
