"""A search of a minute finds the mistakes of tests/mistakes.yaml.

`crossvault campaign --only mistakes` plays it on an idle machine: each search has two processes. It prints a row for
each search, and the repro of each finding is shrunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import pytest
import yaml

from crossvault.differential.model import Model
from crossvault.differential.story import Story, step_stream
from crossvault.evm.artifacts import Build
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.campaign import CampaignPlan, FuzzCampaign
from crossvault.fuzz.corpus import Corpus
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.fuzz.task import METRICS_EVERY, WalkResult, opening
from crossvault.lockstep.run import Diverged
from crossvault.mutation.mutant_run import MOST_CODE
from crossvault.shrink.shrinker import shrink
from places import TESTS
from planting import planted

MISTAKES: list[dict[str, Any]] = yaml.safe_load((TESTS / "mistakes.yaml").read_text(encoding="utf8"))
SECS, JOBS, SHRINK_SECS = 60, 2, 15.0
STRIDE = 1_000  # between the first seeds of searches
ENOUGH = 0.85  # of the mistakes that are searched for once


class SearchRow(NamedTuple):
    """One search: the mistake, the number of its seed, the walk that found it or "", its cost, calls of the repro."""

    mistake: str
    seed: int
    walk: str
    steps: int
    seconds: float
    calls: int

    def __str__(self) -> str:
        outcome = f"{self.walk}, {self.calls or '-'} calls" if self.walk else "not found"
        return f"{self.mistake:30} {self.seed:4} {self.steps:7,} steps {self.seconds:6.1f} s  {outcome}"


def searched(case: Mapping[str, Any], seed: int, build: Build) -> SearchRow:
    """Searches for a mistake."""
    plan = CampaignPlan(1 + STRIDE * seed, JOBS, secs=SECS, pieces=opening(1 + STRIDE * seed))
    result = FuzzCampaign(plan, build, Corpus(None, build)).run()
    row = SearchRow(case["id"], seed, "", result.reach.steps, result.seconds, 0)
    if not result.failures:
        return row
    first = min(result.failures, key=lambda each: len(each.failure.steps) if each.failure else 0)
    return row._replace(walk=f"{first.task.kind}-{first.task.seed}", calls=calls_left(first, build))


def calls_left(found: WalkResult, build: Build) -> int:
    """The calls of the smallest story of a finding; 0 where it is no difference of a step."""
    story = found.task.story(build)
    assert found.failure is not None
    steps = found.failure.steps
    played = Story("", "", 0, "", story.world, (), (), len(steps), lambda model: step_stream(steps))
    failure = run_in_process(
        played, Model(story.world), InProcessChain(story.world, build), every=METRICS_EVERY
    ).failure
    if not isinstance(failure, Diverged):
        return 0
    opened = partial(InProcessChain, contracts=build)
    return len(shrink(story.world, steps, seconds=SHRINK_SECS, failure=failure, opened=opened).steps)


def rows(mistakes: list[dict[str, Any]], patched: pytest.MonkeyPatch) -> Iterator[SearchRow]:
    """Every search, one after another. The processes of a search inherit the switch of a mistake."""
    builds = planted(mistakes)
    patched.setattr(InProcessChain, "most_code", MOST_CODE)
    for case in mistakes:
        build, switch = builds[case["id"]]
        patched.setattr(InProcessChain, "mix", switch)
        for seed in range(case.get("seeds", 1)):
            yield searched(case, seed, build)


@pytest.mark.campaign
def test_mistakes_are_found_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for row in rows(MISTAKES, monkeypatch):
        print(row, flush=True)
        found.append(row)
    often = {case["id"]: case["seeds"] for case in MISTAKES if "seeds" in case}
    missed = {name: sum(not row.walk for row in found if row.mistake == name) for name in often}
    once = [row for row in found if row.mistake not in often]
    share = sum(bool(row.walk) for row in once) / len(once)
    print(
        f"{share:.0%} of {len(once)} found; of {len(often)} searched for from five seeds, missed: {missed}", flush=True
    )
    assert max(missed.values()) <= 1
    assert share >= ENOUGH
