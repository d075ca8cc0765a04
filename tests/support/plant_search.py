"""Searches for mistakes that both sides share: a default campaign, and the rule that turns red."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from code_planting import planted_mirror
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World
from crossvault.differential.story import ExpectationFailed
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts
from crossvault.fuzz.campaign import CampaignPlan, FuzzCampaign
from crossvault.fuzz.corpus import Corpus
from crossvault.fuzz.reach import ReachCounts
from crossvault.fuzz.task import BROKEN, Failure, WalkResult, WalkStopped, WalkTask, opening
from crossvault.judge.judge import Judge
from crossvault.judge.moment import Moment

Tick = Callable[[int], None]
STEPS, JOBS = 20_000, 2  # fewer than a default search plays in a minute on an idle machine of two cores
ANY, NONE = "any", "none"
_FIRED = "red: "


class OwnerFired(Exception):
    """The rule that owns a mistake is red."""


class Collector(Judge):
    """A judge that goes on after red rules, until that of a number is red; known weaknesses count only if strict."""

    __slots__ = ("fired", "owner")

    def __init__(self, owner: str, strict: bool = False, is_full: bool = False) -> None:
        super().__init__(how="strict" if strict else "full" if is_full else "default")
        self.owner, self.fired = owner, dict[str, list[str]]()

    def note(self, number: str, what: str) -> None:
        """Notes a red rule. Raises OwnerFired."""
        self.fired.setdefault(number, []).append(what)
        if self.owner in (number, ANY):
            raise OwnerFired(f"{number}: {what}")

    def _require(self, moment: Moment) -> None:
        for rule in self.rules:
            for breach in rule.check(moment) if moment.is_sampled(rule.share) else ():
                is_known = breach.weakness or moment.step.action in rule.known
                if self.how == "strict" or not is_known:
                    self.note(rule.number, breach.what)
                break


class PlantRow(NamedTuple):
    """One search: mistake, the rule that owns it, whether it was red, others that were, cost, walk and its text."""

    plant: str
    rule: str
    found: bool
    others: tuple[str, ...]
    steps: int
    seconds: float
    walk: str
    text: str
    story: tuple[Step, ...]
    world: World | None

    def __str__(self) -> str:
        fired = self.rule if self.found else "-"
        others = ",".join(self.others) or "-"
        where = f"{self.walk}: {self.text[:90]}" if self.found else ""
        return f"{self.plant:32} {self.rule:4} {fired:4} {others:20} {self.steps:7,} {self.seconds:6.1f} s  {where}"


def play(task: WalkTask, build: Build, tick: Tick, owner: str, is_full: bool = False) -> WalkResult:
    """Plays a walk on the model alone until the rule of a number is red."""
    collector, reach, steps, begun = Collector(owner, is_full=is_full), ReachCounts(), list[Step](), time.process_time()
    failure = None

    def applied(step: Step) -> Outcome:
        steps.append(step)
        collector.before(step, model)
        outcome = model.apply(step)
        (reach.refused if outcome.refusal else reach.accepted)[step.action] += 1
        collector.after(step, outcome, model)
        return outcome

    is_complete = True
    try:
        story = task.story(build)
        model = Model(story.world)
        for number, _ in enumerate(driven(story.steps(model), applied), 1):
            tick(number)
    except OwnerFired as fired:
        failure = Failure(BROKEN, str(fired), tuple(steps))
    except WalkStopped:
        is_complete = False
    except (ExpectationFailed, ValueError, LookupError, ArithmeticError) as odd:
        reach.varieties[f"{_FIRED}{type(odd).__name__}"] += 1
    reach.varieties.update({f"{_FIRED}{number}": len(found) for number, found in collector.fired.items()})
    return WalkResult(task, is_complete, 0, time.process_time() - begun, reach, failure)


def searched(case: Mapping[str, Any], build: Build, seed: int = 1, steps: int = STEPS, jobs: int = JOBS) -> PlantRow:
    """Searches for a mistake as a default campaign does, with the model alone."""
    with planted_mirror(case):
        plan = CampaignPlan(seed, jobs, steps=steps, pieces=opening(seed))
        campaign = FuzzCampaign(
            plan,
            build,
            Corpus(None, build),
            play=lambda task, build, tick: play(task, build, tick, case["rule"]),
        )
        result = campaign.run()
    fired = sorted(name.removeprefix(_FIRED) for name in result.reach.varieties if name.startswith(_FIRED))
    row = PlantRow(
        case["id"], case["rule"], False, tuple(each for each in fired if each != case["rule"]),
        result.reach.steps, result.cpu_secs, "", "", (), None,
    )  # fmt: skip
    if not result.failures:
        return row
    first = min(result.failures, key=lambda each: len(each.failure.steps) if each.failure else 0)
    assert first.failure is not None
    task = f"{first.task.kind}-{first.task.seed}"
    world = first.task.story(build).world
    return row._replace(found=True, walk=task, text=first.failure.text, story=first.failure.steps, world=world)


def red_in(case: Mapping[str, Any], task: WalkTask, rule: str) -> str:
    """A rule as it is red in a walk that is played with a mistake, every rule at every step; "" if it is not."""
    with planted_mirror(case):
        walked = play(task, compile_contracts(), lambda number: None, rule, True)
    return walked.failure.text if walked.failure else ""
