"""Encodes calls of a contract by its ABI, and decodes its results, events and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from eth_utils.crypto import keccak

from crossvault.differential.step import Event
from crossvault.evm.codec import Abi, Codec, TypeCodec, snake
from crossvault.mirror.refusal import Refusal

_T = TypeVar("_T")
_PANIC = {"name": "Panic", "type": "error", "inputs": [{"name": "code", "type": "uint256"}]}
_STRING_ERROR = "08c379a0"
_TEXT = {"name": "text", "type": "string"}


class RevertedWithText(Refusal):
    """A call reverted with a text, as `require` does."""

    text: str


class RevertedSilently(Refusal):
    """A call reverted without data."""


class Interface:
    """The doors, events and errors of one ABI; errors of further ABIs (libraries, tokens) are decoded as well."""

    def __init__(self, abi: Abi, codec: Codec, errors: Sequence[Abi] = ()) -> None:
        doors = {snake(item["name"]): item for item in abi if item["type"] == "function"}
        self._functions = _MadeOnce(doors, lambda item: _AbiFunction(item, codec))
        self._events = {_topic(item): _AbiEvent(item, codec) for item in abi if item["type"] == "event"}
        self._text = codec.kinds([_TEXT])
        known = [_PANIC, *(item for each in (abi, *errors) for item in each if item["type"] == "error")]
        self._errors = _MadeOnce({selector_of(item): item for item in known}, lambda item: _AbiError(item, codec))

    def call(self, action: str, args: Mapping[str, Any]) -> str:
        """Encodes a call: a door in snake case, arguments by name. Raises KeyError, ValueError for invalid ones."""
        return self._functions[action].call(args)

    def result(self, action: str, data: str) -> tuple[Any, ...]:
        """Decodes the return values of a call."""
        decoded: tuple[Any, ...] = self._functions[action].outputs.decode(data, 2)
        return decoded

    def event(self, log: Mapping[str, Any]) -> Event:
        """Decodes the event of a log."""
        topics = log["topics"]
        known = self._events.get(topics[0]) if topics else None
        return known.event(topics, log["data"]) if known else Event("unknown", (*topics, log["data"]))

    def refusal(self, data: str) -> Refusal:
        """Decodes the refusal of revert data."""
        if len(data) < 10:
            return RevertedSilently()
        if known := self._errors.find(data[2:10]):
            return known.refusal(data)
        if data[2:10] == _STRING_ERROR:
            return RevertedWithText(*self._text.decode(data, 10))
        return RevertedWithText(f"unknown error {data}")

    def topic(self, name: str) -> str:
        """The first topic of an event's logs. Raises StopIteration for an unknown name."""
        return next(topic for topic, event in self._events.items() if event.name == name)

    def event_fields(self) -> dict[str, tuple[str, ...]]:
        """The names of the values of every event, in the mirror's form."""
        return {event.name: event.fields for event in self._events.values()}


class _MadeOnce(dict[str, _T]):
    """Codecs by key, each made at its first use: a run needs few of them. A key without an item is missing."""

    def __init__(self, items: Mapping[str, Any], make: Callable[[Any], _T]) -> None:
        super().__init__()
        self._items, self._make = items, make

    def __missing__(self, key: str) -> _T:
        made = self[key] = self._make(self._items[key])
        return made

    def find(self, key: str) -> _T | None:
        """The codec of a key; None if there is no item."""
        return self[key] if key in self._items else None


class _AbiFunction:
    def __init__(self, item: Mapping[str, Any], codec: Codec) -> None:
        self._selector = selector_of(item)
        self._inputs = codec.kinds(item["inputs"])
        self._order = [snake(each["name"]) for each in item["inputs"]]
        self.outputs: TypeCodec = codec.kinds(item["outputs"])

    def call(self, args: Mapping[str, Any]) -> str:
        return "0x" + self._selector + self._inputs.encode([args[name] for name in self._order])


class _AbiEvent:
    def __init__(self, item: Mapping[str, Any], codec: Codec) -> None:
        self.name: str = item["name"]
        self.fields = tuple(snake(each["name"]) for each in item["inputs"])
        self._indexed = [each["indexed"] for each in item["inputs"]]
        self._topics = [codec.kind(each) for each in item["inputs"] if each["indexed"]]
        self._data = codec.kinds([each for each in item["inputs"] if not each["indexed"]])

    def event(self, topics: Sequence[str], data: str) -> Event:
        indexed = iter([kind.decode(topic, 2) for kind, topic in zip(self._topics, topics[1:], strict=True)])
        others = iter(self._data.decode(data, 2))
        return Event(self.name, tuple(next(indexed if is_topic else others) for is_topic in self._indexed))


class _AbiError:
    def __init__(self, item: Mapping[str, Any], codec: Codec) -> None:
        fields = {snake(each["name"]): Any for each in item["inputs"]}
        self._class = type(item["name"], (Refusal,), {"__annotations__": fields})
        self._inputs = codec.kinds(item["inputs"])

    def refusal(self, data: str) -> Refusal:
        refused: Refusal = self._class(*self._inputs.decode(data, 10))
        return refused


def selector_of(item: Mapping[str, Any]) -> str:
    """The selector of a function or an error (hex, 4 bytes)."""
    return _hashed(_signature(item))[:8]


def _topic(item: Mapping[str, Any]) -> str:
    return "0x" + _hashed(_signature(item))


def _signature(item: Mapping[str, Any]) -> str:
    return f"{item['name']}({_types(item['inputs'])})"


def _types(parameters: Iterable[Mapping[str, Any]]) -> str:
    kinds = ((each["type"], each.get("components", ())) for each in parameters)
    return ",".join(f"({_types(parts)}){kind[5:]}" if kind.startswith("tuple") else kind for kind, parts in kinds)


@lru_cache(maxsize=4096)
def _hashed(signature: str) -> str:
    return keccak(text=signature).hex()
