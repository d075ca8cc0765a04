"""Encodes and decodes ABI values, with addresses by name.

Values have the mirror's form: roles, tokens and the vault by name, accounts as `AccountId`, structs and arrays as
tuples, short byte strings as text, long ones as hex or as the value they encode. Encoders and decoders are built once
per type and depend on no particular contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.differential.ending import BadInput
from crossvault.differential.step import Step
from crossvault.evm.signing import address_of
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import ZERO_ADDRESS

Abi = Sequence[Mapping[str, Any]]

_WORD = 64
_WORD_MASK = 2**256 - 1
_NUMBER_BITS = 96
_MAX_REMEMBERED = 1024
_ADDRESS = re.compile("0x[0-9a-f]{40}")


def snake(name: str) -> str:
    """The mirror's name of a Solidity name: `unrealizedPnl` -> `unrealized_pnl`; a trailing underscore goes."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), name.rstrip("_"))


def camel(name: str) -> str:
    """The Solidity name of a mirror's name: `unrealized_pnl` -> `unrealizedPnl`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class AddressBook:
    """Role names and addresses, both ways; an unknown name has the address of a key derived from the name."""

    def __init__(self) -> None:
        self._numbers = {ZERO_ADDRESS: 0}
        self._names = {0: ZERO_ADDRESS}
        self._contracts: set[str] = set()

    def bind(self, name: str, address: str) -> None:
        """Records the address (hex) of a contract by its name."""
        self._contracts.add(name)
        self.record(name, address)

    def record(self, name: str, address: str) -> None:
        """Records the address (hex) of a name."""
        self._record(name, int(address, 16))

    def is_contract(self, name: str) -> bool:
        """Whether a name is a contract: it has no key."""
        return name in self._contracts

    def number(self, name: str) -> int:
        """The address of a name as a number; an address is its own name."""
        if name not in self._numbers:
            if _ADDRESS.fullmatch(name):
                return int(name, 16)
            self._record(name, int(address_of(name), 16))
        return self._numbers[name]

    def _record(self, name: str, number: int) -> None:
        self._numbers[name] = number
        self._names[number] = name

    def address(self, name: str) -> str:
        """The address of a name as hex."""
        return f"0x{self.number(name):040x}"

    def name(self, number: int) -> str:
        """The name of an address; an address without one is its own name."""
        return self._names.get(number) or (ZERO_ADDRESS if number == 0 else f"0x{number:040x}")


class TypeCodec(NamedTuple):
    """Codec of one type: words in the head, whether a tail follows, and hex in both directions."""

    words: int
    dynamic: bool
    encode: Callable[[Any], str]
    decode: Callable[[str, int], Any]


class DoesNotFit(BadInput, ValueError):
    """An argument that its type in the contracts cannot hold: the path of the argument, the value, the type."""

    def __init__(self, value: object, kind: str, path: str = "") -> None:
        super().__init__(f"{path}: {value} does not fit {kind}" if path else f"{value} does not fit {kind}")
        self.value, self.kind, self.path = value, kind, path
        self.step: Step | None = None

    def inside(self, name: str) -> DoesNotFit:
        """The same, as an argument inside another, or of a list."""
        inner = self.path if not self.path or self.path.startswith("[") else f".{self.path}"
        return DoesNotFit(self.value, self.kind, name + inner)


def _integer(kind: str) -> TypeCodec:
    bits = int(kind.lstrip("uint") or 256)
    low, high = (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def encode(value: int) -> str:
        if not low <= value <= high:
            raise DoesNotFit(value, kind)
        return f"{value & _WORD_MASK:064x}"

    if low == 0:
        return TypeCodec(1, False, encode, lambda data, at: int(data[at : at + _WORD], 16))

    def decode(data: str, at: int) -> int:
        value = int(data[at : at + _WORD], 16)
        return value - 2**256 if value >> 255 else value

    return TypeCodec(1, False, encode, decode)


def _text(data: str, at: int) -> str:
    return bytes.fromhex(data[at : at + _WORD]).rstrip(b"\0").decode("utf8", "backslashreplace")


def _long_words(body: str) -> str:
    return f"{len(body) // 2:064x}" + body.ljust(-(-len(body) // _WORD) * _WORD, "0")


def _string_words(value: str) -> str:
    return _long_words(value.encode().hex())


def _string(data: str, at: int) -> str:
    start, size = at + _WORD, 2 * int(data[at : at + _WORD], 16)
    return bytes.fromhex(data[start : start + size]).decode("utf8", "backslashreplace")


def _bytes(data: str, at: int) -> str:
    start, size = at + _WORD, 2 * int(data[at : at + _WORD], 16)
    return "0x" + data[start : start + size]


_FIXED = TypeCodec(1, False, lambda v: v.removeprefix("0x").ljust(_WORD, "0"), lambda d, at: "0x" + d[at : at + _WORD])


class Codec:
    """Encoders and decoders of one ABI over a set of names.

    encoders: functions to hex for types whose values represent bytes.
    """

    def __init__(self, names: AddressBook) -> None:
        self.names = names
        self.encoders: dict[type, Callable[[Any], str]] = {}
        self._kinds: dict[str, TypeCodec] = {
            "bool": TypeCodec(1, False, lambda v: f"{bool(v):064x}", lambda d, at: d[at + _WORD - 1] == "1"),
            "address": TypeCodec(
                1, False, lambda v: f"{names.number(v):064x}", lambda d, at: names.name(int(d[at : at + _WORD], 16))
            ),
            "bytes32": TypeCodec(1, False, lambda v: v.encode().hex().ljust(_WORD, "0"), _text),
            "AccountId": TypeCodec(1, False, self._account_word, self._account),
            "string": TypeCodec(1, True, _string_words, _string),
            "bytes": TypeCodec(1, True, self._bytes_words, _bytes),
        }

    def kinds(self, parameters: Iterable[Mapping[str, Any]]) -> TypeCodec:
        """The codec of a list of parameters, as a tuple in their order."""
        return _tuple_of([self.kind(parameter) for parameter in parameters], [snake(p["name"]) for p in parameters])

    def kind(self, parameter: Mapping[str, Any]) -> TypeCodec:
        """The codec of one parameter of an ABI."""
        kind, internal = parameter["type"], parameter.get("internalType", "")
        if kind.endswith("[]"):
            element = {**parameter, "type": kind[:-2], "internalType": internal.removesuffix("[]")}
            return _array_of(self.kind(element))
        if kind == "tuple":
            return self.kinds(parameter["components"])
        if internal == "AccountId":
            return self._kinds["AccountId"]
        if kind not in self._kinds:
            self._kinds[kind] = _FIXED if kind.startswith("bytes") else _integer(kind)
        return self._kinds[kind]

    def _bytes_words(self, value: Any) -> str:
        text = value if isinstance(value, str) else self.encoders[type(value)](value)
        return _long_words(bytes.fromhex(text.removeprefix("0x")).hex())

    def _account_word(self, account: AccountId) -> str:
        return f"{self.names.number(account.owner):040x}{account.number:024x}"

    def _account(self, data: str, at: int) -> AccountId:
        middle = at + _WORD - _NUMBER_BITS // 4
        return AccountId(self.names.name(int(data[at:middle], 16)), int(data[middle : at + _WORD], 16))


def _array_of(element: TypeCodec) -> TypeCodec:
    step = _WORD if element.dynamic else element.words * _WORD

    def encode(values: Sequence[Any]) -> str:
        return f"{len(values):064x}" + _join([element] * len(values), values, None, element.dynamic)

    def decode(data: str, at: int) -> tuple[Any, ...]:
        count = int(data[at : at + _WORD], 16)
        start = at + _WORD
        if not element.dynamic:
            return tuple(element.decode(data, start + i * step) for i in range(count))
        return tuple(element.decode(data, start + _offset(data, start + i * step)) for i in range(count))

    return TypeCodec(1, True, encode, decode)


def _tuple_of(kinds: Sequence[TypeCodec], fields: Sequence[str]) -> TypeCodec:
    """The codec of a tuple. Each tail is decoded once per text, because most of a state is unchanged by a step."""
    dynamic = any(kind.dynamic for kind in kinds)
    tails = [i for i, kind in enumerate(kinds) if kind.dynamic]
    memory: dict[tuple[int, str], Any] = {}  # by tail: tails of different types can have the same text
    places, at = [], 0
    for kind in kinds:
        places.append((at, kind.dynamic, kind.decode))
        at += _WORD if kind.dynamic else kind.words * _WORD

    def encode(values: Any) -> str:
        if not isinstance(values, tuple | list):
            values = [getattr(values, name) for name in fields]
        return _join(kinds, values, fields, dynamic)

    def decode(data: str, start: int) -> tuple[Any, ...]:
        return tuple([read(data, start + place) for place, _, read in places])

    def decode_tails(data: str, start: int) -> tuple[Any, ...]:
        values = [None if tail else read(data, start + place) for place, tail, read in places]
        offsets = [_offset(data, start + places[i][0]) for i in tails]
        ends = [*offsets[1:], len(data) - start]
        for i, low, high in zip(tails, offsets, ends, strict=True):
            text = data[start + low : start + high]
            known = memory.get((i, text))
            if known is None:
                if len(memory) >= _MAX_REMEMBERED:
                    memory.clear()
                known = memory[i, text] = places[i][2](text, 0)
            values[i] = known
        return tuple(values)

    if dynamic:
        return TypeCodec(1, True, encode, decode_tails)
    return TypeCodec(at // _WORD, False, encode, decode)


def _offset(data: str, at: int) -> int:
    return 2 * int(data[at : at + _WORD], 16)


def _join(kinds: Sequence[TypeCodec], values: Sequence[Any], names: Sequence[str] | None, dynamic: bool) -> str:
    """The values of a tuple, or of an array, which has no names; dynamic: whether one of them is."""
    if len(kinds) != len(values):
        raise ValueError(f"expected {len(kinds)} values, got {len(values)}")
    texts: list[str] = []
    try:
        for kind, value in zip(kinds, values, strict=True):
            texts.append(kind.encode(value))
    except DoesNotFit as wrong:
        raise wrong.inside(names[len(texts)] if names else f"[{len(texts)}]") from None
    if not dynamic:
        return "".join(texts)
    at = sum(32 if kind.dynamic else len(text) // 2 for kind, text in zip(kinds, texts, strict=True))
    tails: list[str] = []
    for place, kind in enumerate(kinds):
        if kind.dynamic:
            tails.append(texts[place])
            texts[place] = f"{at:064x}"
            at += len(tails[-1]) // 2
    return "".join(texts + tails)
