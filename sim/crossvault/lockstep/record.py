"""The record of a run: JSON lines, each chained to the one before by its hash, to be replayed bit for bit.

A header, a line for each step, and an end line: its lack shows that the record was cut. Records of format 1 had none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO

from crossvault.differential.ending import BadInput, InputProblem, reason
from crossvault.differential.model import Model
from crossvault.differential.notation import BadNotation, Notation, plain
from crossvault.differential.step import Outcome, Step, TokenSpec, WalletSpec, World
from crossvault.differential.story import Story, step_stream
from crossvault.evm.artifacts import Build
from crossvault.evm.deploy import MODULES
from crossvault.lockstep.earlier_records import as_recorded
from crossvault.lockstep.record_shape import header_problem, step_problem
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.setup import toolchain

FORMAT = 2
_WITHOUT_END = 1  # the format whose records have no end line
SAME = "same"
FINISHED, FAILED, INTERRUPTED, LOST = "finished", "failed", "interrupted", "lost"  # how a run ends


class BadRecord(BadInput):
    """A file that is not a record, or was changed: file, line, and the reason."""


class BuiltSide(Protocol):
    """A chain side of contracts that were compiled here."""

    build: Build


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read: its header, its steps, the text of each step's line, and how the run ended, if it is there."""

    path: Path
    header: Mapping[str, Any]
    steps: tuple[Step, ...]
    lines: tuple[str, ...]
    end: str | None = None

    @property
    def cut(self) -> str | None:
        """Where a record without an end line ends; None where it has one."""
        return None if self.end is not None else _cut(self.path, self.header, len(self.steps))

    @property
    def notation(self) -> Notation:
        """The names of the recorded story."""
        return Notation(self.header["underlyings"], self.header["collaterals"])

    def story(self, until: int | None = None) -> Story:
        """The recorded steps as a story that expects nothing, up to and including a step's number."""
        steps = self.steps[:until]
        header = self.header
        return Story(
            name=header["scenario"],
            about=header["about"],
            seed=header["seed"],
            hash=header["scenario_hash"],
            world=world_of(header["world"]),
            underlyings=tuple(header["underlyings"]),
            collaterals=tuple(header["collaterals"]),
            expected_steps=len(steps),
            steps=lambda model: step_stream(steps),
            problem=self._problem,
            persons=header.get("persons", {}),
        )

    def _problem(self, step: Step, argument: str, problem: str) -> InputProblem:
        """A problem of an argument of one of the steps."""
        number = next(number for number, each in enumerate(self.steps, start=1) if each is step)
        return _problem(self.path, number + 1, f"args.{argument}", problem)


class RecordWriter:
    """Writes a run while it goes on: a header, then a line per step that both sides have executed."""

    def __init__(self, out: TextIO, header: Mapping[str, Any]) -> None:
        self._out = out
        self._notation = Notation(header["underlyings"], header["collaterals"])
        self._last, self._steps = "", 0
        self._write(header)

    def applied(self, number: int, step: Step, outcome: Outcome, model: Model) -> None:
        """Nothing: a line is written when the chain has executed the step, too."""

    def compared(self, number: int, step: Step, model: Outcome, chain: Outcome) -> None:
        """Writes a step with both sides; `chain` is `same` when equal to the last wei."""
        mine = SAME if chain == model else self._notation.outcome(chain)
        body = {"n": number, **self._notation.step(step), "model": self._notation.outcome(model), "chain": mine}
        self._write(body)
        self._steps += 1

    def finish(self, how: str) -> None:
        """Writes the end line: how the run ended, and the number of steps."""
        self._write({"end": how, "steps": self._steps})

    def _write(self, body: Mapping[str, Any]) -> None:
        text, self._last = _line(body, self._last)
        self._out.write(text + "\n")


def finish(path: Path, how: str) -> int:
    """Appends the end line to the record of a run that was cut short, as far as it came; returns its steps."""
    last, count = b"", 0
    with path.open("rb") as lines:
        for last in lines:
            count += last.endswith(b"\n")
    if last.endswith(b"\n"):
        text, _ = _line({"end": how, "steps": count - 1}, json.loads(last)["hash"])
        with path.open("a", encoding="utf8") as out:
            out.write(text + "\n")
    return max(0, count - 1)  # the first is the header


class RecordChecker(RecordWriter):
    """Compares a run with a record instead of writing it: every line must be equal."""

    def __init__(self, record: Record) -> None:
        self._expected = iter((_line(record.header, "")[0], *record.lines))
        self.first_difference: tuple[int, str, str] | None = None
        self._number = 0
        super().__init__(StringIO(), record.header)

    @property
    def lines(self) -> int:
        """Lines that were checked, the header included."""
        return self._number

    @property
    def last(self) -> str:
        """The hash of the last of them."""
        return self._last

    def _write(self, body: Mapping[str, Any]) -> None:
        expected = next(self._expected, "")
        if "model" in body and expected:
            body = as_recorded(body, json.loads(expected))
        text, self._last = _line(body, self._last)
        if text != expected and self.first_difference is None:
            self.first_difference = self._number, expected, text
        self._number += 1


def header(story: Story, chain: BuiltSide) -> dict[str, Any]:
    """The first line of a record: the story and the versions that ran it."""
    versions = {name: text for name, text in toolchain.versions().items() if name != "python"}
    return {
        "crossvault": FORMAT,
        "scenario": story.name,
        "about": story.about,
        "scenario_hash": story.hash,
        "seed": story.seed,
        "underlyings": list(story.underlyings),
        "collaterals": list(story.collaterals),
        "world": world_text(story.world),
        **({"persons": dict(story.persons)} if story.persons else {}),
        "versions": versions,
        "contracts": chain.build.hash,
        "bytecode": _code_hash(chain),
    }


def file_name(story: Story, contracts: str) -> str:
    """The usual name of a record: another story, world or build of the contracts (its hash) has another one."""
    digest = sha256(json.dumps([story.hash, world_text(story.world), contracts]).encode()).hexdigest()
    seeded = story.name if story.name.endswith(f"-{story.seed}") else f"{story.name}-{story.seed}"
    return f"{seeded}-{digest[:8]}.jsonl"


def _code_hash(chain: BuiltSide) -> str:
    codes = (chain.build.artifacts[name].deployed_bytecode for name in MODULES)
    return sha256("".join(codes).encode()).hexdigest()


class RecordLine(NamedTuple):
    """The line of a step: its number, the step, what was recorded of it, and the text."""

    number: int
    step: Step
    body: Mapping[str, Any]
    text: str


class RecordStream:
    """A record read line by line, in memory that does not grow with it; every line is checked as it is read.

    header: its first line. steps: number of the steps read so far. end: how the run ended, once all are read.
    """

    def __init__(self, path: Path) -> None:
        """Opens a record and reads its header. Raises BadRecord."""
        self.path, self.steps = path, 0
        self.end: str | None = None
        self._bodies = _bodies(path)
        _, first = next(self._bodies, ("", {}))
        self.header = _header_of(path, first)
        self.notation = Notation(first["underlyings"], first["collaterals"])

    @property
    def cut(self) -> str | None:
        """Where a record without an end line ends, once all is read; None where it has one."""
        return None if self.end is not None else _cut(self.path, self.header, self.steps)

    def lines(self) -> Iterator[RecordLine]:
        """The lines of the steps, once, in order. Raises BadRecord."""
        for number, (text, body) in enumerate(self._bodies, start=1):
            if self.end is not None:
                problem = f"expected {number - 1}, got None"  # no end: lines follow
                raise BadRecord(_problem(self.path, number, "n", problem))
            if "end" in body:
                self._note_end(number, body)
                continue
            if body.get("n") != number:
                raise BadRecord(_problem(self.path, number + 1, "n", f"expected {number}, got {body.get('n')}"))
            try:
                step = self.notation.parse(body)
            except BadNotation as wrong:
                raise BadRecord(_problem(self.path, number + 1, None, str(wrong))) from wrong
            if wrong_part := step_problem(body, SAME):
                raise BadRecord(_problem(self.path, number + 1, *wrong_part))
            self.steps = number
            yield RecordLine(number, step, body, text)
        if not self.steps:
            last = 1 if self.end is None else 2
            raise BadRecord(
                _problem(self.path, last, None, "a record of no steps: there is nothing to play after its header")
            )

    def _note_end(self, number: int, body: Mapping[str, Any]) -> None:
        if self.steps and body.get("steps") != self.steps:
            raise BadRecord(_problem(self.path, number + 1, "steps", f"expected {self.steps}, got {body.get('steps')}"))
        self.end = str(body["end"])


def read(path: Path) -> Record:
    """The record in a file, its chain of hashes checked. Raises BadRecord."""
    stream = RecordStream(path)
    lines = [(line.step, line.text) for line in stream.lines()]
    return Record(path, stream.header, tuple(step for step, _ in lines), tuple(text for _, text in lines), stream.end)


def _problem(path: Path, line: int | None, field: str | None, problem: str) -> InputProblem:
    return InputProblem(problem, str(path), line, field)


def _header_of(path: Path, first: Mapping[str, Any]) -> Mapping[str, Any]:
    """The header of a record. Raises BadRecord."""
    if first.get("crossvault") not in (_WITHOUT_END, FORMAT):
        raise BadRecord(
            _problem(path, 1, None, f"no header of a record: expected crossvault = {FORMAT} or {_WITHOUT_END}")
        )
    if wrong := header_problem(first, world_of):
        raise BadRecord(_problem(path, 1, *wrong))
    return first


def _cut(path: Path, header: Mapping[str, Any], steps: int) -> str:
    text = f"{path}:{steps + 1}: cut after step {steps}"
    if header["crossvault"] == _WITHOUT_END:
        return f"{text}, unless its run ended there: records of format {_WITHOUT_END} have no end line"
    return f"{text}: the record has no end line"


def _texts(path: Path) -> Iterator[str]:
    """The lines of a record with their ends. Raises BadRecord."""
    try:
        with path.open(encoding="utf8") as lines:
            first = next(lines, None)
            if first is None:
                raise BadRecord(_problem(path, None, None, "is empty; expected a record of `crossvault run`"))
            yield first
            yield from lines
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadRecord(_problem(path, None, None, f"cannot be read: {reason(wrong)}")) from wrong


def _bodies(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The texts of the lines and the objects in them; a last line that is torn is left out. Raises BadRecord."""
    last = ""
    for number, line in enumerate(_texts(path), start=1):
        text = line.removesuffix("\n")
        try:
            body, stated = _opened(json.loads(text))
        except RecursionError:
            raise BadRecord(
                _problem(path, number, None, "no line of a record: brackets are nested too deeply")
            ) from None
        except ValueError as wrong:
            if text == line and number > 1:  # only the last line can lack its end
                return
            raise BadRecord(_problem(path, number, None, f"no line of a record: {_why(wrong)}")) from wrong
        if _digest(body, last) != stated:
            raise BadRecord(_problem(path, number, "hash", "the line, or one before it, was changed"))
        last = stated
        yield text, body


def _opened(body: Any) -> tuple[dict[str, Any], str]:
    """The object of a line without its hash, and the hash. Raises ValueError."""
    if not isinstance(body, dict) or not isinstance(body.get("hash"), str):
        raise ValueError("expected a JSON object with a hash")
    return body, body.pop("hash")


def _why(wrong: ValueError) -> str:
    return f"expected JSON: {wrong}" if isinstance(wrong, json.JSONDecodeError) else str(wrong)


def _line(body: Mapping[str, Any], last: str) -> tuple[str, str]:
    digest = _digest(body, last)
    return _dump({**body, "hash": digest}), digest


def _digest(body: Mapping[str, Any], last: str) -> str:
    return sha256((last + _dump(body)).encode()).hexdigest()


def _dump(body: Mapping[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))


def world_text(world: World) -> dict[str, Any]:
    """A world as JSON."""
    return {
        "tokens": [[spec.name, spec.decimals, spec.kind] for spec in world.tokens],
        "quote": world.quote,
        "owner": world.owner,
        "delay_secs": world.delay_secs,
        "terms": plain(world.terms),
        "starts_at": world.starts_at,
        "wallets": [list(spec) for spec in world.wallets],
    }


def world_of(text: Mapping[str, Any]) -> World:
    """Decodes a world from a JSON object."""
    return World(
        tokens=tuple(TokenSpec(*spec) for spec in text["tokens"]),
        quote=text["quote"],
        owner=text["owner"],
        delay_secs=text["delay_secs"],
        terms=AuctionTerms(**{name: int(value) for name, value in text["terms"].items()}),
        starts_at=text["starts_at"],
        wallets=tuple(WalletSpec(*spec) for spec in text.get("wallets", ())),
    )
