"""Speed of in-process comparison, against the same calls in the same run without comparison.

Measured in processor seconds, so that other work on the machine has no influence. Steps are drawn in advance: the cost
of generating them is excluded.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from crossvault.bench.chain_speed import steady
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.differential.story import Story
from crossvault.evm.bindings import Call
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import InProcessRun
from crossvault.fuzz.task import METRICS_EVERY, steps_of
from crossvault.setup import toolchain
from crossvault.walks.random_walk import Walk

RIVALS = {
    "compared": "compared: outcome, events and state after every step",
    "compared_with_margins": f"compared, and margin metrics every {METRICS_EVERY} steps",
    "both_sides": "the same calls and views on both sides, nothing compared",
    "pyrevm_with_view": "the same calls and views on pyrevm alone",
    "pyrevm_bare": "the same calls on pyrevm alone, without views",
    "model": "the same steps on the model alone",
}

SEED = 3
ROUNDS = 3
NEVER = 10**9

Report = Callable[[str], None]


def search(steps: int, report: Report = lambda _: None) -> dict[str, Any]:
    """The figures of one run by story: steady perps, steady options, and a random walk."""
    stories = {
        "perps": steady(steps, False),
        "options": steady(steps, True),
        "walk": Walk(SEED, steps).story(),
    }
    found = {}
    for name, story in stories.items():
        report(name)
        found[name] = _measured(story)
    return {
        "benchmark": "search",
        "machine": f"{os.cpu_count()} processors",
        "versions": toolchain.versions() | {"pyrevm": version("pyrevm")},
        "stories": found,
    }


def _measured(story: Story) -> dict[str, Any]:
    """The best rate of each rival, measured in turns so that all share the same machine conditions."""
    steps = steps_of(story)
    runs: dict[str, Callable[[], float]] = {
        "compared": lambda: _compared(story, steps, NEVER),
        "compared_with_margins": lambda: _compared(story, steps, METRICS_EVERY),
        "both_sides": lambda: _called(story, steps, model=True, views=True),
        "pyrevm_with_view": lambda: _called(story, steps, model=False, views=True),
        "pyrevm_bare": lambda: _called(story, steps, model=False, views=False),
        "model": lambda: _modelled(story, steps),
    }
    least = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            least[name] = min(least[name], run())
    rates = {f"{name}_per_second": round(len(steps) / secs) for name, secs in least.items()}
    return {
        "steps": len(steps),
        **rates,
        "part_of_both_sides": round(least["both_sides"] / least["compared"], 2),
        "part_of_pyrevm_with_view": round(least["pyrevm_with_view"] / least["compared"], 2),
    }


def _compared(story: Story, steps: Sequence[Step], every: int) -> float:
    """Processor seconds of an in-process run. Raises Diverged."""
    run = InProcessRun(Model(story.world), InProcessChain(story.world), every=every)
    started = time.process_time()
    for step in steps:
        run.apply(step)
    return time.process_time() - started


def _called(story: Story, steps: Sequence[Step], *, model: bool, views: bool) -> float:
    """Processor seconds of calls encoded in advance; results stay undecoded hex."""
    mirror, side = Model(story.world), InProcessChain(story.world)
    calls: list[tuple[Step, Call, Call]] = [
        (step, side.transaction(step), side.view("snapshot", {"ids": step.accounts()})) for step in steps
    ]
    machine = side.machine
    started = time.process_time()
    for step, call, view in calls:
        if model:
            mirror.apply(step)
        if step.at != machine.at:
            machine.move(step.at)
        machine.call(call)
        if views:
            machine.query(view)
    return time.process_time() - started


def _modelled(story: Story, steps: Sequence[Step]) -> float:
    mirror = Model(story.world)
    started = time.process_time()
    for step in steps:
        mirror.apply(step)
    return time.process_time() - started
