"""Candidates of the shrinker on two versions: what is wanted is a difference between them, and the model is a guide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crossvault.differential.compare import Difference
from crossvault.differential.step import Outcome, Step, World
from crossvault.lockstep.run import Diverged
from crossvault.mirror.account import AccountId
from crossvault.shrink.replay import RewindingTrial, likeness
from crossvault.shrink.shrinker import ShrinkResult, shrunk
from crossvault.shrink.trial import DivergenceKey
from crossvault.upgrade.version_run import VersionPair, Versions


class VersionTrial(RewindingTrial):
    """A trial of two versions; the outcomes of the model select the candidates."""

    def __init__(self, world: World, versions: Versions) -> None:
        self._pair = VersionPair(world, versions)
        super().__init__(world, self._pair, None)

    def expect(self, steps: Sequence[Step], found: Sequence[Difference]) -> None:
        """Makes the differences after steps what is wanted."""
        self.wanted = likeness(steps[-1], self.outcomes(steps)[-1], found)

    def _play(self, step: Step, outcome: Outcome, accounts: Sequence[AccountId] | None) -> Sequence[Difference]:
        found = self._pair.differences(step)
        return found if found or accounts is None else self._pair.view_differences(accounts, step.at)

    def _likeness(self, step: Step, outcome: Outcome, found: Sequence[Difference]) -> DivergenceKey:
        return likeness(step, outcome, found)


def shrink_versions(
    world: World,
    versions: Versions,
    failure: Diverged,
    steps: Sequence[Step],
    seconds: float,
    tick: Callable[[int], None],
) -> ShrinkResult:
    """The smallest story of a difference between two versions. Raises NoDivergence."""
    trial = VersionTrial(world, versions)
    trial.expect(steps, failure.found)
    return shrunk(trial, steps, seconds, lambda other: VersionTrial(other, versions), tick)
