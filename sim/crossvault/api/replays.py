"""Records played again."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossvault.api.drawing import Drawing
from crossvault.api.result import Result
from crossvault.api.story_runs import Folder, recorded_frame
from crossvault.differential.ending import BadInput, FailedRun
from crossvault.evm.same_doors import contracts_folder
from crossvault.lockstep.record import read
from crossvault.lockstep.replaying import ReplayResult, replayed
from crossvault.report.console import RunPage
from crossvault.report.run_watch import RunWatch

if TYPE_CHECKING:
    import pandas


class ReplayOutcome(Result):
    """A record that was played again. record: its path; compared: the steps that agreed."""

    def __init__(self, done: ReplayResult, watch: RunWatch) -> None:
        self._done, self._watch = done, watch
        self.record, self.compared = done.read.path, done.result.compared
        self.not_as_recorded = tuple(done.changed)

    @property
    def failure(self) -> FailedRun | None:
        """The difference of the sides, or the first line that is not as recorded."""
        if self._done.result.failure is not None or self._done.is_identical:
            return self._done.result.failure
        number = (self._done.checker.first_difference or (self._done.checker.lines,))[0]
        return FailedRun(f"{self.record}:{number + 1}: the first line that differs (step {number})")

    @property
    def is_equal(self) -> bool | None:
        """Whether every line came out as recorded, and the sides agreed; None for a record that was cut."""
        if self.failure is not None:
            return False
        return None if self._done.cut else True

    def to_frame(self, table: str = "accounts") -> pandas.DataFrame:
        """A table of the record, as `RunOutcome.to_frame`."""
        return recorded_frame(self.record, table)

    def plot(self) -> Drawing:
        """Draws prices, the health of the accounts with the least of it, and the insurance fund over time."""
        from crossvault.report.run_picture import run_picture

        failure = None if self.failure is None else str(self.failure)
        ran = RunPage(self._done.read.story(), self._watch, self._done.result, failure=failure)
        return Drawing(lambda: run_picture(ran))

    def _text(self) -> Iterable[Any]:
        lines = [f"not as recorded: {each}" for each in self.not_as_recorded]
        if self._done.is_identical:
            lines.append(f"{self.record}: identical, {self._done.checker.lines} lines")
        if self.failure is not None:
            lines.append(str(self.failure))
        return [*lines, *([f"as far as it goes: {self._done.cut}"] if self._done.cut else [])]


def replay(record: str | PathLike[str], *, until: int | None = None, contracts: Folder = None) -> ReplayOutcome:
    """Plays the steps of a record again on both sides and compares every line with the recorded one.

    until: the last step to play, from 1. contracts: a directory of Solidity files instead of those that ship.
    Raises BadInput for a file that is no record, BadEnvironment, EngineConflict.
    """
    found = read(Path(record))
    if until is not None and not 1 <= until <= len(found.steps):
        raise BadInput(f"until: expected a step from 1 to {len(found.steps)}, got {until}")
    watch = RunWatch()
    return ReplayOutcome(replayed(found, until, contracts_folder(contracts), observers=[watch]), watch)
