"""A vault and the model on the same steps: their differences, and the clauses that each step was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.conform import step_context
from crossvault.conform.capability import CAPABILITIES
from crossvault.conform.clauses import ACCEPTANCE, CLAUSES
from crossvault.conform.contrast import ClauseDifference, compared, figures_compared, places_of
from crossvault.conform.deployed_subject import FigureQuery, InProcessSubject, VaultAnswer
from crossvault.conform.step_context import StepContext
from crossvault.conform.subject import Subject
from crossvault.differential.drive import driven
from crossvault.differential.ending import FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import Action, Outcome, Step, StepStream, World
from crossvault.differential.story import ExpectationFailed
from crossvault.evm.bindings import Call
from crossvault.lockstep.run import Broken, InvariantChecker

NAMING: tuple[Action, ...] = ("set_guardian",)
"""Doors of stories that a vault may be without: they only give a right."""


class StatesDiffer(FailedRun):
    """The states of vault and model differ: nothing after this step can be compared."""


class ClauseFinding(NamedTuple):
    """A difference with the steps that lead to it, the last of which shows it; and whether Anvil shows it, too."""

    difference: ClauseDifference
    steps: tuple[Step, ...]
    world: World
    candidates: tuple[int, ...]
    walk: str
    confirmed: bool = False

    @property
    def likeness(self) -> tuple[str, str]:
        """The action of the last step and the kind of the difference: equal in findings of one sort."""
        return self.steps[-1].action, self.difference.kind


Signs = tuple[tuple[str, str], tuple[int, ...]]
"""The sort of a difference: its likeness and the clauses that it may be of."""


@dataclass
class ClauseCounts:
    """How often each clause was met, by its place in the table, and the findings.

    findings: of each sort of difference the one with the fewest steps; seen: steps that showed it.
    """

    steps: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    agreed: Counter[int] = field(default_factory=Counter)
    differed: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    findings: dict[Signs, ClauseFinding] = field(default_factory=dict)
    seen: Counter[Signs] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


class ConformTrial:
    """A model and a vault on the same steps."""

    def __init__(
        self,
        inside: InProcessSubject,
        world: World,
        counts: ClauseCounts,
        walk: str = "",
        guard: InvariantChecker | None = None,
    ) -> None:
        """walk: the source of the steps, for the report of a finding."""
        self.inside, self.deployed, self.subject = inside, inside.deployed, inside.deployed.subject
        self.counts, self.walk, self.guard = counts, walk, guard
        self.world, self.model = world, Model(world)
        self.played: list[Step] = []
        self._skipped = foreign_refusals(self.subject)

    def apply(self, step: Step) -> Outcome:
        """Executes a step on both and compares. Raises StatesDiffer, and Broken when the model breaks an invariant."""
        counts = self.counts
        found, outcome = self._played(step)
        if found is None:
            return outcome
        counts.steps += 1
        counts.actions[step.action] += 1
        if outcome.refusal:
            counts.refusals[outcome.refusal.name] += 1
        self._note(step, outcome, found)
        if any(each.is_state for each in found):
            raise StatesDiffer
        return outcome

    def finish(self) -> None:
        """Compares the stored figures of every account."""
        if not self.played:
            return
        step = self.played[-1]
        places = places_of(self.model, tuple(self.model.vault.ledger.holders), step.at)
        queries = [each for each in self.deployed.queries(places) if each.figure.is_state]
        figures = tuple(self.deployed.figure(each, self.inside.query(each.call)) for each in queries)
        for each in figures_compared(self.subject, self.model, queries, figures):
            self._keep(each, self._candidates(each, ()))

    def step(self, step: Step) -> tuple[Outcome, list[ClauseDifference]]:
        """Executes a step on both; returns the outcome and the differences of any account, without counting them."""
        outcome = self.model.apply(step)
        if is_assumed(self.subject, step):
            return outcome, []
        return outcome, self.differences(step, outcome, self.deployed.transaction(step), everywhere=True)

    def _played(self, step: Step) -> tuple[list[ClauseDifference] | None, Outcome]:
        """The differences of a step, None when only the model played it; and the model's outcome."""
        call = None if is_assumed(self.subject, step) else self.deployed.transaction(step)
        self._before = step_context.before(step, self.model)
        if self.guard:
            self.guard.before(step, self.model)
        outcome = self.model.apply(step)
        if self.guard:
            self.guard.after(step, outcome, self.model)
        if call is None or (outcome.refusal and outcome.refusal.name in self._skipped):
            self.counts.skipped[step.action] += 1
            if call is None:
                self.played.append(step)
            return None, outcome
        self.played.append(step)
        return self.differences(step, outcome, call), outcome

    def differences(self, step: Step, outcome: Outcome, call: Call, everywhere: bool = False) -> list[ClauseDifference]:
        """Executes a step on the vault and compares the figures of the accounts that it names, or of all."""
        accounts = tuple(self.model.vault.ledger.holders) if everywhere else step.accounts()
        queries = self.deployed.queries(places_of(self.model, accounts, step.at))
        self.counts.compared += len(queries)
        answer = answered(self.inside, step.at, call, queries)
        return list(compared(self.subject, self.model, outcome, answer, queries))

    def _note(self, step: Step, outcome: Outcome, found: Sequence[ClauseDifference]) -> None:
        now = StepContext(step, outcome, self._before, self.model)
        about = [place for place, clause in enumerate(CLAUSES) if self._is_supported(clause.needs) and clause.when(now)]
        mentions: set[str] = set()
        if found:  # what comes after the first difference of a step follows from it
            candidates = self._candidates(found[0], about)
            self._keep(found[0], candidates)
            self.counts.differed.update(candidates)
            mentions = {name for each in found for name in each.mentions}
        if any(each.is_state for each in found):
            return
        self.counts.agreed.update(place for place in about if not mentions & set(CLAUSES[place].shows))

    def _candidates(self, difference: ClauseDifference, about: Sequence[int]) -> tuple[int, ...]:
        """The clauses that a difference may be of.

        Those of the refusals in it, and of the figures that these give; without any, those that the step is about.
        """
        action, mentions = self.played[-1].action, set(difference.mentions)
        shown = {p: each for p, each in enumerate(CLAUSES) if mentions & set(each.shows)}
        open_ = {p: each for p, each in shown.items() if self._is_supported(each.needs)}
        refusals = {name for name in mentions if name[:1].isupper()}
        if refusals:
            meant = {p: each for p, each in open_.items() if not each.doors or action in each.doors}
            found = [p for p, each in meant.items() if (mentions - {ACCEPTANCE}) & set(each.shows)]
        else:
            found = [p for p in open_ if p in about]
        return tuple(found or [p for p in open_ if p in about] or about or open_)

    def _keep(self, difference: ClauseDifference, candidates: tuple[int, ...]) -> None:
        finding = ClauseFinding(difference, tuple(self.played), self.world, candidates, self.walk)
        signs = finding.likeness, candidates
        known = self.counts.findings.get(signs)
        self.counts.seen[signs] += 1
        if known is None or len(known.steps) > len(finding.steps):
            self.counts.findings[signs] = finding

    def _is_supported(self, capability: str) -> bool:
        return not capability or self.subject.can(capability)


def is_assumed(subject: Subject, step: Step) -> bool:
    """Whether a step is played by the model alone."""
    door = subject.doors.get(step.action)
    return door is not None and (door.assumed or (step.action in NAMING and not door.exists))


def answered(inside: InProcessSubject, at: int, call: Call, queries: Sequence[FigureQuery]) -> VaultAnswer:
    """The answer of a vault to a call at a time [unix seconds], and its figures after it."""
    deployed, answer = inside.deployed, inside.execute(at, call)
    refusal = deployed.refusal(answer)
    figures = tuple(deployed.figure(each, inside.query(each.call)) for each in queries)
    return VaultAnswer(refusal, () if refusal else deployed.events(answer), figures)


def foreign_refusals(subject: Subject) -> frozenset[str]:
    """The refusals that only a vault with a capability that this one lacks would give."""
    return frozenset(name for each in CAPABILITIES if not subject.can(each.name) for name in each.refusals)


def play(trial: ConformTrial, steps: StepStream) -> str:
    """Gives steps to a trial until they end or the states differ; returns the reason of an early end, or nothing.

    A step with an argument that does not fit the vault's type is left out, and counted.
    """

    def applied(step: Step) -> Outcome:
        try:
            return trial.apply(step)
        except ValueError:
            trial.counts.skipped[f"{step.action}, which does not fit"] += 1
            return Outcome(None, (), trial.model.snapshot(step.accounts()))

    try:
        for _ in driven(steps, applied):
            pass
        trial.finish()
    except StatesDiffer:
        return "differs"
    except ExpectationFailed as failed:
        return str(failed)
    except Broken as broken:
        trial.counts.broken.append(str(broken))
        return str(broken)
    return ""
