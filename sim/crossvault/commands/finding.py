"""A finding of a search: on disk and in words at once, then confirmed on Anvil, then shrunk.

Whatever comes after the first two, an error or an interruption, is named, and the finding stays.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

from crossvault.commands.progress import bar
from crossvault.commands.sides import command, shown
from crossvault.differential.compare import Difference, differences
from crossvault.differential.model import Model
from crossvault.differential.own_rules import OwnInvariant
from crossvault.differential.step import Step, World
from crossvault.differential.story import Story, step_stream
from crossvault.evm.artifacts import Build
from crossvault.evm.chain import EnginesDisagree
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import place
from crossvault.fuzz.confirm import ConfirmedFailure, confirm
from crossvault.fuzz.task import BROKEN, DIVERGED, UNREADABLE, WalkResult
from crossvault.judge.judge import JudgePlan
from crossvault.lockstep import record
from crossvault.lockstep.run import Diverged
from crossvault.lockstep.side_comparison import SideComparison
from crossvault.report import run_json, shrink as smallest
from crossvault.report.console import show
from crossvault.scenario.repro import SUFFIX, text
from crossvault.shrink.rule_trial import RuleTrial
from crossvault.shrink.saved import largest_repro, repro, repro_of
from crossvault.shrink.shrinker import ShrinkResult, shrink, shrunk

T = TypeVar("T")

_SHRINK_SECS = 30.0
_LONGEST = 31  # of a name in a repro


class FoundFailure(NamedTuple):
    """A failure of a walk: the story of its steps, the reason in words, how it failed, its differences, its files."""

    story: Story
    steps: tuple[Step, ...]
    text: str
    how: str
    found: tuple[Difference, ...]
    record: Path
    repro: Path

    @property
    def broken(self) -> tuple[str, ...]:
        """The name of the user's invariant that it breaks, if it breaks one."""
        return tuple(each.name for each in self.story.invariants if self.text.startswith(f"{each.name}: "))


class FindingNotes:
    """What happens to the finding of a campaign, from its first line to its smallest story.

    troubles: what could not be done with it, in words.
    """

    def __init__(
        self, build: Build, contracts: Path | None, folder: Path, as_json: bool, own: tuple[OwnInvariant, ...] = ()
    ) -> None:
        """own: invariants of the user that the campaign checks."""
        self._own = own
        self._build, self._contracts, self._folder = build, contracts, folder
        self._out = sys.stderr if as_json else sys.stdout
        self.all: list[FoundFailure] = []
        self.troubles: list[str] = []
        self.confirmed: ConfirmedFailure | None = None
        self.small: ShrinkResult | None = None
        self.largest: Path | None = None  # the repro of the largest difference, where the smallest story has less

    @property
    def shortest(self) -> FoundFailure:
        """The failure with the fewest steps."""
        return min(self.all, key=lambda each: len(each.steps))

    def note(self, walked: WalkResult) -> None:
        """Prints a failure and writes its files, as soon as it is there."""
        found = _found(walked, self._build, self._folder, self._own)
        self.all.append(found)
        self._print(f"✖ {found.story.name}, {place()}: {found.text}")
        if written := self._tried("written", lambda: _write(found, self._build)):
            self.all[-1] = written
            self._print(f"record: {shown(found.record)}\nrepro, not shrunk yet: {shown(found.repro)}")

    def follow_up(self) -> None:
        """Confirms the shortest failure on Anvil, and shrinks it. Raises EnginesDisagree."""
        found = self.shortest
        self.confirmed = self._tried(
            "confirmed on Anvil", lambda: confirm(found.story, found.steps, found.text, self._contracts)
        )
        if self.confirmed:
            self._print(f"✖ {found.story.name}, on Anvil: {self.confirmed.text}")
        if found.how == BROKEN or found.found:
            self.small = self._tried("shrunk", lambda: self._shrunk(found))

    def show(self) -> None:
        """Prints what can be done with the finding, and its smallest story."""
        found, rest = self.shortest, self._rest()
        name, number = shlex.quote(shown(found.record)), self._number()
        print(f"✖ {found.story.name}: {self.confirmed.text if self.confirmed else found.text}")
        print(f"record: {shown(found.record)}")
        print(f"to see it:    {command()} explain {name} {number}{rest}")
        print(f"to replay it: {command()} replay {name} --until {number}{rest}")
        if self.small:
            show(smallest.text(self.small))
        print(f"repro: {shown(found.repro)}\nto play it: {self._again(found.repro)}")
        if self.largest:
            print(f"the largest difference: {self._again(self.largest)}")

    def document(self) -> dict[str, Any]:
        """The finding as JSON."""
        found = self.shortest
        small = self.small and smallest.document(self.small, shown(found.repro), None, self._again(found.repro))
        return {
            "walk": found.story.name,
            "step": self._number(),
            "failure": self.confirmed.text if self.confirmed else found.text,
            "confirmed": self.confirmed is not None,
            "differences": run_json.differences(self._diverged()),
            "record": shown(found.record),
            "repro": shown(found.repro),
            "largest_repro": shown(self.largest) if self.largest else None,
            "smallest": small,
            "troubles": self.troubles,
        }

    def _diverged(self) -> BaseException | None:
        if self.confirmed:
            return self.confirmed.failure
        found = self.shortest
        return Diverged(len(found.steps), found.steps[-1], found.found) if found.found else None

    def _number(self) -> int:
        return self.confirmed.number if self.confirmed else len(self.shortest.steps)

    def _rest(self) -> str:
        return f" --contracts {shlex.quote(str(self._contracts))}" if self._contracts else ""

    def _again(self, path: Path) -> str:
        return f"{command()} run {shlex.quote(shown(path))}{self._rest()}"

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)

    def _tried(self, done: str, action: Callable[[], T]) -> T | None:
        """The result of an action, or None after an error, which is named: a finding survives all of them."""
        try:
            return action()
        except EnginesDisagree:
            raise
        except KeyboardInterrupt:
            reason = "interrupted"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        self.troubles.append(f"not {done}: {reason}")
        self._print(f"! {self.troubles[-1]}")
        return None

    def _trial(self, world: World) -> RuleTrial:
        return RuleTrial(world, judge=JudgePlan(self._own, "full"))

    def _shrunk(self, found: FoundFailure) -> ShrinkResult:
        """The smallest story of a difference, written in the place of the repro that has all of its steps."""
        world, steps, sides = found.story.world, found.steps, InProcessChain
        with bar("shrinking", len(steps)) as tick:
            if found.how == BROKEN:
                least = shrunk(self._trial(world), steps, _SHRINK_SECS, self._trial, tick)
            else:
                failure = Diverged(len(steps), steps[-1], found.found)
                least = shrink(
                    world, steps, None, _SHRINK_SECS,
                    failure=failure, opened=lambda other: sides(other, self._build), tick=tick,
                )  # fmt: skip
        name = found.repro.name.removesuffix(SUFFIX)[:_LONGEST]
        found.repro.write_text(
            text(repro(least, name, self._build.hash, _origin(found.story), found.broken)), encoding="utf8"
        )
        kept = largest_repro(least, name, self._build.hash, _origin(found.story))
        if kept and smallest.largest_line(least):
            self.largest = found.repro.with_name(f"{name}-largest{SUFFIX}")
            self.largest.write_text(text(kept), encoding="utf8")
        return least


def _found(walked: WalkResult, build: Build, folder: Path, own: tuple[OwnInvariant, ...]) -> FoundFailure:
    failure, task = walked.failure, walked.task
    assert failure is not None
    steps = failure.steps
    whole = task.story(build)
    name = f"{task.kind}-{task.seed}"
    story = replace(whole, name=name, expected_steps=len(steps), steps=lambda model: step_stream(steps), invariants=own)
    path = folder / record.file_name(story, build.hash)
    return FoundFailure(story, steps, failure.text, failure.how, failure.found, path, path.with_suffix(SUFFIX))


def _origin(story: Story) -> dict[str, Any]:
    return {"seed": story.seed, "source": story.name}


def _write(found: FoundFailure, build: Build) -> FoundFailure:
    """Writes all steps as a repro, which needs the least, then the record. Returns the differences as values."""
    found.repro.parent.mkdir(parents=True, exist_ok=True)
    first = found.found[0] if found.found else Difference(found.how, found.text, "")
    origin = {"contracts": build.hash, **_origin(found.story)}
    kept = repro_of(found.story.world, found.steps, first, found.story.name[:_LONGEST], origin, found.broken)
    found.repro.write_text(text(kept), encoding="utf8")
    with found.record.open("w", encoding="utf8", buffering=1) as out:
        return found._replace(found=tuple(_recorded(found, build, out)) or found.found)


def _recorded(found: FoundFailure, build: Build, out: TextIO) -> Sequence[Difference]:
    """Plays the steps once more in this process and records them; returns what differs at the end."""
    world = found.story.world
    model, side = Model(world), InProcessChain(world, build)
    writer = record.RecordWriter(out, record.header(found.story, side))
    steps = found.steps[:-1] if found.how == UNREADABLE else found.steps
    for number, step in enumerate(steps, start=1):
        outcome, answer = model.apply(step), side.apply(step)
        writer.compared(number, step, outcome, answer)
    writer.finish(record.FAILED)
    if found.how != DIVERGED:
        return []
    comparison, accounts = SideComparison(model, side), tuple(model.vault.ledger.holders)
    return (
        differences(answer, outcome, side.event_fields())
        or [each for row in comparison.metrics(accounts, step.at) for each in row.found]
        or comparison.curves()
    )
