"""The cost of the judge: walks of a default campaign with the judge off, as usual, and in full, in turns.

Measured in processor seconds, so that other work on the machine has little influence; the three play the same walks
one after another, and each walk has the best of its rounds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from itertools import chain
from typing import Any

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz.task import WalkTask, opening, tasks, walk
from crossvault.judge.breach import Breach
from crossvault.judge.judge import Judge, JudgePlan, Thoroughness
from crossvault.judge.moment import Moment
from crossvault.judge.rule import Rule
from crossvault.judge.table import RULES
from crossvault.setup import toolchain

SEED = 1
ROUNDS = 2
HOW: tuple[Thoroughness, ...] = ("off", "default", "full")

Report = Callable[[str], None]


def judge_benchmark(steps: int, report: Report = lambda _: None) -> dict[str, Any]:
    """Steps per second of the processor by thoroughness, and the microseconds of each rule at each step in full."""
    build, spent, played = compile_contracts(), dict.fromkeys(HOW, 0.0), 0
    chosen = list[WalkTask]()
    for task in chain(opening(SEED), tasks(SEED)):
        if played >= steps:
            break
        report(f"{task.kind} {task.seed}")
        chosen.append(task)
        found = {how: _spent(task, build, how) for how in HOW}
        for how, (secs, _) in found.items():
            spent[how] += secs
        played += found["off"][1]
    return {
        "benchmark": "judge",
        "machine": f"{os.cpu_count()} processors",
        "versions": toolchain.versions() | {"pyrevm": version("pyrevm")},
        "walks": len(chosen),
        "steps": played,
        **{f"{how}_per_second": round(played / secs) for how, secs in spent.items()},
        "default_costs": round(spent["default"] / spent["off"] - 1, 3),
        "full_costs": round(spent["full"] / spent["off"] - 1, 3),
        "rules": _by_rule(chosen, build),
    }


def _spent(task: WalkTask, build: Build, how: Thoroughness) -> tuple[float, int]:
    """The least processor seconds of a walk, and its steps."""
    runs = [walk(task, build, judge=JudgePlan(how=how)) for _ in range(ROUNDS)]
    for each in runs:
        if each.failure:
            raise ValueError(f"{task.kind} {task.seed}: {each.failure.text}")
    return min(each.seconds for each in runs), runs[0].reach.steps


def _by_rule(chosen: list[WalkTask], build: Build) -> dict[str, float]:
    """Microseconds a step by rule, checked at every step; what rules share is that of the first to use it."""
    spent, steps = dict.fromkeys((rule.number for rule in RULES), 0.0), 0

    def timed(rule: Rule) -> Rule:
        def check(moment: Moment) -> Iterator[Breach]:
            started = time.process_time()
            found = list(rule.check(moment))
            spent[rule.number] += time.process_time() - started
            return iter(found)

        return rule._replace(check=check)

    rules = tuple(map(timed, RULES))
    for task in chosen:
        story = task.story(build)
        model, judge = Model(story.world), replace(Judge(how="full"), rules=rules)
        for step, outcome in driven(story.steps(model), _judged(model, judge)):
            steps += bool(step and outcome)
    return {number: round(1e6 * secs / max(1, steps), 1) for number, secs in spent.items()}


def _judged(model: Model, judge: Judge) -> Callable[[Any], Any]:
    def apply(step: Any) -> Any:
        judge.before(step, model)
        outcome = model.apply(step)
        judge.after(step, outcome, model)
        return outcome

    return apply
