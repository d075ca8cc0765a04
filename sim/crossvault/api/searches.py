"""Searches: random walks until something differs, and the smallest story of what differs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossvault.api.drawing import Drawing
from crossvault.api.result import Result
from crossvault.api.story_runs import Folder, Rules, load_scenario, rules_of
from crossvault.differential.compare import Difference
from crossvault.differential.drive import driven
from crossvault.differential.ending import BadInput, FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import ACTIONS, Step
from crossvault.differential.story import ExpectationFailed, Story, step_stream
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.same_doors import contracts_folder
from crossvault.fuzz.campaign import CampaignPlan, CampaignResult, FuzzCampaign
from crossvault.fuzz.corpus import Corpus
from crossvault.fuzz.task import opening
from crossvault.judge.judge import JudgePlan
from crossvault.lockstep import record
from crossvault.report import fuzz as reach_text, shrink as smallest_text
from crossvault.report.bar_picture import bar_picture
from crossvault.report.frames import frame, moment
from crossvault.scenario import repro as file
from crossvault.shrink.saved import name_of, repro
from crossvault.shrink.shrinker import ShrinkResult
from crossvault.shrink.smallest import smallest_story

if TYPE_CHECKING:
    import pandas

_SUFFIXES = (".yaml", ".yml")
_MOST_STEPS, _MOST_SECS = 10**9, 366 * 86_400


class FuzzOutcome(Result):
    """A campaign of random walks. steps: that were compared; story: that of the shortest failure, or None."""

    def __init__(self, found: CampaignResult, invariants: Rules) -> None:
        self._found = found
        self.steps = found.reach.steps
        self.story = self._shortest(invariants)

    def _shortest(self, invariants: Rules) -> Story | None:
        failed = [each for each in self._found.failures if each.failure]
        if not failed:
            return None
        walked = min(failed, key=lambda each: len(each.failure.steps) if each.failure else 0)
        steps = walked.failure.steps if walked.failure else ()
        return replace(
            walked.task.story(), name=f"{walked.task.kind}-{walked.task.seed}", expected_steps=len(steps),
            steps=lambda model: step_stream(steps), invariants=tuple(rules_of(invariants)),
        )  # fmt: skip

    @property
    def failure(self) -> FailedRun | None:
        """The shortest failure, if one was found: its text names the step."""
        texts = sorted((len(each.failure.steps), each.failure.text) for each in self._found.failures if each.failure)
        return FailedRun(texts[0][1]) if texts else None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The fields that differ at the last step of the shortest failure."""
        failures = [each.failure for each in self._found.failures if each.failure]
        return min(failures, key=lambda each: len(each.steps)).found if failures else ()

    @property
    def is_equal(self) -> bool | None:
        """Whether every step agreed and every rule held; None where no step was compared."""
        if self._found.failures:
            return False
        return True if self.steps else None

    def to_frame(self) -> pandas.DataFrame:
        """One row per door: how many of its steps were accepted and refused."""
        reach = self._found.reach
        rows = [(action, reach.accepted[action], reach.refused[action]) for action in ACTIONS]
        return frame(("door", "accepted", "refused"), [row for row in rows if row[1] or row[2]])

    def plot(self) -> Drawing:
        """Draws the steps by door."""
        rows = self.to_frame().itertuples(index=False)
        counts = {row.door: row.accepted + row.refused for row in rows}
        return Drawing(lambda: bar_picture("fuzz", "steps by door, accepted and refused", "steps", counts))

    def _text(self) -> Iterable[Any]:
        return [*reach_text.reached(self._found), str(self.failure or reach_text.verdict(self._found))]


class SmallestStory(Result):
    """The smallest story that fails as the given one does, or that nothing fails. story: None without a failure."""

    def __init__(self, found: ShrinkResult | None, given: Story, contracts: str) -> None:
        self._found, self._given, self._contracts = found, given, contracts
        self.steps: tuple[Step, ...] = found.steps if found else ()

    @property
    def failure(self) -> FailedRun | None:
        """The difference, or the broken invariant, at the last step."""
        return FailedRun(f"step {len(self.steps)}: {self.differences[0]}") if self._found else None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The fields that differ at the last step."""
        return self._found.finding.found if self._found else ()

    @property
    def is_equal(self) -> bool | None:
        """Whether nothing fails."""
        return self._found is None

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the story as a repro, which `run` and pytest play. Raises BadInput."""
        target = Path(path)
        if self._found is None:
            raise BadInput("save: nothing fails, so there is no smallest story")
        if not target.name.endswith(file.SUFFIX):
            raise BadInput(
                f"save: {target}: expected a name that ends in {file.SUFFIX}, which is how it is found again"
            )
        name = name_of(target)
        origin = {"seed": self._given.seed, "source": self._given.name}
        broken = [each.name for each in self._given.invariants if self.differences[0].field == f"invariant {each.name}"]
        target.write_text(file.text(repro(self._found, name, self._contracts, origin, broken)), encoding="utf8")
        return target

    def to_frame(self) -> pandas.DataFrame:
        """One row per step: time, sender, door, arguments, refusal."""
        outcomes = self._found.outcomes if self._found else ()
        rows = [
            (
                moment(step.at),
                step.sender,
                step.action,
                dict(step.args),
                outcome.refusal.name if outcome.refusal else "",
            )
            for step, outcome in zip(self.steps, outcomes, strict=True)
        ]
        return frame(("at_utc", "sender", "door", "arguments", "refusal"), rows)

    def plot(self) -> Drawing:
        """Draws the steps by door."""
        doors = [step.action for step in self.steps]
        counts: dict[str, float] = {door: doors.count(door) for door in dict.fromkeys(doors)}
        return Drawing(lambda: bar_picture("smallest story", "steps by door", "steps", counts))

    def _text(self) -> Iterable[Any]:
        return [smallest_text.text(self._found)] if self._found else ["nothing fails: there is nothing to shrink"]


def fuzz(
    *,
    contracts: Folder = None,
    seconds: int | None = None,
    steps: int | None = None,
    seed: int = 1,
    jobs: int | None = None,
    invariants: Rules = (),
) -> FuzzOutcome:
    """Plays random walks in process until something differs or an invariant breaks.

    seconds: how long, 60 without `steps`; steps: how many at least; jobs: walks at a time, one per processor.
    invariants: functions in a module that other processes can import, or their references `module:function`.
    Raises BadInput, BadEnvironment. A script calls it under `if __name__ == "__main__":`.
    """
    if steps is not None and seconds is not None:
        raise BadInput("fuzz: give steps or seconds, not both")
    most = _MOST_STEPS if steps is not None else _MOST_SECS
    length = steps if steps is not None else 60 if seconds is None else seconds
    for name, given, least, high in (
        ("length", length, 1, most),
        ("jobs", 1 if jobs is None else jobs, 1, 64),
        ("seed", seed, 0, 2**64 - 1),
    ):
        if type(given) is not int or not least <= given <= high:
            raise BadInput(f"fuzz: {name}: expected a whole number from {least} to {high:,}, got {given!r}")
    build, judge = compile_contracts(contracts_folder(contracts)), JudgePlan(tuple(rules_of(invariants)))
    processes = jobs or os.cpu_count() or 1
    plan = CampaignPlan(seed, processes, steps, None if steps is not None else length, opening(seed), judge)
    return FuzzOutcome(FuzzCampaign(plan, build, Corpus(None, build, judge)).run(), invariants)


def shrink(
    story: Story | str | PathLike[str], *, contracts: Folder = None, seconds: float = 30.0, invariants: Rules = ()
) -> SmallestStory:
    """Finds the smallest story that fails as a story, a record or a repro does: by a difference, or a broken invariant.

    seconds: stop after this long. Raises BadInput, BadEnvironment.
    """
    given = story if isinstance(story, Story) else _of_file(Path(fspath(story)))
    given = replace(given, invariants=(*given.invariants, *rules_of(invariants)))
    folder = contracts_folder(contracts)
    steps, unmet = _steps(given)
    found = smallest_story(given, steps, folder, seconds)
    if found is None and unmet is not None:
        raise BadInput(str(unmet)) from unmet
    return SmallestStory(found, given, compile_contracts(folder).hash)


def _steps(given: Story) -> tuple[list[Step], ExpectationFailed | None]:
    """The steps of a story as the model plays them, up to an expectation of its file that fails."""
    model, steps = Model(given.world), list[Step]()
    try:
        for step, _ in driven(given.steps(model), model.apply):
            steps.append(step)
    except ExpectationFailed as failed:
        return steps, failed
    return steps, None


def _of_file(path: Path) -> Story:
    return record.read(path).story() if path.suffix == ".jsonl" else load_scenario(path)
