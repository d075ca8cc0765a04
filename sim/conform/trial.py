"""A vault and the model on the same steps: what is compared, and which clauses each step was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sim.compare import value_differences
from sim.conform import moment
from sim.conform.adapter import ACCEPTED, EXACT
from sim.conform.capability import CAPABILITIES
from sim.conform.clauses import ACCEPTANCE, CLAUSES, EVENTS
from sim.conform.figures import ACCOUNT, Place
from sim.conform.moment import Moment
from sim.conform.stand import Heard, Inside, Question
from sim.conform.subject import Subject
from sim.mirror import market
from sim.mirror.account import AccountId
from sim.mirror.refusal import Refusal
from sim.model import Model
from sim.run import Broken, Guard
from sim.side import Outcome, Step, World

_SUMMED_EVERY = 20


class Differs(Exception):
    """The vault stands elsewhere than the model: nothing after this step can be compared."""


class Difference(NamedTuple):
    """What vault and model say differently. speaks: refusals, figures or kinds that name the clauses it may be of.

    kept: whether the two stand at different places from here on.
    """

    label: str
    theirs: Any
    ours: Any
    speaks: tuple[str, ...]
    kept: bool

    def __str__(self) -> str:
        both = all(isinstance(each, int) and not isinstance(each, bool) for each in (self.theirs, self.ours))
        wei = f"  (vault less model: {self.theirs - self.ours:+d})" if both else ""
        return f"{self.label}: vault {self.theirs}, model {self.ours}{wei}"


class Finding(NamedTuple):
    """A difference with the steps that lead to it; the last of them shows it."""

    difference: Difference
    steps: tuple[Step, ...]
    world: World
    candidates: tuple[int, ...]
    walk: str

    @property
    def likeness(self) -> tuple[str, str]:
        """What must be the same for a shorter story to be of the same difference."""
        return self.steps[-1].action, kind_of(self.difference)


def kind_of(difference: Difference) -> str:
    """A difference without the account and the numbers in it."""
    return difference.label.split(" of ")[0]


@dataclass
class Tally:
    """How often each clause was met, by its place in the table, and what was found."""

    steps: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    agreed: Counter[int] = field(default_factory=Counter)
    differed: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


class Bench(Protocol):
    """Whoever executes the vault's side of a step."""

    def heard(self, step: Step, questions: Sequence[Question]) -> Heard:
        """What the vault makes of a step, and what it answers after it."""
        ...


class Trial:
    """A model and a stand that are given the same steps."""

    def __init__(self, inside: Inside, world: World, tally: Tally, walk: str, guard: Guard | None = None) -> None:
        self.inside, self.stand, self.subject = inside, inside.stand, inside.stand.subject
        self.world, self.tally, self.walk, self.guard = world, tally, walk, guard
        self.model = Model(world)
        self.played: list[Step] = []
        self._skipped = unsaid(self.subject)
        self._trades = 0

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
            raise Differs
        return outcome

    def finish(self) -> None:
        """Compares the kept figures of every account there is."""
        if not self.played:
            return
        step = self.played[-1]
        places = places_of(self.model, tuple(self.model.vault.ledger.holders), step.at)
        questions = [each for each in self.stand.questions(places) if each.figure.kept]
        told = tuple(self.stand.told(each, self.inside.ask(each.call)) for each in questions)
        found = list(self._figures(questions, told))
        for each in found:
            self._keep(each, ())

    def _played(self, step: Step) -> tuple[list[Difference] | None, Outcome]:
        """The differences of a step, None when it was not said to the vault; and the model's outcome."""
        call = None if self._is_assumed(step) else self.stand.transaction(step)
        self._before = moment.before(step, self.model)
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
        return list(self.differences(step, outcome, call)), outcome

    def differences(self, step: Step, outcome: Outcome, call: dict[str, str]) -> Iterator[Difference]:
        """Says a step to the vault and compares everything that it tells."""
        questions = self.stand.questions(places_of(self.model, step.accounts(), step.at))
        answer = self.inside.say(step.at, call)
        refusal = self.stand.refusal(answer)
        events = () if refusal else self.stand.events(answer)
        told = tuple(self.stand.told(each, self.inside.ask(each.call)) for each in questions)
        yield from self.compared(outcome, Heard(refusal, events, told), questions)
        if self.subject.whole:
            yield from self._whole(step)
        if step.action in ("trade", "bid") and not outcome.refusal:
            self._trades += 1
            if self._trades % _SUMMED_EVERY == 0:
                yield from self._sums(step.at)

    def compared(self, outcome: Outcome, heard: Heard, questions: Sequence[Question]) -> Iterator[Difference]:
        """The differences between what the vault made of a step and what the model did."""
        yield from self._refusals(heard.refusal, outcome.refusal)
        ours = tuple(event for event in outcome.events if event.name in self.subject.events)
        if heard.events != ours and not (heard.refusal or outcome.refusal):
            yield Difference(EVENTS, heard.events, ours, (EVENTS,), False)
        yield from self._figures(questions, heard.told)
        self.tally.compared += len(questions)

    def _refusals(self, theirs: Refusal | None, ours: Refusal | None) -> Iterator[Difference]:
        if same(theirs, ours, self.subject.refusals):
            return
        names = tuple(each.name for each in (theirs, ours) if each)
        if (theirs is None) != (ours is None):
            yield Difference(ACCEPTANCE, theirs or "accepts", ours or "accepts", (*names, ACCEPTANCE), True)
        else:
            yield Difference("refusal", theirs, ours, names[::-1], False)

    def _figures(self, questions: Sequence[Question], told: Sequence[Any]) -> Iterator[Difference]:
        for question, theirs in zip(questions, told, strict=True):
            figure, place = question.figure, question.place
            ours = figure.model(self.model, place)
            if isinstance(theirs, Refusal) and isinstance(ours, Refusal):
                fine = same(theirs, ours, self.subject.refusals)
            else:
                fine = theirs == ours
            if not fine:
                about = f" of {place.account}" if figure.about in (ACCOUNT, "position") else ""
                yield Difference(f"{figure.name}{about}", theirs, ours, (figure.name,), figure.kept)

    def _whole(self, step: Step) -> Iterator[Difference]:
        accounts = step.accounts()
        answer = self.inside.ask(self.stand.whole(accounts))
        ours = self.model.snapshot(accounts)
        refusal = self.stand.refusal(answer)
        theirs = refusal or self.stand.told_whole(answer["returnData"])
        if theirs != tuple(ours):
            for each in value_differences("snapshot", theirs, tuple(ours)):
                yield Difference(each.field, each.chain, each.model, ("snapshot",), True)

    def _sums(self, at: int) -> Iterator[Difference]:
        """V2 on the vault's own figures."""
        if "size" not in self.subject.figures:
            return
        sums: Counter[int] = Counter()
        for place in places_of(self.model, tuple(self.model.vault.ledger.holders), at):
            for question in self.stand.questions([place]) if place.instrument else ():
                if question.figure.name == "size":
                    sums[place.instrument] += self.stand.told(question, self.inside.ask(question.call))
        for instrument, total in sums.items():
            if total:
                yield Difference(f"sum of sizes in instrument {instrument}", total, 0, ("V2",), True)

    def _note(self, step: Step, outcome: Outcome, found: Sequence[Difference]) -> None:
        now = Moment(step, outcome, self._before, self.model)
        about = [place for place, clause in enumerate(CLAUSES) if self._asked(clause.needs) and clause.when(now)]
        blamed: set[int] = set()
        for each in found:
            blamed |= set(self._keep(each, about))
        for place in about:
            (self.tally.differed if place in blamed else self.tally.agreed)[place] += 1

    def _keep(self, difference: Difference, about: Sequence[int]) -> tuple[int, ...]:
        """Keeps a difference, the first of its kind with its steps; answers the clauses that it may be of."""
        spoken = [place for place in about if set(difference.speaks) & set(CLAUSES[place].shows)]
        told = [place for place, clause in enumerate(CLAUSES) if set(difference.speaks) & set(clause.shows)]
        candidates = tuple(spoken or about or told)
        finding = Finding(difference, tuple(self.played), self.world, candidates, self.walk)
        known = self.tally.findings.get(finding.likeness)
        if known is None or len(known.steps) > len(finding.steps):
            self.tally.findings[finding.likeness] = finding
        return candidates

    def _asked(self, capability: str) -> bool:
        return not capability or self.subject.can(capability)

    def _is_assumed(self, step: Step) -> bool:
        door = self.subject.doors.get(step.action)
        return door is not None and door.assumed


def unsaid(subject: Subject) -> frozenset[str]:
    """The refusals that only a vault with a capability that this one lacks would give."""
    return frozenset(name for each in CAPABILITIES if not subject.can(each.name) for name in each.refusals)


def places_of(model: Model, accounts: Sequence[AccountId], at: int) -> list[Place]:
    """What is asked about some accounts: each alone, with every perp and with all that it holds; then the markets."""
    state = model.vault.ledger
    perps = [market.perp(underlying) for underlying in range(len(state.risks))]
    found = [Place(at, account) for account in accounts]
    for account in accounts:
        held = dict.fromkeys([*perps, *state.holders[account].instruments])
        found += [Place(at, account, instrument) for instrument in held]
    return found + [Place(at, None, instrument) for instrument in perps] + ([] if accounts or perps else [Place(at)])


def same(theirs: Refusal | None, ours: Refusal | None, how: str) -> bool:
    """Whether two refusals are the same, as far as the vault's are comparable."""
    if theirs is None or ours is None:
        return theirs is ours
    if how == ACCEPTED:
        return True
    return theirs == ours if how == EXACT else theirs.name == ours.name


def play(trial: Trial, steps: Callable[[Model], Iterator[Step]] | Sequence[Step]) -> bool:
    """Gives steps to a trial until they end or the two stand apart; answers whether they went to their end."""
    try:
        for step in steps(trial.model) if callable(steps) else steps:
            try:
                trial.apply(step)
            except ValueError:
                trial.tally.skipped[f"{step.action}, which does not fit"] += 1
        trial.finish()
    except Differs:
        return False
    except Broken as broken:
        trial.tally.broken.append(str(broken))
        return False
    return True
