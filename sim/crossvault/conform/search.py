"""The search of a vault: stories and random walks, and their findings made short and confirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from crossvault import scenario
from crossvault.conform.attribution import is_of_refusals
from crossvault.conform.clause_scenes import NAME as SCENES, ClauseScenes
from crossvault.conform.clause_trial import is_confirmed, shortened
from crossvault.conform.comparison import ClauseCounts, ClauseFinding, ConformTrial
from crossvault.conform.dated_scenes import NAME as DATED, DatedScenes
from crossvault.conform.deployed_subject import AnvilSubject, InProcessSubject
from crossvault.conform.exact_scenes import NAME as EXACT, ExactScenes
from crossvault.conform.model_recording import ModelRecording
from crossvault.conform.revert_trace import reverted_calls
from crossvault.conform.story_fit import known_world, pinned, unfit_story
from crossvault.conform.subject import Subject
from crossvault.conform.verdict import ClauseVerdict, verdicts
from crossvault.conform.walk import SupportedCorners, SupportedWalk
from crossvault.evm.abi import RevertedSilently
from crossvault.evm.chain import EnginesDisagree
from crossvault.judge.judge import Judge

PUBLISHED = Path(__file__).parent / "published"
CORNERS = "corner cases"
_OF_CORNERS = ("perps", "collateral", "futures", "options", "portfolio margin", "auction")  # their market has them all
_OF_DATES = ("perps", "futures", "options")
WALK_STEPS = 400
_LEAST_STEPS = 50
_MOST_SHRUNK = 8
_SHRINK_SECS = 8.0

Tick = Callable[[int], None]


class StoryResult(NamedTuple):
    """The result of a story: steps compared, why it was not played or where it ended, whether that is a failure."""

    name: str
    steps: int
    why: str
    failed: bool


class SearchPlan(NamedTuple):
    """The plan of a search: the seed of its walks, and how many of their steps to compare, at least.

    stories: the shipped scenarios to play (None: all). corners: whether the corner cases are played. on_anvil: whether
    findings are confirmed there. shortened: how many findings are made short, the one that explains most first.
    """

    seed: int = 1
    steps: int = 3_000
    stories: tuple[str, ...] | None = None
    corners: bool = True
    on_anvil: bool = True
    shortened: int = _MOST_SHRUNK


Recordings = dict[str, "ModelRecording | StoryResult"]
"""Recordings of the model by the story, or why a vault does not support it."""


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


def examine(
    subject: Subject, plan: SearchPlan, tick: Tick = lambda count: None, kept: Recordings | None = None
) -> ConformReport:
    """Searches a vault by stories and walks. Raises DeployFailed, EnginesDisagree, ToolchainMissing, ChainLost.

    tick: called with the count of steps of walks so far. kept: recordings of the model, for other vaults of the same
    capabilities too. Ctrl-C ends it early: the report has what was found.
    """
    report = ConformReport(subject, plan.seed, ClauseCounts())
    search = _Search(report, {} if kept is None else kept)
    try:
        search.piece(SCENES)
        search.piece(EXACT)
        if all(subject.can(each) for each in _OF_DATES):
            search.piece(DATED)
        for path in sorted(PUBLISHED.glob("*.yaml")):
            report.published.append(search.story(str(path)))
        for name in scenario.names() if plan.stories is None else plan.stories:
            report.scenarios.append(search.story(name))
        if plan.corners and all(subject.can(each) for each in _OF_CORNERS):
            search.piece(CORNERS)
        search.walk(plan.steps, tick)
        report.verdicts = verdicts(subject, report.counts, _Shortener(subject, plan))
    except KeyboardInterrupt:
        report.interrupted = True
        report.verdicts = verdicts(subject, report.counts)
    return report


class _Search:
    """Plays stories and walks on a vault, with recordings of the model where there are some."""

    def __init__(self, report: ConformReport, kept: Recordings) -> None:
        self._report, self._subject, self._counts, self._kept = report, report.subject, report.counts, kept

    def story(self, name: str) -> StoryResult:
        """Plays a story on both, if the vault supports every step of it."""
        try:
            recording = self._recorded(name, lambda: self._of_story(name))
        except scenario.ScenarioError as trouble:  # it reads data that is not here
            return StoryResult(name, 0, f"cannot be played: {trouble}", False)
        if isinstance(recording, StoryResult):
            return recording
        before = self._counts.steps
        ended = self._compare(recording)
        return StoryResult(recording.name, self._counts.steps - before, ended, bool(ended))

    def piece(self, name: str) -> None:
        """Plays a set piece: what the vault supports of it."""
        pieces = {SCENES: self._of_scenes, EXACT: self._of_exact, DATED: self._of_dated, CORNERS: self._of_corners}
        recording = self._recorded(name, pieces[name])
        assert isinstance(recording, ModelRecording)
        self._compare(recording)

    def walk(self, steps: int, tick: Tick) -> None:
        """Plays walks until so many of their steps are compared."""
        spent = 0
        while spent < steps:
            seed = self._report.seed * 100_000 + self._report.walks
            self._report.walks += 1
            count = min(WALK_STEPS, max(_LEAST_STEPS, steps - spent))
            recording = self._recorded(f"walk {seed} {count}", partial(self._of_walk, seed, count))
            assert isinstance(recording, ModelRecording)
            before = self._counts.steps
            self._compare(recording)
            spent += max(_LEAST_STEPS, self._counts.steps - before)
            tick(spent)

    def _recorded(self, key: str, make: Callable[[], ModelRecording | StoryResult]) -> ModelRecording | StoryResult:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _compare(self, recording: ModelRecording) -> str:
        return ConformTrial(InProcessSubject(self._subject, recording.world), recording, self._counts).run()

    def _of_story(self, name: str) -> ModelRecording | StoryResult:
        story = scenario.load(name)
        if why := unfit_story(self._subject, story):
            return StoryResult(story.name, 0, why, False)
        story = scenario.load(name)
        known = partial(pinned, self._subject, story)
        return ModelRecording(self._subject, known_world(self._subject, story.world), story.name, known)

    def _of_scenes(self) -> ModelRecording:
        scenes = ClauseScenes(self._subject)
        return ModelRecording(self._subject, scenes.world, SCENES, scenes.steps, Judge())

    def _of_exact(self) -> ModelRecording:
        scenes = ExactScenes(self._subject)
        return ModelRecording(self._subject, scenes.world, EXACT, scenes.steps, Judge())

    def _of_dated(self) -> ModelRecording:
        scenes = DatedScenes(self._subject)
        return ModelRecording(self._subject, scenes.world, DATED, scenes.steps, Judge())

    def _of_corners(self) -> ModelRecording:
        cases = SupportedCorners(self._subject, self._report.seed)
        guard = Judge()
        return ModelRecording(self._subject, cases.world, CORNERS, cases.steps, guard)

    def _of_walk(self, seed: int, count: int) -> ModelRecording:
        fitted = SupportedWalk(self._subject, seed, count)
        guard = Judge()
        return ModelRecording(self._subject, fitted.world, f"walk {seed}", fitted.steps, guard)


class _Shortener:
    """Makes the first few findings short, and confirms each of those on an Anvil. Raises EnginesDisagree."""

    def __init__(self, subject: Subject, plan: SearchPlan) -> None:
        self._subject, self._plan, self._count = subject, plan, 0

    def __call__(self, finding: ClauseFinding) -> ClauseFinding:
        self._count += 1
        if self._count > self._plan.shortened:
            return finding
        short = shortened(self._subject, finding, _SHRINK_SECS)
        return confirmed(self._subject, short) if self._plan.on_anvil else short


def confirmed(subject: Subject, short: ClauseFinding) -> ClauseFinding:
    """A finding that was seen on an Anvil, too. Raises EnginesDisagree when it is not."""
    anvil = AnvilSubject(subject, short.world)
    try:
        if not is_confirmed(anvil, short):
            raise EnginesDisagree(f"{short.difference} after {short.steps[-1]} in process, but not on Anvil")
        silent = isinstance(short.difference.difference.chain, RevertedSilently)
        trace = reverted_calls(anvil, short.steps) if silent and is_of_refusals(short.difference) else ""
    finally:
        anvil.close()
    return short._replace(confirmed=True, trace=trace)
