"""A vault and the model on the same steps: what is compared, and which clauses each step was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.conform import step_context
from crossvault.conform.capability import CAPABILITIES
from crossvault.conform.clauses import ACCEPTANCE, CLAUSES
from crossvault.conform.contrast import ClauseDifference, compared, figures_compared, kind_of, places_of
from crossvault.conform.deployed_subject import InProcessSubject, VaultAnswer
from crossvault.conform.step_context import StepContext
from crossvault.conform.subject import Subject
from crossvault.differential.ending import FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World
from crossvault.differential.story import ExpectationFailed
from crossvault.evm.bindings import Call
from crossvault.lockstep.run import Broken, InvariantChecker

NAMING = ("set_guardian",)
"""What stories do at their start and a vault may be without: it only gives a right."""


class StatesDiffer(FailedRun):
    """The vault stands elsewhere than the model: nothing after this step can be compared."""


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
        """What must be the same for a shorter story to be of the same difference."""
        return self.steps[-1].action, kind_of(self.difference)


Signs = tuple[tuple[str, str], tuple[int, ...]]
"""What differences have in common that are taken for one: likeness and candidates."""


@dataclass
class ClauseCounts:
    """How often each clause was met, by its place in the table, and what was found.

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
    """A model and a stand that are given the same steps."""

    def __init__(
        self,
        inside: InProcessSubject,
        world: World,
        tally: ClauseCounts,
        walk: str = "",
        guard: InvariantChecker | None = None,
    ) -> None:
        """walk: where the steps come from, for whoever reads of a finding."""
        self.inside, self.stand, self.subject = inside, inside.stand, inside.stand.subject
        self.tally, self.walk, self.guard = tally, walk, guard
        self.world, self.model = world, Model(world)
        self.played: list[Step] = []
        self._skipped = unsaid(self.subject)

    def apply(self, step: Step) -> Outcome:
        """Executes a step on both and compares. Raises Differs, and Broken when the model breaks an invariant."""
        tally = self.tally
        found, outcome = self._played(step)
        if found is None:
            return outcome
        tally.steps += 1
        tally.actions[step.action] += 1
        if outcome.refusal:
            tally.refusals[outcome.refusal.name] += 1
        self._note(step, outcome, found)
        if any(each.kept for each in found):
            raise StatesDiffer
        return outcome

    def finish(self) -> None:
        """Compares the kept figures of every account there is."""
        if not self.played:
            return
        step = self.played[-1]
        places = places_of(self.model, tuple(self.model.vault.ledger.holders), step.at)
        questions = [each for each in self.stand.questions(places) if each.figure.kept]
        told = tuple(self.stand.told(each, self.inside.ask(each.call)) for each in questions)
        for each in figures_compared(self.subject, self.model, questions, told):
            self._keep(each, self._candidates(each, ()))

    def step(self, step: Step) -> tuple[Outcome, list[ClauseDifference]]:
        """Executes a step on both and answers what differs of any account, without counting it."""
        outcome = self.model.apply(step)
        if is_assumed(self.subject, step):
            return outcome, []
        return outcome, self.differences(step, outcome, self.stand.transaction(step), everywhere=True)

    def _played(self, step: Step) -> tuple[list[ClauseDifference] | None, Outcome]:
        """The differences of a step, None when it was not said to the vault; and the model's outcome."""
        call = None if is_assumed(self.subject, step) else self.stand.transaction(step)
        self._before = step_context.before(step, self.model)
        if self.guard:
            self.guard.before(step, self.model)
        outcome = self.model.apply(step)
        if self.guard:
            self.guard.after(step, outcome, self.model)
        if call is None or (outcome.refusal and outcome.refusal.name in self._skipped):
            self.tally.skipped[step.action] += 1
            if call is None:
                self.played.append(step)
            return None, outcome
        self.played.append(step)
        return self.differences(step, outcome, call), outcome

    def differences(self, step: Step, outcome: Outcome, call: Call, everywhere: bool = False) -> list[ClauseDifference]:
        """Says a step to the vault and compares what it tells of the accounts that it names, or of all."""
        accounts = tuple(self.model.vault.ledger.holders) if everywhere else step.accounts()
        questions = self.stand.questions(places_of(self.model, accounts, step.at))
        answer = self.inside.say(step.at, call)
        refusal = self.stand.refusal(answer)
        events = () if refusal else self.stand.events(answer)
        told = tuple(self.stand.told(each, self.inside.ask(each.call)) for each in questions)
        self.tally.compared += len(questions)
        return list(compared(self.subject, self.model, outcome, VaultAnswer(refusal, events, told), questions))

    def _note(self, step: Step, outcome: Outcome, found: Sequence[ClauseDifference]) -> None:
        now = StepContext(step, outcome, self._before, self.model)
        about = [place for place, clause in enumerate(CLAUSES) if self._asked(clause.needs) and clause.when(now)]
        spoken: set[str] = set()
        if found:  # what comes after the first difference of a step follows from it
            candidates = self._candidates(found[0], about)
            self._keep(found[0], candidates)
            self.tally.differed.update(candidates)
            spoken = {word for each in found for word in each.speaks}
        if any(each.kept for each in found):
            return
        self.tally.agreed.update(place for place in about if not spoken & set(CLAUSES[place].shows))

    def _candidates(self, difference: ClauseDifference, about: Sequence[int]) -> tuple[int, ...]:
        """The clauses that a difference may be of.

        Those of the refusals in it, and of the figures that these give; without any, those that the step is about.
        """
        action, spoken = self.played[-1].action, set(difference.speaks)
        open_ = {p: each for p, each in enumerate(CLAUSES) if self._asked(each.needs) and spoken & set(each.shows)}
        refusals = {word for word in spoken if word[:1].isupper()}
        if refusals:
            meant = {p: each for p, each in open_.items() if not each.doors or action in each.doors}
            found = [p for p, each in meant.items() if (spoken - {ACCEPTANCE}) & set(each.shows)]
        else:
            found = [p for p in open_ if p in about]
        return tuple(found or [p for p in open_ if p in about] or about or open_)

    def _keep(self, difference: ClauseDifference, candidates: tuple[int, ...]) -> None:
        finding = ClauseFinding(difference, tuple(self.played), self.world, candidates, self.walk)
        signs = finding.likeness, candidates
        known = self.tally.findings.get(signs)
        self.tally.seen[signs] += 1
        if known is None or len(known.steps) > len(finding.steps):
            self.tally.findings[signs] = finding

    def _asked(self, capability: str) -> bool:
        return not capability or self.subject.can(capability)


def is_assumed(subject: Subject, step: Step) -> bool:
    """Whether a step is played by the model alone."""
    door = subject.doors.get(step.action)
    return door is not None and (door.assumed or (step.action in NAMING and not door.there))


def unsaid(subject: Subject) -> frozenset[str]:
    """The refusals that only a vault with a capability that this one lacks would give."""
    return frozenset(name for each in CAPABILITIES if not subject.can(each.name) for name in each.refusals)


def play(trial: ConformTrial, steps: Generator[Step, Outcome, None]) -> str:
    """Gives steps to a trial until they end or the two stand apart; answers what ended it early, or nothing.

    A step with an argument that does not fit the vault's type is left out, and counted.
    """
    try:
        step = next(steps)
        while True:
            try:
                outcome = trial.apply(step)
            except ValueError:
                trial.tally.skipped[f"{step.action}, which does not fit"] += 1
                step = next(steps)
            else:
                step = steps.send(outcome)
    except StopIteration:
        trial.finish()
    except StatesDiffer:
        return "differs"
    except ExpectationFailed as failed:
        return str(failed)
    except Broken as broken:
        trial.tally.broken.append(str(broken))
        return str(broken)
    return ""
