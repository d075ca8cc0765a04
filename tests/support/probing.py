"""The probes on a node, and random arguments for them and the mirror."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from itertools import count, product
from math import prod
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Protocol, TypeVar

import pytest

from crossvault.evm.abi import Interface
from crossvault.evm.anvil import Node
from crossvault.evm.codec import AddressBook, Codec, camel, snake
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import Deployer, vault_refusals
from crossvault.mirror.evm import StorageStruct, UndoLog
from crossvault.mirror.refusal import Refusal
from profiles import chosen, source

NOW = 1_700_000_000
_MOST_PRODUCTS = 700
_CHUNK = 250
_MOST_CHARACTERS = 1_500_000  # of a request, of which the node takes two million
_GAS = hex(30_000_000)

T = TypeVar("T")
Args = Mapping[str, Any]
Answer = tuple[Any, ...] | Refusal


class Inputs(Protocol):
    """The values of one parameter."""

    def edges(self) -> Sequence[Any]:
        """The values at its bounds."""
        ...

    def draw(self, random: Random) -> Any:
        """Any value."""
        ...


def _below(random: Random, limit: int) -> int:
    """A number under a limit, as `randrange` draws it, in a fraction of its time: there are millions of them."""
    bits = limit.bit_length()
    while (drawn := random.getrandbits(bits)) >= limit:
        pass
    return drawn


@dataclass(frozen=True)
class Integer:
    """An integer within bounds: small as often as large, and often close to a bound."""

    low: int
    high: int

    def edges(self) -> Sequence[int]:
        return self._edges

    def draw(self, random: Random) -> int:
        if random.random() < 0.1:
            return self._edges[_below(random, len(self._edges))]
        size = random.getrandbits(1 + _below(random, self._bits))
        value = -size if self.low < 0 and random.random() < 0.5 else size
        return value if self.low <= value <= self.high else random.randint(self.low, self.high)

    @cached_property
    def _bits(self) -> int:
        return max(1, abs(self.low), abs(self.high)).bit_length()

    @cached_property
    def _edges(self) -> Sequence[int]:
        near = {self.low, self.low + 1, -1, 0, 1, self.high - 1, self.high}
        return sorted(value for value in near if self.low <= value <= self.high)


@dataclass(frozen=True)
class OneOf:
    """One of some values."""

    values: Sequence[Any]

    def edges(self) -> Sequence[Any]:
        return self.values

    def draw(self, random: Random) -> Any:
        return random.choice(self.values)


@dataclass(frozen=True)
class Either:
    """A value of any of some kinds, equally often."""

    kinds: Sequence[Inputs]

    def edges(self) -> Sequence[Any]:
        return [value for each in self.kinds for value in each.edges()]

    def draw(self, random: Random) -> Any:
        return random.choice(self.kinds).draw(random)


@dataclass(frozen=True)
class Struct:
    """A struct of fields; at its bounds, all fields or one of them are at theirs."""

    make: Callable[..., Any]
    fields: Mapping[str, Inputs]

    def edges(self) -> Sequence[Any]:
        lows = {name: each.edges()[0] for name, each in self.fields.items()}
        highs = {name: each.edges()[-1] for name, each in self.fields.items()}
        mixed = [highs | {name: low} for name, low in lows.items()]
        return [self.make(**values) for values in [lows, highs, *mixed]]

    def draw(self, random: Random) -> Any:
        return self.make(**{name: each.draw(random) for name, each in self.fields.items()})


@dataclass(frozen=True)
class Generated:
    """A value that a function generates from a source of randomness."""

    make: Callable[[Random], Any]

    def edges(self) -> Sequence[Any]:
        return [self.make(Random(seed)) for seed in range(4)]

    def draw(self, random: Random) -> Any:
        return self.make(random)


class ArgumentSource(Random):
    """The source of random arguments of one function. taken: how much of what functions share it has used."""

    def __init__(self, name: str) -> None:
        super().__init__(source(name))
        self.taken = count()


def shared(make: Callable[[Random], T]) -> Callable[[Random], T]:
    """The values of a function that takes long, drawn once and then given to every source of arguments in turn.

    A function of a contract meets as many of them as before; a campaign draws new ones for each.
    """

    @cache
    def pool() -> list[T]:
        random = Random(source(make.__name__))
        return [make(random) for _ in range(_argument_sets())]

    def draw(random: Random) -> T:
        if not isinstance(random, ArgumentSource) or chosen().is_random:
            return make(random)
        return pool()[next(random.taken) % _argument_sets()]

    return draw


Parameters = Mapping[str, Inputs] | Callable[[Random], dict[str, Any]]


def _argument_sets() -> int:
    return chosen().argument_sets + 100


def argument_sets_of(name: str, parameters: Parameters) -> list[dict[str, Any]]:
    """Arguments at the bounds, in all combinations unless these are too many, and random ones.

    The profile sets the number of random ones; they are the same in every run but a campaign. Parameters that depend
    on each other are drawn by one function, bounds among them.
    """
    random, drawn_count = ArgumentSource(name), chosen().argument_sets
    if callable(parameters):
        return [parameters(random) for _ in range(_argument_sets())]
    edges = [each.edges() for each in parameters.values()]
    argument_sets: list[Sequence[Any]] = list(product(*edges)) if prod(map(len, edges)) <= _MOST_PRODUCTS else []
    if not argument_sets:
        for place, values in enumerate(edges):
            for value in values:
                drawn = [each.draw(random) for each in parameters.values()]
                argument_sets.append([*drawn[:place], value, *drawn[place + 1 :]])
    argument_sets += [[each.draw(random) for each in parameters.values()] for _ in range(drawn_count)]
    return [dict(zip(parameters, values, strict=True)) for values in argument_sets]


class Probes:
    """A node with the probes on it."""

    BASE = "Probe"  # their common base

    def __init__(self, contracts: Path | None = None) -> None:
        """Compiles the contracts of a directory, or those that ship, and starts a node."""
        self.build = compile_contracts(contracts)
        self.names = AddressBook()
        self.node = Node(NOW - 1000, options=("--disable-code-size-limit",))  # a probe and its writer are larger
        self._deployer = Deployer(self.node, self.build, self.names)
        self._codec = Codec(self.names)
        self._known: dict[str, tuple[str, Interface]] = {}

    def token(self, symbol: str, contract: str, spender: str) -> None:
        """Puts a test token on the chain that a probe may spend."""
        self.names.bind(symbol, self._deployer.deploy(contract, ["string", "uint8"], [symbol, 6]))
        token = Interface(self.build.artifacts[contract].abi, self._codec)
        data = token.call("set_spender", {"spender": spender})
        sent = {"from": self.names.address("deployer"), "to": self.names.address(symbol), "data": data}
        self.node.rpc("eth_sendTransaction", {**sent, "gas": _GAS, "gasPrice": "0x0"})
        self.node.rpc("evm_mine")

    def address(self, probe: str) -> str:
        """The address of a probe; deploys it at its first use and binds its name."""
        return self._at(probe)[0]

    def query(self, probe: str, function: str, argument_sets: Sequence[Args]) -> Iterator[Answer]:
        """The results of a probe, call by call at NOW; the calls of a chunk share their state."""
        address, interface = self._at(probe)
        for data in _chunks([interface.call(snake(function), args) for args in argument_sets]):
            calls = [{"from": "0x" + "0" * 40, "to": address, "input": each, "gas": _GAS} for each in data]
            block = {"blockOverrides": {"time": hex(NOW)}, "calls": calls}
            [answer] = self.node.rpc("eth_simulateV1", {"blockStateCalls": [block], "validation": False}, "latest")
            for call in answer["calls"]:
                if call["status"] == "0x1":
                    yield interface.result(snake(function), call["returnData"])
                else:
                    yield interface.refusal(call["returnData"] or "0x")

    def gas(self, probe: str, function: str, args: Args) -> int:
        """Gas of a call of a probe, without the base cost and the calldata cost of the transaction."""
        address, interface = self._at(probe)
        data = interface.call(snake(function), args)
        used = self.node.rpc("eth_estimateGas", {"from": "0x" + "0" * 40, "to": address, "input": data})
        return int(used, 16) - 21_000 - sum(16 if byte else 4 for byte in bytes.fromhex(data.removeprefix("0x")))

    def close(self) -> None:
        """Stops the node."""
        self.node.close()

    def _at(self, probe: str) -> tuple[str, Interface]:
        if probe not in self._known:
            artifacts = self.build.artifacts
            errors = [*vault_refusals(self.build), artifacts["Token"].abi, artifacts["SilentToken"].abi]
            address = self._deployer.deploy(probe)
            self.names.bind(probe, address)
            self._known[probe] = address, Interface(artifacts[probe].abi, self._codec, errors)
        return self._known[probe]


def _chunks(calls: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for call in calls:
        if len(chunk) == _CHUNK or sum(map(len, chunk)) + len(call) > _MOST_CHARACTERS:
            yield chunk
            chunk = []
        chunk.append(call)
    yield chunk


def plain(value: Any) -> Any:
    """A value of the mirror in the form that the chain returns."""
    if isinstance(value, int | str):
        return value
    if isinstance(value, StorageStruct):
        return plain(value.values())
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(plain(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, tuple | list):
        return tuple(plain(each) for each in value)
    return value


def fresh(value: Any) -> Any:
    """A copy of a value that a function may change; any other value unchanged."""
    if isinstance(value, StorageStruct):
        copy = type(value)(UndoLog())
        for name in value.zeros:
            setattr(copy, name, getattr(value, name))
        return copy
    return deepcopy(value) if is_dataclass(value) else value


def answers(mirror: Callable[..., Any], argument_sets: Sequence[Args]) -> Iterator[Answer]:
    """The results of a function of the mirror, or the `self` that it changes."""
    timed = {"now": NOW} if "now" in inspect.signature(mirror).parameters else {}
    changes = "self" in inspect.signature(mirror).parameters and not mirror.__name__.startswith("require_")
    for args in argument_sets:
        given = {name: fresh(value) for name, value in args.items()} if changes else args
        try:
            found = mirror(**given, **timed)
        except Refusal as refused:
            yield refused
            continue
        if found is None and changes:
            found = given["self"]
        yield () if found is None else plain(found) if type(found) is tuple else (plain(found),)


def functions_of(module: ModuleType) -> set[str]:
    """The public functions that a module of the mirror defines, with the names that they have on the chain."""
    named = ((name, inspect.unwrap(each)) for name, each in vars(module).items() if callable(each) and name[0] != "_")
    return {camel(name) for name, each in named if inspect.isfunction(each) and each.__module__ == module.__name__}


def assert_equal(probes: Probes, probe: str, function: str, parameters: Parameters, mirror: Any) -> None:
    """Requires equal results and refusals of a probe and the mirror, and few refusals."""
    argument_sets = argument_sets_of(f"{probe}.{function}", parameters)
    found = 0
    chain = probes.query(probe, function, argument_sets)
    for args, theirs, ours in zip(argument_sets, chain, answers(mirror, argument_sets), strict=True):
        assert theirs == ours, f"{probe}.{function}({args})"
        found += not isinstance(ours, Refusal)
    assert found * 20 >= len(argument_sets), f"{found} of {len(argument_sets)} inputs are no refusal"


def started(request: pytest.FixtureRequest) -> Iterator[Probes]:
    """A node with the probes of the directory given with --contracts, or of the contracts that ship."""
    given = request.config.getoption("--contracts")
    made = Probes(Path(given) if given else None)
    yield made
    made.close()
