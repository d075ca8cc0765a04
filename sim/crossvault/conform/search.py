"""The search of a vault: stories and random walks, and their findings made short and confirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from crossvault import scenario
from crossvault.conform.clause_trial import is_confirmed, shortened
from crossvault.conform.comparison import NAMING, ClauseCounts, ClauseFinding, ConformTrial, play
from crossvault.conform.deployed_subject import AnvilSubject, InProcessSubject
from crossvault.conform.subject import Subject
from crossvault.conform.verdict import ClauseVerdict, verdicts
from crossvault.conform.walk import SupportedWalk, unfit
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.story import ExpectationFailed, Story
from crossvault.evm.chain import EnginesDisagree
from crossvault.lockstep.invariants import Invariants
from crossvault.mirror.refusal import Refusal

PUBLISHED = Path(__file__).parent / "published"
WALK_STEPS = 400
_LEAST_STEPS = 50
_CHECKED_EVERY = 20
_MOST_SHRUNK = 8
_SHRINK_SECS = 8.0

Tick = Callable[[int], None]


class StoryResult(NamedTuple):
    """The result of a story: steps compared, why it was not played or where it ended, whether that is a failure."""

    name: str
    steps: int
    why: str
    failed: bool


@dataclass
class ConformReport:
    """The result of the search of a vault."""

    subject: Subject
    seed: int
    counts: ClauseCounts
    published: list[StoryResult] = field(default_factory=list)
    scenarios: list[StoryResult] = field(default_factory=list)
    verdicts: list[ClauseVerdict] = field(default_factory=list)
    walks: int = 0
    interrupted: bool = False

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, and no story failed."""
        stories = [*self.published, *self.scenarios]
        return not (self.counts.findings or self.counts.broken or any(each.failed for each in stories))


def examine(subject: Subject, seed: int, steps: int, tick: Tick = lambda count: None) -> ConformReport:
    """Searches a vault by stories and walks. Raises DeployFailed, EnginesDisagree, ToolchainMissing, ChainLost.

    steps: how many of random walks to compare, at least. tick: called with the count of steps so far. Ctrl-C ends it
    early: the report has the findings until then.
    """
    report = ConformReport(subject, seed, ClauseCounts())
    try:
        for path in sorted(PUBLISHED.glob("*.yaml")):
            report.published.append(_story(subject, str(path), report.counts))
        for name in scenario.names():
            report.scenarios.append(_story(subject, name, report.counts))
        _walk(report, steps, tick)
        report.verdicts = _settled(subject, verdicts(subject, report.counts))
    except KeyboardInterrupt:
        report.interrupted = True
        report.verdicts = verdicts(subject, report.counts)
    return report


def _walk(report: ConformReport, steps: int, tick: Tick) -> None:
    spent = 0
    while spent < steps:
        seed = report.seed * 100_000 + report.walks
        report.walks += 1
        fitted = SupportedWalk(report.subject, seed, min(WALK_STEPS, max(_LEAST_STEPS, steps - spent)))
        guard = Invariants(every=_CHECKED_EVERY)
        before = report.counts.steps
        trial = ConformTrial(
            InProcessSubject(report.subject, fitted.world), fitted.world, report.counts, f"walk {seed}", guard
        )
        play(trial, fitted.steps(trial.model))
        spent += max(_LEAST_STEPS, report.counts.steps - before)
        tick(spent)


def _story(subject: Subject, name: str, counts: ClauseCounts) -> StoryResult:
    """Plays a story on both, if the vault supports every step of it."""
    try:
        why, story = _unfit(subject, scenario.load(name)), scenario.load(name)
    except scenario.ScenarioError as trouble:  # it reads data that is not here
        return StoryResult(name, 0, f"cannot be played: {trouble}", False)
    if why:
        return StoryResult(story.name, 0, why, False)
    before = counts.steps
    trial = ConformTrial(InProcessSubject(subject, story.world), story.world, counts, story.name)
    ended = play(trial, story.steps(trial.model))
    return StoryResult(story.name, counts.steps - before, ended, bool(ended))


def _unfit(subject: Subject, story: Story) -> str:
    """The first thing that a story needs and the vault lacks; nothing when it can be played."""
    wrong = subject.adapter.fixed.get("auction", {})
    terms = story.world.terms._asdict()
    if off := [name for name, value in wrong.items() if terms[name] != value]:
        return f"needs another {off[0].replace('_', ' ')}"
    model, named = Model(story.world), set[str]()
    try:
        for step, _ in driven(story.steps(model), model.apply):
            if step.action in NAMING and not subject.doors[step.action].exists:
                named.add(step.args["to"])  # needed only if it acts
            elif why := unfit(subject, step.action, step.args):
                return f"needs {why}"
            elif step.sender in named:
                return f"needs a {step.sender}"
    except (ExpectationFailed, Refusal):
        return ""
    return ""


def _settled(subject: Subject, found: list[ClauseVerdict]) -> list[ClauseVerdict]:
    """The verdicts with their findings made short, and each of those confirmed on an Anvil. Raises EnginesDisagree."""
    settled = []
    shrunk = 0
    for verdict in found:
        if verdict.finding is None or shrunk >= _MOST_SHRUNK:
            settled.append(verdict)
            continue
        shrunk += 1
        settled.append(verdict._replace(finding=shortest(subject, verdict.finding)))
    return settled


def shortest(subject: Subject, finding: ClauseFinding) -> ClauseFinding:
    """A finding made short and seen on an Anvil too. Raises EnginesDisagree when it is not."""
    short = shortened(subject, finding, _SHRINK_SECS)
    anvil = AnvilSubject(subject, finding.world)
    try:
        if not is_confirmed(anvil, short):
            raise EnginesDisagree(f"{short.difference} after {short.steps[-1]} in process, but not on Anvil")
    finally:
        anvil.close()
    return short._replace(confirmed=True)
