"""The same steps on two versions of the contracts, to their end: a change does not stop them.

The steps are those that the model answers with; its results are compared with neither version.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from crossvault.differential.compare import Difference, differences, value_differences
from crossvault.differential.drive import driven
from crossvault.differential.ending import FailedRun
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World
from crossvault.differential.story import Story
from crossvault.evm.artifacts import Build
from crossvault.evm.deploy import DeployFailed
from crossvault.lockstep.run import OF_CURVES
from crossvault.lockstep.side_comparison import compared_metrics
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.upgrade.changes import (
    VERSION_SIDES,
    Change,
    ChangeTable,
    curve_changes,
    margin_changes,
    outcome_changes,
)
from crossvault.upgrade.version_side import VersionSide

_ALL_EVERY = 50  # steps between comparisons of the margins of all accounts


class Versions(NamedTuple):
    """Two versions of the contracts, and the one that steps are written for."""

    old: Build
    new: Build
    ours: Build


class VersionPair:
    """Both versions in one world, at the same step."""

    def __init__(self, world: World, versions: Versions) -> None:
        """Deploys both. Raises DeployFailed."""
        self.old = _opened("old", world, versions.old, versions.ours)
        self.new = _opened("new", world, versions.new, versions.ours)
        self._sides = self.new, self.old
        self._fields = self.new.event_fields() | self.old.event_fields()

    def apply(self, step: Step) -> list[Change]:
        """Executes a step on both and returns the changes of its outcome."""
        return list(outcome_changes(step, *self._outcomes(step), self._fields))

    def differences(self, step: Step) -> list[Difference]:
        """Executes a step on both and returns the differences, new less old, named as those of a chain and a model."""
        return _named(differences(*self._outcomes(step), self._fields))

    def view_differences(self, accounts: Sequence[AccountId], at: int) -> list[Difference]:
        """The differences between the margin metrics of accounts and between the curves, named so."""
        pairs = compared_metrics(accounts, self.new.metrics(accounts, at), self.old.metrics(accounts, at))
        found = [each for pair in pairs for each in pair.found]
        return _named(found or value_differences("curves", *self._curves()))

    def margins(self, accounts: Sequence[AccountId], at: int) -> list[Change]:
        """The changes of the margin metrics of accounts at a time not before the last step [unix seconds]."""
        return list(margin_changes(accounts, self.new.metrics(accounts, at), self.old.metrics(accounts, at)))

    def curves(self) -> list[Change]:
        """The changes of the expiries that have not settled."""
        return list(curve_changes(*self._curves()))

    def states(self, accounts: Sequence[AccountId], step: Step) -> list[Change]:
        """The changes of the state of accounts that a step need not name."""
        new, old = (side.names_of_members.outcome(Outcome(None, (), side.snapshot(accounts))) for side in self._sides)
        return list(outcome_changes(step, new, old, self._fields))

    def _outcomes(self, step: Step) -> tuple[Outcome, Outcome]:
        """The outcomes of a step, new and old; those that differ with the names of members."""
        new, old = self.new.apply(step), self.old.apply(step)
        if new == old:
            return new, old
        return self.new.names_of_members.outcome(new), self.old.names_of_members.outcome(old)

    def _curves(self) -> tuple[Any, Any]:
        new, old = (side.names_of_members.curves(side.curves()) for side in self._sides)
        return new, old

    def mark(self) -> int:
        """Sets a mark to return to."""
        self.new.mark()
        return self.old.mark()

    def back(self, mark: int) -> None:
        """Takes both back to a mark."""
        self.new.back(mark)
        self.old.back(mark)

    def close(self) -> None:
        """Frees both."""
        self.new.close()
        self.old.close()


def _opened(name: str, world: World, build: Build, ours: Build) -> VersionSide:
    try:
        return VersionSide(world, build, ours)
    except DeployFailed as failed:
        raise DeployFailed(f"the {name} version: {failed}") from failed


def _named(found: Sequence[Difference]) -> list[Difference]:
    return [replace(each, sides=VERSION_SIDES) for each in found]


class FinalEquity(NamedTuple):
    """The equity of an account at the end by each version [wad], or why a version has none."""

    account: str
    old: int | Refusal
    new: int | Refusal

    @property
    def wei(self) -> int | None:
        """New less old [wad], where both are numbers."""
        return self.new - self.old if isinstance(self.new, int) and isinstance(self.old, int) else None


@dataclass(slots=True)
class VersionRun:
    """A story on two versions: what changed, how it ended for the accounts, and why it ended early, if it did."""

    story: Story
    table: ChangeTable = field(default_factory=ChangeTable)
    equities: list[FinalEquity] = field(default_factory=list)
    steps: int = 0
    margins: int = 0
    failure: FailedRun | None = None
    interrupted: bool = False
    seconds: float = 0.0


def play_versions(story: Story, versions: Versions, tick: Callable[[int], None] = lambda steps: None) -> VersionRun:
    """Plays a story on two versions to its end. Ctrl-C ends it early. Raises DeployFailed.

    tick: called with the count of steps so far.
    """
    ran, started = VersionRun(story), time.perf_counter()
    try:
        with closing(VersionPair(story.world, versions)) as pair:
            player = _Player(ran, pair)
            for step in _steps(ran, story):
                player.play(step)
                tick(ran.steps)
            player.finish()
    except KeyboardInterrupt:
        ran.interrupted = True
    ran.seconds = time.perf_counter() - started
    return ran


def _steps(ran: VersionRun, story: Story) -> Iterator[Step]:
    """The steps of a story as the model plays it; where it goes otherwise than its file states it ends there."""
    model = Model(story.world)
    try:
        for step, _ in driven(story.steps(model), model.apply):
            yield step
    except FailedRun as failed:
        ran.failure = failed


class _Player:
    """Plays steps on both versions and takes in what changes."""

    def __init__(self, ran: VersionRun, pair: VersionPair) -> None:
        self._ran, self._pair = ran, pair
        self._known: dict[AccountId, None] = {}
        self._last: Step | None = None

    def play(self, step: Step) -> None:
        ran, pair = self._ran, self._pair
        ran.steps += 1
        self._last = step
        found = pair.apply(step)
        accounts = step.accounts()
        self._known |= dict.fromkeys(accounts)
        viewed = tuple(self._known) if ran.steps % _ALL_EVERY == 0 else accounts
        found += pair.margins(viewed, step.at)
        ran.margins += len(viewed)
        if step.action in OF_CURVES:
            found += pair.curves()
        ran.table.add(ran.steps, step, found)

    def finish(self) -> None:
        """Compares every account, and notes the equity of those that have changed."""
        ran, pair, last = self._ran, self._pair, self._last
        if last is None:
            return
        accounts = tuple(self._known)
        ran.table.add(ran.steps, last, [*pair.states(accounts, last), *pair.margins(accounts, last.at), *pair.curves()])
        ran.margins += len(accounts)
        new, old = pair.new.metrics(accounts, last.at), pair.old.metrics(accounts, last.at)
        rows = [
            FinalEquity(str(each), _equity(two), _equity(one))
            for each, one, two in zip(accounts, new, old, strict=True)
        ]
        ran.equities = sorted((each for each in rows if each.old != each.new), key=lambda each: -abs(each.wei or 0))


def _equity(metrics: Any) -> int | Refusal:
    return metrics if isinstance(metrics, Refusal) else int(metrics.equity_wad)
