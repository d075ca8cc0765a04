"""Recordings of stories with the model's result of every step, for replay on other contracts.

The model does not depend on the contracts, so it runs once. A recording contains the encoded calls, and a digest of the
results of the shipped contracts, which equal the model's.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, is_dataclass
from functools import cached_property, partial
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

from crossvault.differential.compare import Difference, differences, value_differences
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, Event, Outcome, Step, World
from crossvault.differential.story import Story
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import ACCEPTED, Answer, Bindings, Call
from crossvault.evm.chain import CHUNK
from crossvault.evm.chunk_call import ChunkCall
from crossvault.evm.codec import AddressBook
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import Evm, is_in_process
from crossvault.lockstep.run import OF_CURVES, Diverged
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import StorageStruct
from crossvault.mirror.exchange import Match, Order
from crossvault.mirror.refusal import Refusal

EVERY = 40  # steps between recorded views
GAS = hex(100_000_000)

_STEP = "step"
_GOVERNING = ("list_", "enact_")
_VAULT_VIEWS = ("metrics", "scenarios", "greeks")


class RecordedStep(NamedTuple):
    """One recorded line: a step with the view after it, or a view alone.

    kind: `step`, or the name of a view. begins: starts a block. digest: of the results of the shipped contracts.
    expected: the model's result, packed.
    """

    number: int
    step: Step
    kind: str
    begins: bool
    calls: tuple[Call, ...]
    digest: bytes
    expected: bytes


@dataclass(frozen=True)
class Recording:
    """A story as recorded lines; `names` has the addresses of its deployed world."""

    name: str
    world: World
    names: AddressBook
    lines: Sequence[RecordedStep]

    @property
    def steps(self) -> int:
        """The number of steps."""
        return sum(line.kind == _STEP for line in self.lines)

    @cached_property
    def digest(self) -> str:
        """Identity of the recording: its calls and expected results."""
        made = blake2b(self.name.encode(), digest_size=8)
        for line in self.lines:
            made.update(repr(line.calls).encode() + line.digest)
        return made.hexdigest()


def record(story: Story, build: Build) -> Recording:
    """Plays a story on the model and on the contracts. Raises Diverged where they differ, ExpectationFailed."""
    model, side = Model(story.world), InProcessChain(story.world, build)
    recorder = _Recorder(model, side)
    for _ in driven(story.steps(model), recorder.play):
        pass
    recorder.record_views()
    return Recording(story.name, story.world, side.names, tuple(recorder.lines))


def replayed(machine: Evm, line: RecordedStep) -> list[Answer]:
    """Executes a line; returns the results."""
    if line.begins:
        machine.move(line.step.at)
    if line.kind == _STEP:
        return machine.step(line.calls[0], line.calls[1:])
    return [machine.query(each) for each in line.calls]


def replayed_lines(machine: Evm, lines: Sequence[RecordedStep]) -> Iterator[tuple[RecordedStep, list[Answer]]]:
    """Executes lines and yields each with its results: one by one in this process, in chunks on a node."""
    if is_in_process():
        yield from ((line, replayed(machine, line)) for line in lines)
        return
    for some in _chunks(lines):
        yield from zip(some, _replayed_chunk(machine, some), strict=True)


def _chunks(lines: Sequence[RecordedStep]) -> Iterator[Sequence[RecordedStep]]:
    """The parts of lines that have a chunk of steps each, with the views after them."""
    places = [place for place, line in enumerate(lines) if line.kind == _STEP]
    starts = places[::CHUNK]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start:end]


def _replayed_chunk(machine: Evm, lines: Sequence[RecordedStep]) -> list[list[Answer]]:
    calls: list[ChunkCall] = []
    sizes: list[list[int]] = []  # of the lines of each call, in answers
    for line in lines:
        if line.kind == _STEP:
            calls.append(ChunkCall(line.calls[0], line.calls[1:], line.step.at if line.begins else None))
            sizes.append([])
        else:
            calls[-1] = calls[-1]._replace(views=[*calls[-1].views, *line.calls])
        sizes[-1].append(len(line.calls))
    results: list[list[Answer]] = []
    for answers, each in zip(map(iter, machine.chunk(calls)), sizes, strict=True):
        results += [list(islice(answers, size)) for size in each]
    return results


def digest(found: Sequence[Answer], senders: frozenset[str]) -> bytes:
    """Digest of the compared part of results: return data, refusals, and the events of vault and exchange."""
    parts: list[Any] = []
    for place, each in enumerate(found):
        logs = [(log["address"], log["topics"], log["data"]) for log in each["logs"] if log["address"] in senders]
        # the return data of doors is not compared
        is_silent = len(found) > 1 and place == 0 and each["status"] == ACCEPTED
        parts.append((each["status"], "" if is_silent else each["returnData"], logs))
    return blake2b(repr(parts).encode(), digest_size=16).digest()


def difference(line: RecordedStep, found: Sequence[Answer], bindings: Bindings) -> Difference | None:
    """The first decoded difference of results from the model's; None if there is none."""
    expected = pickle.loads(zlib.decompress(line.expected))
    return next(iter(_differences(line, found, expected, bindings)), None)


def _differences(
    line: RecordedStep, found: Sequence[Answer], expected: Any, bindings: Bindings
) -> Sequence[Difference]:
    if line.kind == _STEP:
        call, view = found
        return differences(bindings.outcome(call, view), expected, bindings.event_fields())
    interface = bindings.exchange if line.calls[0]["to"] == bindings.names.address(EXCHANGE) else bindings.vault
    [answer] = found
    if answer["status"] == ACCEPTED:
        value: Any = plain(interface.result(line.kind, answer["returnData"]))
    else:
        value = bindings.vault.refusal(answer["returnData"])
    return value_differences(line.kind, value, expected)


class _Recorder:
    def __init__(self, model: Model, side: InProcessChain) -> None:
        self.model, self.side = model, side
        self.lines: list[RecordedStep] = []
        self._number, self._at = 0, -1
        self._senders = event_senders(side.names)
        self._touched: dict[AccountId, None] = {}
        self._queried: dict[tuple[str, Any], None] = {}
        self._curves = self._governed = False

    def play(self, step: Step) -> Outcome:
        """Plays a step on both sides, and records views at intervals."""
        outcome = self.model.apply(step)
        begins = step.at != self._at or self._number % CHUNK == 0  # same as `InProcessChain`
        self._number, self._at, self._step = self._number + 1, step.at, step
        view = self.side.view("snapshot", {"ids": step.accounts()})
        self._note(_STEP, begins, (self.side.transaction(step), view), outcome)
        self._touched |= dict.fromkeys(step.accounts())
        self._queried |= dict.fromkeys(_subjects(step.args))
        self._curves |= step.action in OF_CURVES
        self._governed |= step.action.startswith(_GOVERNING)
        if self._number % EVERY == 0:
            self.record_views()
        return outcome

    def record_views(self) -> None:
        """Records the views of touched accounts, and of curves, quotations, orders and parameters."""
        vault, now = self.model.vault, self._at
        for account in self._touched:
            for view in _VAULT_VIEWS:
                door = getattr(vault, view)
                self._view(view, {"account": account}, partial(door, account, now=now))
        for view, subject in self._queried:
            if view == "quotation":
                self._view(view, {"instrument": subject}, partial(vault.quotation, subject, now=now))
            else:
                self._view(view, {"order": subject}, partial(getattr(self.model.exchange, view), subject))
        if self._curves:
            self._view("curves", {}, vault.curves)
        if self._governed:
            self._view("parameters", {}, vault.parameters)
        self._touched, self._queried, self._curves, self._governed = {}, {}, False, False

    def _view(self, view: str, args: Mapping[str, Any], query: Callable[[], Any]) -> None:
        try:
            value = query()
            expected = plain(value) if view in ("quotation", "scenarios") else plain((value,))
        except Refusal as refused:
            expected = refused
        call = self.side.view("curves", {}) | {"gas": GAS}
        if view in ("filled_wad", "is_cancelled"):
            call |= {"to": self.side.names.address(EXCHANGE), "input": self.side.exchange.call(view, args)}
        else:
            call |= {"input": self.side.vault.call(view, args)}
        self._note(view, False, (call,), expected)

    def _note(self, kind: str, begins: bool, calls: tuple[Call, ...], expected: Any) -> None:
        calls = tuple(each | {"gas": GAS} for each in calls)
        if kind == _STEP:
            events = tuple(Event(each.name, plain(each.values)) for each in expected.events)
            expected = expected._replace(events=events)
        packed = zlib.compress(pickle.dumps(expected), 1)
        line = RecordedStep(self._number, self._step, kind, begins, calls, b"", packed)
        results = replayed(self.side.machine, line)
        if wrong := _differences(line, results, expected, self.side):
            raise Diverged(self._number, self._step, wrong)
        self.lines.append(line._replace(digest=digest(results, self._senders)))


def event_senders(names: AddressBook) -> frozenset[str]:
    """The addresses whose events are compared: vault and exchange."""
    return frozenset({names.address("vault"), names.address(EXCHANGE)})


def plain(value: Any) -> Any:
    """A value of the mirror in the chain's form: tuples of integers, strings and accounts."""
    if isinstance(value, StorageStruct):
        return plain(value.values())
    if is_dataclass(value) and not isinstance(value, type):
        return plain(astuple(value))
    if isinstance(value, AccountId | Refusal):
        return value
    if isinstance(value, tuple | list):
        return tuple(plain(each) for each in value)
    return value


def _subjects(value: Any) -> Iterator[tuple[str, Any]]:
    """Yields the instruments and orders in the arguments of a step, with the views that take them."""
    if isinstance(value, Order):
        yield from (("filled_wad", value), ("is_cancelled", value))
    elif isinstance(value, Match):
        yield from (each for order in (value.maker, value.taker) for each in _subjects(order))
    elif isinstance(value, Mapping):
        if "instrument" in value:
            yield "quotation", value["instrument"]
        for each in value.values():
            yield from _subjects(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _subjects(each)
