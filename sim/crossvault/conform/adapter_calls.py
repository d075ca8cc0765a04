"""Doors and views of a vault in the notation of an adapter: `deposit(account, amount_raw)`, `held(account).size`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.evm.codec import Abi, Codec, TypeCodec, snake
from crossvault.mirror.account import AccountId

_PHRASE = re.compile(r"(?:(\w+)\.)?(\w+)\(([^()]*)\)(?:\.(\w+))?")
_NUMBER = re.compile(r"-?\d+|0x[0-9a-fA-F]+")

Item = Mapping[str, Any]


class AdapterCall(NamedTuple):
    """A call as an adapter writes it. contract: `vault` where none is named; output: one of the outputs, or all."""

    contract: str
    function: str
    arguments: tuple[str, ...]
    output: str = ""

    def __str__(self) -> str:
        head = "" if self.contract == "vault" else f"{self.contract}."
        tail = f".{self.output}" if self.output else ""
        return f"{head}{self.function}({', '.join(self.arguments)}){tail}"


def phrase(text: str) -> AdapterCall:
    """The call that a text names. Raises ValueError."""
    found = _PHRASE.fullmatch(text.strip())
    if not found:
        raise ValueError(
            f"{text!r} is no call: expected such as 'deposit(account, amount_raw)' or 'held(account).size'"
        )
    arguments = tuple(each.strip() for each in found[3].split(",")) if found[3].strip() else ()
    return AdapterCall(found[1] or "vault", found[2], arguments, found[4] or "")


def usual(item: Item) -> AdapterCall:
    """The call of a door by its own arguments, as our interface has it."""
    return AdapterCall("vault", item["name"], tuple(snake(each["name"]) for each in item["inputs"]))


def signature(item: Item) -> str:
    """A function as its selector is made of it: `deposit(uint256,uint256)`."""
    return f"{item['name']}({','.join(_type(each) for each in item['inputs'])})"


def _type(parameter: Item) -> str:
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(each) for each in parameter['components'])}){kind.removeprefix('tuple')}"


def outputs_of(item: Item) -> str:
    """The outputs of a function, as types."""
    return ",".join(_type(each) for each in item.get("outputs", ()))


class BoundCall(NamedTuple):
    """A function of a contract with the source of its arguments, ready to be encoded and decoded."""

    call: AdapterCall
    selector: str
    inputs: tuple[Item, ...]
    outputs: TypeCodec
    place: tuple[int, ...]
    codec: Codec

    def data(self, scope: Mapping[str, Any]) -> str:
        """The data of a call with arguments from a scope. Raises ValueError when one does not fit its type."""
        values = [value_of(text, scope) for text in self.call.arguments]
        kinds = [_marked(item, value) for item, value in zip(self.inputs, values, strict=True)]
        return "0x" + self.selector + self.codec.kinds(kinds).encode(values)

    def result(self, data: str) -> Any:
        """The decoded result, or the part of it that the phrase names."""
        found = self.outputs.decode(data, 2)
        for step in self.place:
            found = found[step]
        return found


def bound(item: Item, call: AdapterCall, codec: Codec) -> BoundCall:
    """A function bound to the arguments of a phrase. Raises ValueError when the output is none of its own."""
    from eth_utils.abi import function_abi_to_4byte_selector

    abi: Any = item
    selector = function_abi_to_4byte_selector(abi).hex()
    outputs = tuple(item.get("outputs", ()))
    place = _place(outputs, call.output) if call.output else ((0,) if len(outputs) == 1 else ())
    return BoundCall(call, selector, tuple(item["inputs"]), codec.kinds(outputs), place, codec)


def _place(outputs: Sequence[Item], name: str) -> tuple[int, ...]:
    """The place of an output: among the outputs, or in the struct that is the only one."""
    known: list[str] = []
    for path, fields in _fields(outputs):
        for place, item in enumerate(fields):
            if name in (item["name"], snake(item["name"]), str(place)):
                return (*path, place)
            known.append(item["name"] or str(place))
    raise ValueError(f"returns no {name!r}: expected one of {', '.join(known) or 'nothing'}")


def _fields(outputs: Sequence[Item]) -> Iterator[tuple[tuple[int, ...], Sequence[Item]]]:
    if len(outputs) == 1 and outputs[0]["type"] == "tuple":
        yield (0,), outputs[0]["components"]
    else:
        yield (), outputs


def value_of(text: str, scope: Mapping[str, Any]) -> Any:
    """The value of a word of a phrase: a number, a name of the scope, or a field of one. Raises ValueError."""
    if _NUMBER.fullmatch(text):
        return int(text, 0)
    name, _, field = text.partition(".")
    if name not in scope or (field and not hasattr(scope[name], field)):
        raise ValueError(f"nothing is called {text!r} here: expected one of {', '.join(scope)}")
    return getattr(scope[name], field) if field else scope[name]


def named(abi: Abi, call: AdapterCall) -> Item | None:
    """The function of an ABI that a phrase calls, by name and count of arguments."""
    for item in abi:
        if item["type"] == "function" and item["name"] == call.function and len(item["inputs"]) == len(call.arguments):
            return item
    return None


def _marked(item: Item, value: Any) -> Item:
    """The parameter as an account, whatever type a foreign contract gives it, where the value is one."""
    first = value[0] if isinstance(value, tuple) and value and not isinstance(value, AccountId) else value
    if isinstance(first, AccountId) and item["type"].startswith("uint256"):
        return {**item, "internalType": "AccountId" + item["type"].removeprefix("uint256")}
    return item
