"""Stories played once, with what the model says of every step, to be played again to other contracts.

The model does not depend on the contracts, so it is asked once. A reel holds the words for the chain ready, and a
digest of what the contracts that ship answer, when that was found equal to what the model says.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, is_dataclass
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any, NamedTuple

from crossvault.differential.compare import Difference, differences, value_differences
from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, Event, Outcome, Step, World
from crossvault.differential.story import Story
from crossvault.evm.bindings import ACCEPTED, Answer, Bindings, Call
from crossvault.evm.chain import CHUNK
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import Build
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.pyrevm import Machine
from crossvault.lockstep.run import OF_CURVES, Diverged
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import StorageStruct
from crossvault.mirror.exchange import Match, Order
from crossvault.mirror.refusal import Refusal

EVERY = 40  # steps between what accounts are told
GAS = hex(100_000_000)

_STEP = "step"
_GOVERNING = ("list_", "enact_")
_VAULT_VIEWS = ("metrics", "scenarios", "greeks")


class RecordedStep(NamedTuple):
    """One thing that is said: a step and the view after it, or a view alone.

    kind: `step`, or the name of a view. begins: a block begins with it. said: calls. heard: digest of what the
    contracts that ship answer. told: what the model says, packed.
    """

    number: int
    step: Step
    kind: str
    begins: bool
    said: tuple[Call, ...]
    heard: bytes
    told: bytes


@dataclass(frozen=True)
class Recording:
    """A story as lines; `names` are bound as its world is when it is deployed."""

    name: str
    world: World
    names: AddressBook
    lines: Sequence[RecordedStep]

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return sum(line.kind == _STEP for line in self.lines)

    @cached_property
    def digest(self) -> str:
        """What tells whether two reels say the same and expect the same."""
        made = blake2b(self.name.encode(), digest_size=8)
        for line in self.lines:
            made.update(repr(line.said).encode() + line.heard)
        return made.hexdigest()


def record(story: Story, build: Build) -> Recording:
    """Plays a story on the model and on the contracts. Raises Diverged where they differ, ExpectationFailed."""
    model, side = Model(story.world), InProcessChain(story.world, build)
    recorder = _Recorder(model, side)
    steps = story.steps(model)
    try:
        step = next(steps)
        while True:
            step = steps.send(recorder.play(step))
    except StopIteration:
        recorder.tell()
    return Recording(story.name, story.world, side.names, tuple(recorder.lines))


def answers(machine: Machine, line: RecordedStep) -> list[Answer]:
    """What contracts answer to a line."""
    if line.begins:
        machine.move(line.step.at)
    first, *others = line.said
    found = [machine.call(first) if line.kind == _STEP else machine.query(first)]
    return found + [machine.query(each) for each in others]


def digest(found: Sequence[Answer], speakers: frozenset[str]) -> bytes:
    """What is compared of some answers: results, refusals, and the events of who speaks for the vault."""
    parts: list[Any] = []
    for place, each in enumerate(found):
        logs = [(log["address"], log["topics"], log["data"]) for log in each["logs"] if log["address"] in speakers]
        is_silent = len(found) > 1 and place == 0 and each["status"] == ACCEPTED  # what a door returns nobody reads
        parts.append((each["status"], "" if is_silent else each["returnData"], logs))
    return blake2b(repr(parts).encode(), digest_size=16).digest()


def difference(line: RecordedStep, found: Sequence[Answer], speech: Bindings) -> Difference | None:
    """How some answers differ from what the model said, decoded; None when they do not."""
    told = pickle.loads(zlib.decompress(line.told))
    return next(iter(_differences(line, found, told, speech)), None)


def _differences(line: RecordedStep, found: Sequence[Answer], told: Any, speech: Bindings) -> Sequence[Difference]:
    if line.kind == _STEP:
        call, view = found
        return differences(speech.outcome(call, view), told, speech.event_fields())
    interface = speech.exchange if line.said[0]["to"] == speech.names.address(EXCHANGE) else speech.vault
    [answer] = found
    if answer["status"] == ACCEPTED:
        value: Any = plain(interface.result(line.kind, answer["returnData"]))
    else:
        value = speech.vault.refusal(answer["returnData"])
    return value_differences(line.kind, value, told)


class _Recorder:
    def __init__(self, model: Model, side: InProcessChain) -> None:
        self.model, self.side = model, side
        self.lines: list[RecordedStep] = []
        self._number, self._at = 0, -1
        self._speakers = speakers(side.names)
        self._touched: dict[AccountId, None] = {}
        self._asked: dict[tuple[str, Any], None] = {}
        self._curves = self._governed = False

    def play(self, step: Step) -> Outcome:
        """A step on both sides, and now and then what is told after it."""
        outcome = self.model.apply(step)
        begins = step.at != self._at or self._number % CHUNK == 0  # as Local's do
        self._number, self._at, self._step = self._number + 1, step.at, step
        view = self.side.view("snapshot", {"ids": step.accounts()})
        self._note(_STEP, begins, (self.side.transaction(step), view), outcome)
        self._touched |= dict.fromkeys(step.accounts())
        self._asked |= dict.fromkeys(_things(step.args))
        self._curves |= step.action in OF_CURVES
        self._governed |= step.action.startswith(_GOVERNING)
        if self._number % EVERY == 0:
            self.tell()
        return outcome

    def tell(self) -> None:
        """What the accounts that were touched are told, the curves, quotations, orders and parameters."""
        vault, now = self.model.vault, self._at
        for account in self._touched:
            for view in _VAULT_VIEWS:
                door = getattr(vault, view)
                self._view(view, {"account": account}, partial(door, account, now=now))
        for view, thing in self._asked:
            if view == "quotation":
                self._view(view, {"instrument": thing}, partial(vault.quotation, thing, now=now))
            else:
                self._view(view, {"order": thing}, partial(getattr(self.model.exchange, view), thing))
        if self._curves:
            self._view("curves", {}, vault.curves)
        if self._governed:
            self._view("parameters", {}, vault.parameters)
        self._touched, self._asked, self._curves, self._governed = {}, {}, False, False

    def _view(self, view: str, args: Mapping[str, Any], ask: Callable[[], Any]) -> None:
        try:
            value = ask()
            told = plain(value) if view in ("quotation", "scenarios") else plain((value,))
        except Refusal as refused:
            told = refused
        call = self.side.view("curves", {}) | {"gas": GAS}
        if view in ("filled_wad", "is_cancelled"):
            call |= {"to": self.side.names.address(EXCHANGE), "input": self.side.exchange.call(view, args)}
        else:
            call |= {"input": self.side.vault.call(view, args)}
        self._note(view, False, (call,), told)

    def _note(self, kind: str, begins: bool, said: tuple[Call, ...], told: Any) -> None:
        said = tuple(each | {"gas": GAS} for each in said)
        if kind == _STEP:
            told = told._replace(events=tuple(Event(each.name, plain(each.values)) for each in told.events))
        packed = zlib.compress(pickle.dumps(told), 1)
        line = RecordedStep(self._number, self._step, kind, begins, said, b"", packed)
        found = answers(self.side.machine, line)
        if wrong := _differences(line, found, told, self.side):
            raise Diverged(self._number, self._step, wrong)
        self.lines.append(line._replace(heard=digest(found, self._speakers)))


def speakers(names: AddressBook) -> frozenset[str]:
    """The addresses whose events are compared."""
    return frozenset({names.address("vault"), names.address(EXCHANGE)})


def plain(value: Any) -> Any:
    """A value of the mirror as the chain answers it: tuples of integers, texts and accounts."""
    if isinstance(value, StorageStruct):
        return plain(value.values())
    if is_dataclass(value) and not isinstance(value, type):
        return plain(astuple(value))
    if isinstance(value, AccountId | Refusal):
        return value
    if isinstance(value, tuple | list):
        return tuple(plain(each) for each in value)
    return value


def _things(value: Any) -> Iterator[tuple[str, Any]]:
    """What the arguments of a step name that can be asked about: instruments and orders."""
    if isinstance(value, Order):
        yield from (("filled_wad", value), ("is_cancelled", value))
    elif isinstance(value, Match):
        yield from (each for order in (value.maker, value.taker) for each in _things(order))
    elif isinstance(value, Mapping):
        if "instrument" in value:
            yield "quotation", value["instrument"]
        for each in value.values():
            yield from _things(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _things(each)
