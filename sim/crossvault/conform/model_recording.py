"""The model's part of a search: steps with its outcomes and figures, and the clauses that each step is about.

The model never reads the vault, so one recording serves many vaults of the same capabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from crossvault.conform import step_context
from crossvault.conform.capability import CAPABILITIES
from crossvault.conform.clauses import CLAUSES
from crossvault.conform.contrast import places_of
from crossvault.conform.figures import SNAPSHOT, FigureSubject, about_of
from crossvault.conform.step_context import StepContext
from crossvault.conform.step_fit import StepFit
from crossvault.conform.subject import Subject
from crossvault.conform.waiting_changes import waits
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import Action, Outcome, Step, StepStream, World
from crossvault.differential.story import ExpectationFailed
from crossvault.lockstep.run import Broken, InvariantChecker
from crossvault.mirror.account import AccountId

NAMING: tuple[Action, ...] = ("set_guardian",)
"""Doors of stories that a vault may be without: they only give a right."""


class ModelStep(NamedTuple):
    """A step with the model's outcome, the subjects of the queries after it, and the model's figures.

    step: None: only the figures at the end. skipped: why it is not sent to the vault, or nothing. assumed: the model
    alone plays it. about: the clauses that it is about, by place in the table; cases: their cases that it shows.
    """

    step: Step | None
    outcome: Outcome | None
    places: Sequence[FigureSubject]
    figures: dict[tuple[Any, ...], Any]
    about: tuple[int, ...] = ()
    cases: tuple[tuple[int, int], ...] = ()
    skipped: str = ""
    assumed: bool = False


class ModelRecording:
    """A story as the model plays it, recorded as far as it was read.

    why: the reason of an early end, once it was read to the end. broken: the invariant of the model that broke.
    """

    def __init__(
        self,
        subject: Subject,
        world: World,
        name: str,
        play: Callable[[Model], StepStream],
        guard: InvariantChecker | None = None,
        everywhere: bool = False,
    ) -> None:
        """play: the steps, which may follow from a model. everywhere: figures of all accounts after every step."""
        self.world, self.name, self.why, self.broken = world, name, "", ""
        model = Model(world)
        self._lines: list[ModelStep] = []
        self._more = self._ended(_ModelRecorder(subject, model, guard, everywhere), play(model))

    def __iter__(self) -> Iterator[ModelStep]:
        place = 0
        while True:
            if place == len(self._lines):
                line = next(self._more, None)
                if line is None:
                    return
                self._lines.append(line)
            yield self._lines[place]
            place += 1

    def _ended(self, recorder: _ModelRecorder, steps: StepStream) -> Iterator[ModelStep]:
        lines: list[ModelStep] = []

        def played(step: Step) -> Outcome:
            line, outcome = recorder.play(step)
            lines.append(line)
            return outcome

        try:
            for _ in driven(steps, played):
                yield lines.pop()
            yield from recorder.end()
        except ExpectationFailed as failed:
            self.why = str(failed)
        except Broken as broken:
            self.why = self.broken = str(broken)


class _ModelRecorder:
    """Plays steps on the model and notes what they are about."""

    def __init__(self, subject: Subject, model: Model, guard: InvariantChecker | None, everywhere: bool) -> None:
        self._subject, self._model, self._guard, self._everywhere = subject, model, guard, everywhere
        self._fit = StepFit(subject)
        self._foreign = foreign_refusals(subject)
        self._clauses = [(p, each) for p, each in enumerate(CLAUSES) if not each.needs or subject.can(each.needs)]
        self._last: Step | None = None

    def play(self, step: Step) -> tuple[ModelStep, Outcome]:
        """Plays a step, unless it does not fit the types of the vault, or has to wait there alone."""
        assumed = is_assumed(self._subject, step)
        if not assumed and not self._fit.fits(step):
            outcome = Outcome(None, (), self._model.snapshot(step.accounts()))
            return ModelStep(step, None, (), {}, skipped=f"{step.action}, which does not fit"), outcome
        if waits(self._subject, self._model, step):
            outcome = Outcome(None, (), self._model.snapshot(step.accounts()))
            return ModelStep(step, None, (), {}, skipped=f"{step.action}, which has to wait"), outcome
        accounts = step.accounts()
        if self._everywhere:
            accounts = tuple(dict.fromkeys((*self._model.vault.ledger.holders, *accounts)))
        before = step_context.before(step, self._model, accounts)
        if self._guard:
            self._guard.before(step, self._model)
        outcome = self._model.apply(step)
        if self._guard:
            self._guard.after(step, outcome, self._model)
        if assumed or (outcome.refusal and outcome.refusal.name in self._foreign):
            return ModelStep(step, outcome, (), {}, skipped=step.action, assumed=assumed), outcome
        self._last = step
        return self._line(StepContext(step, outcome, before, self._model, accounts)), outcome

    def end(self) -> list[ModelStep]:
        """The stored figures of every account."""
        if self._last is None:
            return []
        holders = tuple(self._model.vault.ledger.holders)
        places, figures = figures_of(self._subject, self._model, holders, self._last.at, stored=True)
        return [ModelStep(None, None, places, figures)]

    def _line(self, context: StepContext) -> ModelStep:
        step = context.step
        places, figures = figures_of(self._subject, self._model, context.accounts, step.at)
        about = [(place, clause) for place, clause in self._clauses if clause.when(context)]
        cases = [
            (place, number) for place, clause in about for number, each in enumerate(clause.cases) if each.when(context)
        ]
        return ModelStep(step, context.outcome, places, figures, tuple(place for place, _ in about), tuple(cases))


def figures_of(
    subject: Subject, model: Model, accounts: Sequence[AccountId], at: int, only: str = "", stored: bool = False
) -> tuple[list[FigureSubject], dict[tuple[Any, ...], Any]]:
    """The subjects of the queries about some accounts, and the model's figures of them.

    only: the name of a figure, for that alone; stored: for those that are stored.
    """
    places = places_of(model, accounts, at)
    found: dict[tuple[Any, ...], Any] = {}
    for figure in subject.known_figures():
        if only in ("", figure.name) and (figure.is_state or not stored):
            for place in places:
                about = about_of(figure, place)
                if about is not None and (figure.name, *about) not in found:
                    found[figure.name, *about] = figure.model(model, place)
    if subject.has_snapshot and only in ("", SNAPSHOT.name):
        whole = tuple(dict.fromkeys(each.account for each in places if each.account))
        found[SNAPSHOT.name,] = SNAPSHOT.model(model, places[0]._replace(accounts=whole))
    return places, found


def is_assumed(subject: Subject, step: Step) -> bool:
    """Whether a step is played by the model alone."""
    door = subject.doors.get(step.action)
    return door is not None and (door.assumed or (step.action in NAMING and not door.exists))


def foreign_refusals(subject: Subject) -> frozenset[str]:
    """The refusals that only a vault with a capability that this one lacks would give."""
    return frozenset(name for each in CAPABILITIES if not subject.can(each.name) for name in each.refusals)
