"""A search in chunks finds what a search finds that compares each step at once: the same step, the same differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.evm import search_evm
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz import chunked_run, task
from crossvault.fuzz.chunked_run import ChunkedRun
from crossvault.fuzz.inprocess_run import InProcessRun, run_both
from crossvault.fuzz.task import METRICS_EVERY, WalkResult, WalkStopped, WalkTask, walk
from crossvault.lockstep.run import Broken, Diverged
from crossvault.walks.random_walk import Walk
from shrinking import broken

TASK = WalkTask("steps", 40, 20)


def played(kind: Callable[..., InProcessRun], build: Build) -> InProcessRun:
    """A walk on both sides, to its end."""
    story = Walk(0, 600).story()
    both = kind(Model(story.world), InProcessChain(story.world, build), None, METRICS_EVERY)
    run_both(story, both)
    return both


@pytest.fixture(scope="module")
def generous(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Contracts that round a quote in favour of the account."""
    return compile_contracts(broken(tmp_path_factory.mktemp("generous") / "contracts"))


def on_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (search_evm, chunked_run):
        monkeypatch.setattr(module, "is_in_process", lambda: False)


def summary(found: WalkResult) -> tuple[Any, ...]:
    return found.is_complete, found.metrics, found.reach, found.failure


@pytest.mark.slow
def test_the_same_step_and_differences(generous: Build) -> None:
    alone, chunked = (played(kind, generous) for kind in (InProcessRun, ChunkedRun))
    first, second = alone.result.failure, chunked.result.failure
    assert isinstance(first, Diverged) and isinstance(second, Diverged)
    assert (first.number, first.step, first.found) == (second.number, second.step, second.found)
    assert alone.result.compared == chunked.result.compared == first.number - 1 > 100
    assert alone.result.metrics_compared == chunked.result.metrics_compared > 10


def test_a_walk_counts_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    build = compile_contracts()
    alone = walk(TASK, build)
    monkeypatch.setattr(chunked_run, "is_in_process", lambda: False)
    assert summary(walk(TASK, build)) == summary(alone)
    assert alone.is_complete and alone.failure is None and alone.metrics > 20


@pytest.mark.slow
def test_a_walk_on_a_node_finds_the_same(generous: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    for build, tried in ((compile_contracts(), TASK), (generous, WalkTask("steps", 0, 600))):
        alone = walk(tried, build)
        with monkeypatch.context() as patched:
            on_a_node(patched)
            found = walk(tried, build)
        assert (found.failure, found.metrics, found.is_complete) == (alone.failure, alone.metrics, True)
        assert (alone.failure is not None) == (build is generous)


def test_what_was_played_is_compared_when_a_walk_is_stopped(generous: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference lies in the chunk that the stop interrupts."""
    wanted = walk(WalkTask("steps", 0, 600), generous).failure
    assert wanted is not None
    monkeypatch.setattr(chunked_run, "is_in_process", lambda: False)

    def stop(steps: int) -> None:
        if steps == len(wanted.steps) + 1:
            raise WalkStopped

    assert len(wanted.steps) % 100 < 98
    found = walk(WalkTask("steps", 0, 600), generous, stop)
    assert found.failure == wanted and found.is_complete


def test_an_error_names_the_step_of_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Return data that cannot be decoded is that of a step before the last one that was drawn."""
    decoded = InProcessChain.outcome
    count = 0

    def garbled(side: InProcessChain, call: Any, view: Any) -> Any:
        nonlocal count
        count += 1
        if count == 107:
            raise ValueError("no address")
        return decoded(side, call, view)

    monkeypatch.setattr(InProcessChain, "outcome", garbled)
    monkeypatch.setattr(chunked_run, "is_in_process", lambda: False)
    found = walk(TASK, compile_contracts()).failure
    assert found is not None and len(found.steps) == 107
    assert found.how == task.UNREADABLE and found.text.startswith(f"step 107 ({found.steps[-1].action}): ")


class _Breaks:
    """Invariants that break after a step."""

    def __init__(self, number: int) -> None:
        self._left = number

    def before(self, step: Step, model: Model) -> None:
        self._left -= 1

    def after(self, step: Step, outcome: Any, model: Model) -> None:
        if not self._left:
            raise Broken("V0: planted")


@pytest.mark.parametrize("kind", [InProcessRun, ChunkedRun])
def test_a_broken_invariant_of_equal_sides_is_no_difference(kind: Callable[..., InProcessRun]) -> None:
    story = Walk(40, 60).story()
    both = kind(Model(story.world), InProcessChain(story.world), _Breaks(180), METRICS_EVERY)
    failure = run_both(story, both).failure
    assert isinstance(failure, Broken) and both.result.compared == both.result.steps == 180
