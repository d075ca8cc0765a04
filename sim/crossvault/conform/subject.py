"""The vault under test: which of our doors, views, events and refusals it has, and under which names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from crossvault.conform.adapter import ACCEPTED, ASSUMED, EXACT, FACETS, Adapter
from crossvault.conform.adapter_calls import AdapterCall, Item, named, outputs_of, phrase, signature, usual
from crossvault.conform.capability import CAPABILITIES, NAMES, NEEDED, NOT_SEARCHED, OPTIONAL, Capability
from crossvault.conform.figures import FIGURES, SCOPES, SNAPSHOT, Figure
from crossvault.conform.sources import compiled
from crossvault.differential import doors
from crossvault.differential.ending import InputProblem
from crossvault.differential.step import EXCHANGE_DOORS
from crossvault.evm.artifacts import Build
from crossvault.evm.codec import Abi, snake
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import vault_abi, vault_refusals
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.scenario.source import Route, ScenarioError


@dataclass(slots=True)
class AdaptedDoor:
    """One of our doors at the vault: how it is called, or why it is not. call: None where there is none."""

    action: str
    call: AdapterCall | None
    item: Item | None
    note: str

    @property
    def assumed(self) -> bool:
        """Whether the model alone plays it."""
        return self.note == ASSUMED

    @property
    def exists(self) -> bool:
        """Whether a step may go through it."""
        return self.item is not None or self.assumed


@dataclass(slots=True)
class Subject:
    """A compiled vault with its adapter, and the capabilities that follow from the two.

    mix: `prevrandao` of its blocks in process, which selects a mutant in a build of several; most_code: the limit of a
    contract's size there [bytes].
    """

    name: str
    path: Path
    contract: str
    adapter: Adapter
    build: Build
    ours: Build
    doors: dict[str, AdaptedDoor] = field(default_factory=dict)
    figures: dict[str, tuple[AdapterCall, Item]] = field(default_factory=dict)
    has_snapshot: bool = False
    events: frozenset[str] = frozenset()
    refusals: str = ACCEPTED
    capabilities: dict[str, str] = field(default_factory=dict)
    mix: int = 0
    most_code: int | None = None

    @property
    def abi(self) -> Abi:
        """The functions, events and errors at the vault's address."""
        names = (self.contract, *self.adapter.interface)
        return [item for name in names for item in self.build.artifacts[name].abi]

    def can(self, capability: str) -> bool:
        """Whether the vault has a capability."""
        return capability in NAMES and not self.capabilities[capability]

    def pins(self) -> Mapping[str, int]:
        """Risk parameters that the vault knows only one value of."""
        found: dict[str, int] = {}
        for each in CAPABILITIES:
            if not self.can(each.name):
                found |= each.pins
        return found | dict(self.adapter.fixed.get("risk", {}))

    def known_terms(self, terms: AuctionTerms) -> AuctionTerms:
        """Auction terms as the vault has them: those of the adapter, and 0 where it lacks their capability."""
        lacking = [name for each in CAPABILITIES if not self.can(each.name) for name in each.terms]
        return terms._replace(**{**dict.fromkeys(lacking, 0), **self.adapter.fixed.get("auction", {})})

    def takes(self, term: str) -> bool:
        """Whether the constructor takes an auction term: that of an earlier vault takes fewer."""
        inputs = next((item["inputs"] for item in self.abi if item["type"] == "constructor"), ())
        counts = [len(each["components"]) for each in inputs if each["type"] == "tuple"]
        return bool(counts) and AuctionTerms._fields.index(term) < counts[0]

    def known_figures(self) -> Iterator[Figure]:
        """The figures that the vault returns."""
        return (each for each in FIGURES if each.name in self.figures)


def subject(target: str, adapter: Adapter) -> Subject:
    """The vault that `PATH:Contract` names. Raises ScenarioError, CompileFailed, ToolchainMissing."""
    text, colon, contract = target.rpartition(":")
    path = Path(text)
    if not colon or not contract:
        raise ScenarioError(f"{target}: expected PATH:Contract, such as src/Vault.sol:Vault")
    if not path.is_file():
        raise ScenarioError(InputProblem("there is no such file", text))
    build = compiled([path, *(extra.path for extra in adapter.deploy)], adapter.remappings)
    found = Subject(contract, path, contract, adapter, build, compile_contracts())
    _require_contracts(found, text)
    _AbiCheck(found).run()
    return found


def _require_contracts(found: Subject, text: str) -> None:
    known = [name for name, artifact in found.build.artifacts.items() if artifact.bytecode]
    if found.contract not in known:
        near = get_close_matches(found.contract, known, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ScenarioError(f"{text}: has no contract {found.contract!r}: {hint}expected one of: {', '.join(known)}")
    source, deployed = found.adapter.source, {each.contract for each in found.adapter.deploy}
    for place, name in enumerate(found.adapter.interface):
        if name not in found.build.artifacts:
            source.note(("interface", place), f"no contract {name!r}: expected one of: {', '.join(known)}")
        elif FACETS in (found.adapter.constructor or ()) and name not in deployed:
            source.note(("interface", place), f"{name} is a facet that is not deployed: name it under `deploy`")
    for place, extra in enumerate(found.adapter.deploy):
        if extra.contract not in known:
            source.note(("deploy", place, "contract"), f"no contract {extra.contract!r}: "
                        f"expected one of: {', '.join(known)}")  # fmt: skip
    source.require_no_problems()


class _AbiCheck:
    """Reads the ABI of a subject against ours."""

    def __init__(self, found: Subject) -> None:
        self._found, self._source = found, found.adapter.source
        self._abi = [item for item in found.abi if item["type"] == "function"]
        self._ours = [item for item in vault_abi(found.ours) if item["type"] == "function"]

    def run(self) -> None:
        """Fills in the parts of the subject. Raises ScenarioError when the adapter names what does not exist."""
        found = self._found
        for action in _actions():
            found.doors[action] = self._door(action)
        for figure in FIGURES:
            if view := self._figure(figure):
                found.figures[figure.name] = view
        found.has_snapshot = self._has_snapshot()
        found.events = frozenset(self._events()) if found.adapter.events else frozenset()
        found.refusals = found.adapter.refusals or (EXACT if self._errors() else ACCEPTED)
        found.capabilities = {each.name: self._lack(each) for each in CAPABILITIES}
        if not found.can("guardian"):
            found.figures.pop("guardian", None)  # the model may have one all the same
        self._source.require_no_problems()
        missing = [action for action in NEEDED if not found.doors[action].exists]
        if missing:
            notes = "\n".join(f"  {action}: {found.doors[action].note}" for action in missing)
            raise ScenarioError(f"{found.path}: {found.contract} cannot be searched: it has no door for\n{notes}\n"
                                "an adapter may name them under `doors`, or give `assumed`")  # fmt: skip

    def _door(self, action: str) -> AdaptedDoor:
        adapter = self._found.adapter
        if action in adapter.doors:
            call = adapter.doors[action]
            if call is None:
                return AdaptedDoor(action, None, None, "switched off by the adapter")
            if not isinstance(call, AdapterCall):
                return AdaptedDoor(action, None, None, ASSUMED)
            item = self._item(call, ("doors", action), (*doors.arguments(action), "sender"))
            return AdaptedDoor(action, call, item, f"as {call}")
        ours = next((item for item in self._ours if snake(item["name"]) == action), None)
        if ours is None:
            return AdaptedDoor(action, None, None, "conform does not try it")
        same = next((item for item in self._abi if signature(item) == signature(ours)), None)
        if same is not None:
            return AdaptedDoor(action, usual(ours), same, "")
        return AdaptedDoor(action, None, None, self._missing(ours))

    def _missing(self, ours: Item) -> str:
        """Why a door does not exist, and the nearest name."""
        for item in self._abi:
            if item["name"] == ours["name"]:
                return f"is {signature(item)}, ours {signature(ours)}"
        taken = {signature(item) for item in self._ours}
        folded = {item["name"].casefold(): signature(item) for item in self._abi if signature(item) not in taken}
        near = get_close_matches(ours["name"].casefold(), folded, 1, 0.75)
        return "missing" + (f"; did you mean {folded[near[0]]}? An adapter may name it" if near else "")

    def _figure(self, figure: Figure) -> tuple[AdapterCall, Item] | None:
        adapter, words = self._found.adapter, SCOPES[figure.about]
        if figure.name in adapter.figures:
            call = adapter.figures[figure.name]
            return None if call is None else (call, self._item(call, ("figures", figure.name), words) or {})
        if not figure.usual:
            return None
        call = phrase(figure.usual)
        item = named(self._abi, call)
        ours = named(self._ours, call)
        if item is None or ours is None or signature(item) != signature(ours) or not _answers(item, call):
            return None
        return call, item

    def _item(self, call: AdapterCall, route: Route, words: Iterable[str]) -> Item | None:
        """The function that an adapter names; notes a problem when there is none."""
        found = self._found
        abi = self._abi if call.contract == "vault" else self._functions_of(call.contract, route)
        item = named(abi, call) if abi is not None else None
        if abi is not None and item is None:
            known = {each["name"]: signature(each) for each in abi}
            near = get_close_matches(call.function, known, 1)
            hint = f"did you mean {known[near[0]]}? " if near else ""
            owner = found.contract if call.contract == "vault" else call.contract
            self._source.note(route, f"{owner} has no function {call.function} of {len(call.arguments)} arguments: "
                                     f"{hint}expected one of: {', '.join(known.values())}")  # fmt: skip
        for word in call.arguments:
            if not _is_number(word) and word.partition(".")[0] not in words:
                self._source.note(route, f"nothing is called {word!r} here: expected one of: {', '.join(words)}")
        if item is not None and call.output and not _answers(item, call):
            self._source.note(route, f"{signature(item)} returns no {call.output!r}")
        return item

    def _functions_of(self, name: str, route: Route) -> Abi | None:
        for extra in self._found.adapter.deploy:
            if extra.name == name:
                return [each for each in self._found.build.artifacts[extra.contract].abi if each["type"] == "function"]
        self._source.note(route, f"no contract is called {name!r}: expected `vault` or a name under `deploy`")
        return None

    def _has_snapshot(self) -> bool:
        [ours] = [item for item in self._ours if item["name"] == SNAPSHOT.name]
        return any(signature(i) == signature(ours) and outputs_of(i) == outputs_of(ours) for i in self._abi)

    def _events(self) -> Iterator[str]:
        ours = {_shape(item): item["name"] for item in vault_abi(self._found.ours) if item["type"] == "event"}
        theirs = (item for item in self._deployed() if item["type"] == "event")
        return (ours[_shape(item)] for item in theirs if _shape(item) in ours)

    def _deployed(self) -> Iterator[Item]:
        """The items of the vault's ABI, and of those of the contracts that are deployed alongside it."""
        yield from self._found.abi
        for each in self._found.adapter.deploy:
            yield from self._found.build.artifacts[each.contract].abi

    def _errors(self) -> bool:
        ours = {signature(item) for abi in vault_refusals(self._found.ours) for item in abi}
        return any(signature(item) in ours for item in self._deployed() if item["type"] == "error")

    def _lack(self, capability: Capability) -> str:
        """Why a capability is missing; nothing when it exists."""
        if not self._found.adapter.capabilities.get(capability.name, True):
            return "switched off by the adapter"
        if capability.name in NOT_SEARCHED:
            return "conform does not try it"
        lacking: list[str] = [action for action in capability.doors if not self._found.doors[action].exists]
        lacking += [term for term in capability.terms if not self._found.takes(term)]
        return f"no {', '.join(lacking)}" if lacking else ""


def _actions() -> tuple[str, ...]:
    listed = (*NEEDED, *OPTIONAL, *(door for each in CAPABILITIES for door in each.doors))
    return tuple(dict.fromkeys(door for door in listed if door not in EXCHANGE_DOORS)) + EXCHANGE_DOORS


def _answers(item: Item, call: AdapterCall) -> bool:
    fields = item.get("outputs", ())
    if len(fields) == 1 and fields[0]["type"] == "tuple":
        fields = fields[0]["components"]
    known = {name for place, each in enumerate(fields) for name in (each["name"], snake(each["name"]), str(place))}
    return not call.output or call.output in known


def _shape(item: Item) -> Any:
    return signature(item), tuple(each["indexed"] for each in item["inputs"])


def _is_number(word: str) -> bool:
    return word.lstrip("-").isdigit() or word.startswith("0x")
