"""The trial of the shrinker for a vault under test, and the confirmation of a finding on an Anvil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossvault.conform.attribution import candidates, sorted_by_cause
from crossvault.conform.clause import ACCEPTANCE
from crossvault.conform.comparison import ClauseCounts, ClauseFinding, ConformTrial, answered
from crossvault.conform.contrast import ClauseDifference, compared, difference, kind_of
from crossvault.conform.deployed_subject import AnvilSubject, InProcessSubject, TimedCall
from crossvault.conform.model_recording import ModelRecording, ModelStep, figures_of, is_assumed
from crossvault.conform.subject import Subject
from crossvault.conform.walk import unfit
from crossvault.differential.compare import Difference
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World
from crossvault.differential.story import step_stream
from crossvault.evm.deploy import DeployFailed
from crossvault.mirror.account import AccountId
from crossvault.shrink.replay import NEAR_THE_END, RewindingTrial
from crossvault.shrink.shrinker import NoDivergence, shrunk
from crossvault.shrink.trial import Divergence, DivergenceKey


class ClauseTrial(RewindingTrial):
    """A trial of a vault: acceptance is compared at every step, all that is comparable after the last one."""

    def __init__(self, inside: InProcessSubject, world: World, wanted: DivergenceKey | None = None) -> None:
        super().__init__(world, inside, wanted)
        self._inside, self._deployed, self._subject = inside, inside.deployed, inside.deployed.subject

    def earliest(self, steps: Sequence[Step]) -> Divergence | None:
        """The first divergence of steps, with figures compared after the last few: there are many of them."""
        return self._first(steps, max(0, len(steps) - NEAR_THE_END))

    def _play(self, step: Step, outcome: Outcome, accounts: Sequence[AccountId] | None) -> Sequence[Difference]:
        if is_assumed(self._subject, step):
            return []
        if why := unfit(self._subject, step.action, step.args):
            raise ValueError(why)
        call = self._deployed.transaction(step)
        if accounts is None:
            refusal = self._deployed.refusal(self._inside.execute(step.at, call))
            same = (refusal is None) == (outcome.refusal is None)
            return [] if same else [difference(ACCEPTANCE, refusal or "accepts", outcome.refusal or "accepts")]
        only = self.wanted.field.partition(".")[0].partition("[")[0] if self.wanted else ""
        places, figures = figures_of(self._subject, self.model, tuple(self.model.vault.ledger.holders), step.at, only)
        queries = self._deployed.queries(places, only)
        answer = answered(self._inside, step.at, call, queries)
        found = [each.difference for each in compared(self._subject, outcome, figures, answer, queries)]
        first = [each for each in found if kind_of(each) == ACCEPTANCE]  # then all that is stored differs, too
        wanted = [each for each in found if self.wanted is not None and kind_of(each) == self.wanted.field]
        known = [*first, *wanted]
        return [*known, *(each for each in found if each not in known)]

    def _likeness(self, step: Step, outcome: Outcome, found: Sequence[Difference]) -> DivergenceKey:
        refusal = outcome.refusal.name if outcome.refusal else ""
        return DivergenceKey(step.action, refusal, kind_of(found[0]))


def shortened(subject: Subject, finding: ClauseFinding, seconds: float) -> ClauseFinding:
    """A finding with the smallest story that the shrinker finds in so many seconds, cut at its first difference."""

    def opened(world: World) -> ClauseTrial | None:
        if world.terms != subject.known_terms(world.terms):
            return None
        try:
            return ClauseTrial(InProcessSubject(subject, world), world, wanted)
        except DeployFailed:
            return None

    last = Model(finding.world).play(finding.steps)[-1]
    wanted = DivergenceKey(finding.steps[-1].action, last.refusal.name if last.refusal else "", finding.difference.kind)
    trial = ClauseTrial(InProcessSubject(subject, finding.world), finding.world, wanted)
    try:
        small = shrunk(trial, finding.steps, seconds, opened)
    except NoDivergence:  # it shows only among the steps of the whole walk
        return finding
    return cut(subject, finding._replace(steps=small.steps, world=small.world, is_short=True))


def cut(subject: Subject, finding: ClauseFinding) -> ClauseFinding:
    """A finding at the first of its steps that shows any difference: what comes later may follow from that."""
    for number, (line, found, _) in enumerate(replayed(subject, finding.world, finding.steps), 1):
        if found:
            first = sorted_by_cause(found)[0]
            places = candidates(subject, line, found)
            return finding._replace(steps=finding.steps[:number], difference=first, candidates=places)
    return finding


def replayed(
    subject: Subject, world: World, steps: Sequence[Step]
) -> Iterator[tuple[ModelStep, list[ClauseDifference], list[ClauseDifference]]]:
    """Steps in this process with the new differences after each, of every account, and with all."""
    recording = ModelRecording(subject, world, "", lambda model: step_stream(steps), everywhere=True)
    trial = ConformTrial(InProcessSubject(subject, world), recording, ClauseCounts())
    for line in recording:
        if line.step is not None:
            yield line, *trial.differences(line)


def is_confirmed(anvil: AnvilSubject, finding: ClauseFinding) -> bool:
    """Whether an Anvil shows the difference of a finding, too."""
    found = seen_on_anvil(anvil, finding.world, finding.steps)
    return any(each.kind == finding.difference.kind for each in found)


def seen_on_anvil(anvil: AnvilSubject, world: World, steps: Sequence[Step]) -> list[ClauseDifference]:
    """The differences after the last of some steps on an Anvil."""
    model, deployed = Model(world), anvil.deployed
    calls: list[TimedCall] = []
    for step in steps[:-1]:
        model.apply(step)
        if not is_assumed(deployed.subject, step):
            calls.append((step.at, deployed.transaction(step), []))
    last = steps[-1]
    outcome = model.apply(last)
    if is_assumed(deployed.subject, last):
        return []
    places, figures = figures_of(deployed.subject, model, tuple(model.vault.ledger.holders), last.at)
    queries = deployed.queries(places)
    answer = anvil.answers([*calls, (last.at, deployed.transaction(last), queries)])[-1]
    return list(compared(deployed.subject, outcome, figures, answer, queries))
