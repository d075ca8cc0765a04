"""A finding with fewer steps and simpler values: what it does not need is left out, in large pieces first."""

from __future__ import annotations

import time
from collections.abc import Sequence

from crossvault.conform.comparison import ClauseCounts, ClauseFinding, ConformTrial, is_assumed
from crossvault.conform.contrast import ClauseDifference, compared, kind_of, places_of
from crossvault.conform.deployed_subject import AnvilSubject, FigureQuery, InProcessSubject
from crossvault.differential.model import Model
from crossvault.differential.step import Step, World
from crossvault.evm.bindings import Call
from crossvault.mirror.refusal import Refusal
from crossvault.shrink.removal import Steps
from crossvault.shrink.replay import UNSAYABLE
from crossvault.shrink.simplification import simpler


class Reducer:
    """Plays candidates of one world on the model and in process."""

    def __init__(self, inside: InProcessSubject, finding: ClauseFinding, seconds: float) -> None:
        self._inside, self._finding = inside, finding
        self._ends = time.perf_counter() + seconds

    def reduced(self) -> ClauseFinding:
        """The finding with as few steps as were found to do until the time was over."""
        best = list(self._finding.steps)
        accepted = self._accepted(best)
        if len(accepted) < len(best) and self._shows(accepted):
            best = accepted
        size = max(1, len(best) // 2)
        while time.perf_counter() < self._ends:
            before = len(best)
            best = self._without(best, size)
            if size == 1 and len(best) == before:
                break
            size = max(1, size // 2)
        best = simpler(best, self._attempt)
        return self._finding._replace(steps=tuple(best), difference=self._shows(best) or self._finding.difference)

    def _attempt(self, steps: Sequence[Step]) -> Steps | None:
        """The steps, if they still show it, and there is time."""
        try:
            return list(steps) if time.perf_counter() < self._ends and self._shows(steps) else None
        except UNSAYABLE:
            return None

    def _without(self, steps: list[Step], size: int) -> list[Step]:
        """The steps without the pieces of a size that are not needed, from the end on."""
        at = len(steps) - 1
        while at > 0 and time.perf_counter() < self._ends:
            shorter = steps[: max(0, at - size)] + steps[at:]
            if self._shows(shorter):
                steps = shorter
            at -= size
        return steps

    def _accepted(self, steps: Sequence[Step]) -> list[Step]:
        model = Model(self._finding.world)
        kept = [step for step in steps[:-1] if _is_accepted(model, step)]
        return [*kept, steps[-1]]

    def _shows(self, steps: Sequence[Step]) -> ClauseDifference | None:
        """The difference of the last step, if it is still of the same kind and nothing differs before it."""
        self._inside.again()
        trial = ConformTrial(self._inside, self._finding.world, ClauseCounts())
        stand = self._inside.stand
        for step in steps[:-1]:
            try:
                outcome = trial.model.apply(step)
                if not is_assumed(stand.subject, step):
                    refusal = stand.refusal(self._inside.say(step.at, stand.transaction(step)))
                    if (refusal is None) != (outcome.refusal is None):
                        return None
            except (Refusal, ValueError, KeyError, IndexError):
                return None
        last = steps[-1]
        outcome = trial.model.apply(last)
        found = trial.differences(last, outcome, stand.transaction(last), everywhere=True)
        return next((each for each in found if kind_of(each) == self._finding.likeness[1]), None)


def _is_accepted(model: Model, step: Step) -> bool:
    return model.apply(step).refusal is None


def confirmed(beside: AnvilSubject, finding: ClauseFinding) -> bool:
    """Whether an Anvil shows the difference of a finding, too."""
    found = seen_on_anvil(beside, finding.world, finding.steps)
    return any(kind_of(each) == finding.likeness[1] for each in found)


def seen_on_anvil(beside: AnvilSubject, world: World, steps: Sequence[Step]) -> list[ClauseDifference]:
    """What differs after the last of some steps on an Anvil."""
    model, stand = Model(world), beside.stand
    said: list[tuple[int, Call, list[FigureQuery]]] = []
    for step in steps[:-1]:
        model.apply(step)
        if not is_assumed(stand.subject, step):
            said.append((step.at, stand.transaction(step), []))
    last = steps[-1]
    outcome = model.apply(last)
    if is_assumed(stand.subject, last):
        return []
    questions = stand.questions(places_of(model, tuple(model.vault.ledger.holders), last.at))
    heard = beside.heard([*said, (last.at, stand.transaction(last), questions)])[-1]
    return list(compared(stand.subject, model, outcome, heard, questions))
