"""A record played again on both sides, every line compared with the recorded one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossvault.differential.ending import DONE, FAILED, USAGE
from crossvault.lockstep import record
from crossvault.lockstep.both_sides import opened, readable
from crossvault.lockstep.record import Record, RecordChecker
from crossvault.lockstep.run import Observer, RunResult, run as play


@dataclass(slots=True)
class ReplayResult:
    """A replay: what it was checked against, what it came to, and what is not as it was when the record was written."""

    read: Record
    checker: RecordChecker
    result: RunResult
    changed: list[str]
    expected_lines: int
    cut: str | None  # where the record was cut, if the replay went as far

    @property
    def is_identical(self) -> bool:
        """Whether every line came out as recorded."""
        return self.checker.first_difference is None and self.checker.lines == self.expected_lines

    @property
    def exit_code(self) -> int:
        """FAILED for a divergence that was recorded, too, as the run ended with it."""
        if not self.is_identical or self.result.failure is not None:
            return FAILED
        return USAGE if self.cut else DONE


def replayed(
    read: Record,
    until: int | None = None,
    contracts: Path | None = None,
    tick: Callable[[int], None] = lambda steps: None,
    note: Callable[[Sequence[str]], None] = lambda changed: None,
    observers: Sequence[Observer] = (),
) -> ReplayResult:
    """The replay of a record, up to a step from 1 if one is given.

    tick: called with the count of steps so far; note: called with what is not as recorded, before anything is played.
    observers: of every step.
    """
    story, checker = read.story(until), RecordChecker(read)
    with opened(story.world, contracts) as (model, chain):
        changed = _changed(read, record.header(story, chain))
        note(changed)
        with readable(contracts):
            result = play(story, model, chain, [checker, *observers], tick=tick)
    cut = read.cut if until is None else None
    return ReplayResult(read, checker, result, changed, 1 + (until or len(read.steps)), cut)


def _changed(read: Record, now: dict[str, Any]) -> list[str]:
    """Differences from the record's header: versions, and the contracts."""
    then = read.header
    names = dict.fromkeys((*then["versions"], *now["versions"]))
    pairs = {name: (then["versions"].get(name), now["versions"].get(name)) for name in names}
    pairs |= {name: (then[name][:16], now[name][:16]) for name in ("contracts", "bytecode")}
    return [f"{name} was {old}, is {new}" for name, (old, new) in pairs.items() if old != new]
