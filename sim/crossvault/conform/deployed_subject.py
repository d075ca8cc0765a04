"""A vault under test on an engine: deployed, driven by steps, and queried for its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.conform.adapter import FACETS, ExtraContract
from crossvault.conform.adapter_calls import BoundCall, bound, signature, usual, value_of
from crossvault.conform.figures import SNAPSHOT, Figure, FigureSubject, about_of
from crossvault.conform.step_fit import bound_doors, token_arguments
from crossvault.conform.subject import Subject
from crossvault.differential.step import CHAIN_ID, DEPLOYER, TOKEN_ACTIONS, VAULT, Event, Step, World
from crossvault.evm.abi import Interface
from crossvault.evm.anvil import Node
from crossvault.evm.bindings import ACCEPTED, Answer, Call
from crossvault.evm.codec import AddressBook, Codec, snake
from crossvault.evm.deploy import (
    GAS,
    Deployer,
    DeployFailed,
    Executor,
    deploy_tokens,
    facet_table,
    selectors,
    set_spenders,
    vault_abi,
    vault_refusals,
)
from crossvault.evm.search_evm import engine, search_evm
from crossvault.mirror.evm import Call as BatchCall
from crossvault.mirror.refusal import Refusal

_ZERO_ADDRESS = "0x" + "0" * 40
_BEFORE_SECS = 3600


class FigureQuery(NamedTuple):
    """A figure to be queried after a step: its subject and the call."""

    figure: Figure
    place: FigureSubject
    call: Call


TimedCall = tuple[int, Call, Sequence[FigureQuery]]
"""A step as the vault takes it: the time [unix seconds], the call, and the queries after it."""


class VaultAnswer(NamedTuple):
    """The answer of a vault to a step: a refusal or none, its events, and the figures that were queried after it."""

    refusal: Refusal | None
    events: tuple[Event, ...]
    figures: tuple[Any, ...]


class DeployedSubject:
    """A subject, deployed on a ground with the tokens of a world."""

    def __init__(self, subject: Subject, world: World, ground: Executor) -> None:
        """Raises DeployFailed."""
        self.subject, self.names = subject, AddressBook()
        self.codec = Codec(self.names)
        self._world, self._ground = world, ground
        self._deploy()
        self._addresses = {self.names.address(each) for each in (VAULT, *(x.name for x in subject.adapter.deploy))}
        errors = [*vault_refusals(subject.ours), subject.ours.artifacts["Token"].abi]
        own = [[item for item in each.abi if item["type"] == "error"] for each in subject.build.artifacts.values()]
        self._interface = Interface(vault_abi(subject.ours), self.codec, [*own, *errors])  # ours decide
        self._token = Interface(subject.ours.artifacts["Token"].abi, self.codec)
        self.codec.encoders[BatchCall] = self._batch_call
        self._doors = bound_doors(subject, self.codec)
        self._calls: dict[tuple[str, tuple[Any, ...]], Call] = {}
        self._views = {name: bound(item, call, self.codec) for name, (call, item) in subject.figures.items()}
        if subject.has_snapshot:
            [snapshot] = [each for each in vault_abi(subject.ours) if each.get("name") == SNAPSHOT.name]
            self._views[SNAPSHOT.name] = bound(snapshot, usual(snapshot), self.codec)

    def transaction(self, step: Step) -> Call:
        """A step as the vault takes it. Raises ValueError when an argument does not fit, KeyError without a door."""
        sender = self.names.address(step.sender)
        if step.action in TOKEN_ACTIONS:
            to, data = self.names.address(step.args["token"]), self._token.call(step.action, token_arguments(step))
        else:
            door = self._doors[step.action]
            to = self.names.address(door.call.contract)
            data = door.data({**step.args, "sender": step.sender})
        return {"from": sender, "to": to, "input": data, "gas": GAS}

    def queries(self, places: Sequence[FigureSubject], only: str = "") -> list[FigureQuery]:
        """The queries for the figures of the vault about some subjects: for all, or for `only` the one of a name."""
        figures = [each for each in self.subject.known_figures() if only in ("", each.name)]
        found = [query for figure in figures for query in self._queries(figure, places)]
        if self.subject.has_snapshot and only in ("", SNAPSHOT.name):
            accounts = tuple(dict.fromkeys(each.account for each in places if each.account))
            call = self._known_view(SNAPSHOT.name, accounts, {"ids": accounts})
            found.append(FigureQuery(SNAPSHOT, FigureSubject(places[0].at, accounts=accounts), call))
        return found

    def refusal(self, answer: Answer) -> Refusal | None:
        """The refusal in an answer; None where the call was accepted."""
        if answer["status"] == ACCEPTED:
            return None
        data = answer.get("returnData") or "0x"
        return self._interface.refusal(data if data != "0x" else answer.get("error", {}).get("data") or "0x")

    def events(self, answer: Answer) -> tuple[Event, ...]:
        """The events in an answer that our interface has as well."""
        own = (self._interface.event(log) for log in answer["logs"] if log["address"] in self._addresses)
        return tuple(event for event in own if event.name in self.subject.events)

    def figure(self, query: FigureQuery, answer: Answer) -> Any:
        """A figure, or the refusal of its query."""
        return self.refusal(answer) or self._views[query.figure.name].result(answer["returnData"])

    def event_fields(self) -> dict[str, tuple[str, ...]]:
        """The names of the values of every event, in the mirror's form."""
        return self._interface.event_fields()

    def _queries(self, figure: Figure, places: Sequence[FigureSubject]) -> Iterator[FigureQuery]:
        seen = set()
        for place in places:
            scope = {"account": place.account, "instrument": place.instrument, "underlying": place.underlying}
            about = about_of(figure, place)
            if about is not None and about not in seen:
                seen.add(about)
                yield FigureQuery(figure, place, self._known_view(figure.name, about, scope))

    def _known_view(self, name: str, about: tuple[Any, ...], scope: Mapping[str, Any]) -> Call:
        """The call of a view about a subject, encoded once."""
        if (name, about) not in self._calls:
            self._calls[name, about] = self._view(self._views[name], scope)
        return self._calls[name, about]

    def _view(self, view: BoundCall, scope: Mapping[str, Any]) -> Call:
        to = self.names.address(view.call.contract)
        return {"from": _ZERO_ADDRESS, "to": to, "input": view.data(scope), "gas": GAS}

    def _batch_call(self, call: BatchCall) -> str:
        return self._doors[call.action].data(call.args)

    def _deploy(self) -> None:
        found, adapter = self.subject, self.subject.adapter
        ours = Deployer(self._ground, found.ours, self.names)
        deploy_tokens(ours, self._world)
        scope = self._scope()
        theirs = Deployer(self._ground, found.build, self.names)
        after = [extra for extra in adapter.deploy if VAULT in extra.arguments]
        for extra in adapter.deploy:
            if extra not in after:
                self._create(theirs, extra, scope)
        if FACETS in self._constructor():
            scope[FACETS] = self._facets()
        vault = ExtraContract(VAULT, found.path, found.contract, self._constructor())
        for extra in (vault, *after):
            self._create(theirs, extra, scope)
        set_spenders(self._ground, found.ours, self._world.tokens, self.names)

    def _scope(self) -> dict[str, Any]:
        world = self._world
        scope: dict[str, Any] = {"owner": world.owner, "quote": world.quote, "delay_secs": world.delay_secs}
        return scope | {"terms": self.subject.known_terms(world.terms), "deployer": DEPLOYER}

    def _constructor(self) -> tuple[str, ...]:
        """The arguments of the adapter, or those that bear the names of the constructor's own."""
        if self.subject.adapter.constructor is not None:
            return self.subject.adapter.constructor
        return tuple(snake(each["name"].strip("_")) for each in _inputs(self.subject, self.subject.contract))

    def _facets(self) -> list[tuple[str, list[bytes]]]:
        """The contracts of the adapter's interface with their selectors, as the constructor of EIP-2535 takes them."""
        found, adapter = self.subject, self.subject.adapter
        addresses = {each.contract: self.names.address(each.name) for each in adapter.deploy}
        return facet_table(addresses, selectors(found.build, (found.contract, *adapter.interface)))

    def _create(self, deployer: Deployer, extra: ExtraContract, scope: dict[str, Any]) -> None:
        inputs = _inputs(self.subject, extra.contract)
        types = [signature({"name": "", "inputs": [each]})[1:-1] for each in inputs]
        if len(types) != len(extra.arguments):
            raise DeployFailed(f"{extra.contract}: its constructor takes {len(types)} arguments "
                               f"({', '.join(types)}), the adapter gives {len(extra.arguments)}")  # fmt: skip
        try:
            values = [value_of(text, scope) for text in extra.arguments]
        except ValueError as trouble:
            raise DeployFailed(f"{extra.contract}: constructor: {trouble}; an adapter may give `constructor`") from None
        plain = [self._plain(each, value) for each, value in zip(inputs, values, strict=True)]
        address = deployer.deploy(extra.contract, types, plain)
        self.names.bind(extra.name, address)
        scope[extra.name] = extra.name

    def _plain(self, taken: Mapping[str, Any], value: Any) -> Any:
        if taken["type"] == "address" and isinstance(value, str):
            return self.names.address(value)
        if not isinstance(value, tuple):
            return value
        return tuple(value)[: len(taken["components"])]  # fields at the end that it does not take are 0


def _inputs(subject: Subject, contract: str) -> Sequence[Mapping[str, Any]]:
    abi = subject.build.artifacts[contract].abi
    return next((item["inputs"] for item in abi if item["type"] == "constructor"), [])


class InProcessSubject:
    """A subject in this process: quick, for searching."""

    def __init__(self, subject: Subject, world: World) -> None:
        """Raises DeployFailed, ToolchainMissing."""
        self.engine = engine()
        self._machine = search_evm(CHAIN_ID, world.starts_at, subject.mix, subject.most_code)
        self.deployed = DeployedSubject(subject, world, self._machine)
        self._at = 0

    def mark(self) -> int:
        """Marks the state, to return to it."""
        return self._machine.mark()

    def back(self, mark: int) -> None:
        """Takes back every step since a mark, which stays; marks after it are gone."""
        self._machine.back(mark)
        self._at = 0  # the next step begins a block

    def close(self) -> None:
        """Frees nothing: the subject is memory."""

    def execute(self, at: int, call: Call) -> Answer:
        """Executes a call at a time [unix seconds] and keeps what it changes."""
        if at != self._at:
            self._machine.move(at)
            self._at = at
        return self._machine.call(call)

    def query(self, call: Call) -> Answer:
        """Executes a call and takes it back."""
        return self._machine.query(call)


class AnvilSubject:
    """A subject on an Anvil, which confirms a finding of the search. All steps go at once, with their queries."""

    engine = "anvil"

    def __init__(self, subject: Subject, world: World) -> None:
        """Raises DeployFailed, ToolchainMissing, ChainLost."""
        self._node = Node(world.starts_at - _BEFORE_SECS)
        try:
            self.deployed = DeployedSubject(subject, world, self._node)
        except BaseException:
            self._node.close()
            raise

    def answers(self, steps: Sequence[TimedCall]) -> list[VaultAnswer]:
        """The answers of the vault to steps, one after another."""
        blocks: list[tuple[int, list[Call]]] = []
        for at, call, queries in steps:
            if not blocks or blocks[-1][0] != at:
                blocks.append((at, []))
            blocks[-1][1].extend([call, *(query.call for query in queries)])
        states = [{"blockOverrides": {"time": hex(at)}, "calls": calls} for at, calls in blocks]
        request = {"blockStateCalls": states, "validation": False}
        answers = [each for block in self._node.rpc("eth_simulateV1", request, "latest") for each in block["calls"]]
        return list(self._read(steps, iter(answers)))

    def mine(self, at: int, calls: Sequence[Call]) -> None:
        """Mines calls in one block at a time [unix seconds], accepted or not."""
        self.rpc("evm_setNextBlockTimestamp", hex(at))
        for call in calls:
            self.rpc("eth_sendTransaction", {**call, "gasPrice": "0x0"})
        self.rpc("evm_mine")

    def rpc(self, method: str, *params: Any) -> Any:
        """The answer of the node to a request. Raises ChainLost, ChainRefused."""
        return self._node.rpc(method, *params)

    def close(self) -> None:
        """Stops the node."""
        self._node.close()

    def _read(self, steps: Sequence[TimedCall], answers: Iterator[Answer]) -> Iterator[VaultAnswer]:
        for _, _, queries in steps:
            answer = next(answers)
            refusal = self.deployed.refusal(answer)
            figures = tuple(self.deployed.figure(query, next(answers)) for query in queries)
            yield VaultAnswer(refusal, () if refusal else self.deployed.events(answer), figures)
