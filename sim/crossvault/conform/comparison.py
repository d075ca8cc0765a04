"""A vault on the steps of a recording: its differences from the model, and the clauses that each step was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crossvault.conform.adapter import EXACT
from crossvault.conform.attribution import candidates, sorted_by_cause
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.contrast import ClauseDifference, compared, figures_compared
from crossvault.conform.deployed_subject import FigureQuery, InProcessSubject, VaultAnswer
from crossvault.conform.model_recording import ModelRecording, ModelStep
from crossvault.conform.subject import Subject
from crossvault.differential.step import Step, World
from crossvault.evm.bindings import Answer, Call

DIFFERS = "differs"


class ClauseFinding(NamedTuple):
    """A difference with the steps that lead to it, the last of which shows it; and whether Anvil shows it, too.

    trace: the calls inside the last step, where it reverts without a reason. follows: whether its story has shown
    another difference before. is_short: whether the steps are those that the shrinker left.
    """

    difference: ClauseDifference
    steps: tuple[Step, ...]
    world: World
    candidates: tuple[int, ...]
    walk: str
    confirmed: bool = False
    trace: str = ""
    follows: bool = False
    is_short: bool = False

    @property
    def likeness(self) -> tuple[str, str]:
        """The action of the last step and the kind of the difference: equal in findings of one sort."""
        return self.steps[-1].action, self.difference.kind


Signs = tuple[tuple[str, str], tuple[int, ...]]
"""The sort of a difference: its likeness and the clauses that it may be of."""


@dataclass
class ClauseCounts:
    """How often each clause was met, by its place in the table, and the findings.

    reached: the cases of clauses that a step showed without a difference, by place and number. findings: of each sort
    of difference the one with the fewest steps; seen: steps that showed it; cases_seen: of these by case.
    """

    steps: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    agreed: Counter[int] = field(default_factory=Counter)
    differed: Counter[int] = field(default_factory=Counter)
    reached: Counter[tuple[int, int]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    findings: dict[Signs, ClauseFinding] = field(default_factory=dict)
    seen: Counter[Signs] = field(default_factory=Counter)
    cases_seen: dict[Signs, Counter[tuple[int, int]]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


class ConformTrial:
    """A vault on the steps of a recording."""

    def __init__(self, inside: InProcessSubject, recording: ModelRecording, counts: ClauseCounts) -> None:
        self.inside, self.deployed, self.subject = inside, inside.deployed, inside.deployed.subject
        self.recording, self.counts = recording, counts
        self._played: list[Step] = []
        self._standing: set[tuple[Any, ...]] = set()
        self._has_differed = False

    def run(self) -> str:
        """Plays the steps until they end or the states differ; returns the reason of an early end, or nothing."""
        for line in self.recording:
            if line.step is None:
                self._finish(line)
            elif line.skipped:
                self.counts.skipped[line.skipped] += 1
                if line.assumed:
                    self._played.append(line.step)
            elif any(each.is_state for each in self._step(line, line.step)):
                return DIFFERS
        if self.recording.broken:
            self.counts.broken.append(self.recording.broken)
        return self.recording.why

    def differences(self, line: ModelStep) -> tuple[list[ClauseDifference], list[ClauseDifference]]:
        """Executes a step on the vault; returns the differences that were not there before, and all."""
        if line.step is None or line.outcome is None or line.skipped:
            return [], []
        found = list(self._compared(line, self.deployed.transaction(line.step)))
        return self.new(found, line), found

    def _step(self, line: ModelStep, step: Step) -> Sequence[ClauseDifference]:
        counts, outcome = self.counts, line.outcome
        assert outcome is not None
        found = list(self._compared(line, self.deployed.transaction(step)))
        self._played.append(step)
        counts.steps += 1
        counts.actions[step.action] += 1
        if outcome.refusal:
            counts.refusals[outcome.refusal.name] += 1
        self._count(line, self.new(found, line), found)
        return found

    def _compared(self, line: ModelStep, call: Call) -> Sequence[ClauseDifference]:
        assert line.step is not None and line.outcome is not None
        queries = self.deployed.queries(line.places)
        self.counts.compared += len(queries)
        answer = answered(self.inside, line.step.at, call, queries)
        return list(compared(self.subject, line.outcome, line.figures, answer, queries))

    def new(self, found: Sequence[ClauseDifference], line: ModelStep) -> list[ClauseDifference]:
        """The differences that were not seen before; those that are not there any more are forgotten."""
        present = {each.about for each in found if each.about}
        new = [each for each in found if not each.about or each.about not in self._standing]
        self._standing = {each for each in self._standing if each in present or each not in line.figures} | present
        return new

    def _count(self, line: ModelStep, new: Sequence[ClauseDifference], found: Sequence[ClauseDifference]) -> None:
        counts = self.counts
        if new:
            places = candidates(self.subject, line, new, found)
            self._keep(sorted_by_cause(new)[0], places, line.cases)
            counts.differed.update(places)
        if any(each.is_state for each in found):
            return
        mentions = {name for each in found for name in each.mentions}
        agreed = [p for p in line.about if not mentions & set(CLAUSES[p].shows) and _is_compared(self.subject, line, p)]
        counts.agreed.update(agreed)
        counts.reached.update(each for each in line.cases if each[0] in agreed)

    def _finish(self, line: ModelStep) -> None:
        """Compares the stored figures of every account."""
        queries = [each for each in self.deployed.queries(line.places) if each.figure.is_state]
        figures = queried(self.inside, queries)
        found = list(figures_compared(self.subject, line.figures, queries, figures))
        if new := self.new(found, line):
            self._keep(sorted_by_cause(new)[0], candidates(self.subject, line, new))

    def _keep(
        self, difference: ClauseDifference, places: tuple[int, ...], cases: Sequence[tuple[int, int]] = ()
    ) -> None:
        recording = self.recording
        steps = tuple(self._played)
        finding = ClauseFinding(difference, steps, recording.world, places, recording.name, follows=self._has_differed)
        self._has_differed = True
        signs = finding.likeness, places
        known = self.counts.findings.get(signs)
        self.counts.seen[signs] += 1
        self.counts.cases_seen.setdefault(signs, Counter()).update(each for each in cases if each[0] in places)
        if known is None or (known.follows, len(known.steps)) > (finding.follows, len(finding.steps)):
            self.counts.findings[signs] = finding


def _is_compared(subject: Subject, line: ModelStep, place: int) -> bool:
    """Whether a step compares what a clause states: of a refused one, only the refusal does."""
    is_refused = line.outcome is not None and line.outcome.refusal is not None
    by_refusal = not CLAUSES[place].refuses and any(word[:1].isupper() for word in CLAUSES[place].shows)
    return not (is_refused and by_refusal) or subject.refusals == EXACT


def answered(inside: InProcessSubject, at: int, call: Call, queries: Sequence[FigureQuery]) -> VaultAnswer:
    """The answer of a vault to a call at a time [unix seconds], and its figures after it."""
    deployed, answer = inside.deployed, inside.execute(at, call)
    refusal = deployed.refusal(answer)
    figures = queried(inside, queries)
    return VaultAnswer(refusal, () if refusal else deployed.events(answer), figures)


def queried(inside: InProcessSubject, queries: Sequence[FigureQuery]) -> tuple[Any, ...]:
    """The figures of a vault; several that one view returns cost one call."""
    answers: dict[tuple[str, str], Answer] = {}
    for each in queries:
        call = each.call["to"], each.call["input"]
        if call not in answers:
            answers[call] = inside.query(each.call)
    return tuple(inside.deployed.figure(each, answers[each.call["to"], each.call["input"]]) for each in queries)
