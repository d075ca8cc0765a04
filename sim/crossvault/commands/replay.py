"""`crossvault replay`: the recorded steps on fresh sides; every line must equal the recorded one."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossvault.commands.exits import UsageError
from crossvault.commands.failure import after_finding
from crossvault.commands.progress import bar
from crossvault.commands.sides import folder
from crossvault.commands.story_files import RECORDS, is_several, listed
from crossvault.differential.ending import DONE, FAILED, worst as worst_of
from crossvault.lockstep import record
from crossvault.lockstep.record import Record
from crossvault.lockstep.replaying import ReplayResult, replayed
from crossvault.report.run_json import differences

_ENDS = {
    record.INTERRUPTED: "\nthe recorded run was interrupted after the last of them",
    record.LOST: "\nthe recorded run lost its node after the last of them",
    record.FAILED: "\nthe recorded run failed at the last of them",
}


def replay(arguments: Namespace) -> int:
    """Replays every record and returns the worst exit code; with --until a single one, up to a step."""
    named = listed(arguments.records, RECORDS)
    if arguments.until is not None and len(named) > 1:
        raise UsageError("--until: takes one record")
    is_one = not is_several(arguments.records, named)
    for each in () if is_one else named:
        record.read(Path(each))  # bad input is found before the first one is played; all in memory would be too much
    contracts = folder(arguments.contracts)
    worst, replays = DONE, list[dict[str, Any]]()
    for each in named:
        with after_finding(worst == FAILED):
            read = record.read(Path(each))
            done = _replayed(read, arguments, contracts)
            worst = worst_of((worst, done.exit_code))
            replays.append(_document(done))
            if not arguments.json:
                print(_text(done) if is_one else f"{read.path}: {_text(done)}")
    if arguments.json:
        print(json.dumps(replays[0] if is_one else {"exit": worst, "replays": replays}, indent=2))
    return worst


def _replayed(read: Record, arguments: Namespace, contracts: Path | None) -> ReplayResult:
    """The replay of a record, up to a step if one is given."""

    def note(changed: Sequence[str]) -> None:
        for line in () if arguments.json else changed:
            print(f"not as recorded: {line}", file=sys.stderr)

    until = arguments.until
    if until is not None and not 1 <= until <= len(read.steps):
        raise UsageError(f"--until: expected a step from 1 to {len(read.steps)}, got {until}")
    with bar(read.path.name, until or len(read.steps)) as tick:
        return replayed(read, until, contracts, tick, note)


def _text(done: ReplayResult) -> str:
    if done.is_identical:
        text = f"identical, {done.checker.lines} lines, last hash {done.checker.last}{_ended(done)}"
    else:
        number, expected, came = _first(done)
        text = f"{done.read.path}:{number + 1}: the first line that differs (step {number})\n"
        text += f"  recorded: {_short(expected, came)}\n  replayed: {_short(came, expected)}"
    return text if done.result.failure is None else f"{text}\nthe sides differ: {done.result.failure}"


def _ended(done: ReplayResult) -> str:
    """What else is known of a record whose lines are identical: that it was cut, or how its run ended."""
    if done.cut:
        return f"\nas far as it goes: {done.cut}"
    return _ENDS.get(done.read.end or "", "")


def _first(done: ReplayResult) -> tuple[int, str, str]:
    if done.checker.first_difference:
        return done.checker.first_difference
    number = done.checker.lines
    return number, done.read.lines[number - 1], "nothing: the replay ended before"


def _short(text: str, other: str) -> str:
    """A line from shortly before where it differs from the other."""
    place = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), min(len(text), len(other)))
    start = max(0, place - 60)
    cut = text[start : start + 240]
    return ("…" if start else "") + cut + ("…" if start + 240 < len(text) else "")


def _document(done: ReplayResult) -> dict[str, Any]:
    first = None if done.is_identical else dict(zip(("step", "recorded", "replayed"), _first(done), strict=True))
    return {
        "record": str(done.read.path),
        "identical": done.is_identical,
        "end": done.read.end,
        "cut": done.cut,
        "lines": done.checker.lines,
        "last_hash": done.checker.last,
        "not_as_recorded": done.changed,
        "first_difference": first,
        "differences": differences(done.result.failure),
        "failure": None if done.result.failure is None else str(done.result.failure),
    }
