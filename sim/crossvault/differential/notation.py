"""Values of the mirror's form as JSON and back: names for people and instruments, integers as decimal text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from crossvault.differential import doors
from crossvault.differential.step import Outcome, Step, account_id, instrument_name, instrument_number
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.exchange import VERSION, Order, Signature
from crossvault.mirror.refusal import Refusal

ADDED_FIELDS: Mapping[Any, Mapping[str, str]] = {Order: {"epoch": "0"}, Signature: {"version": str(VERSION)}}
"""Fields that steps written before do not have: their orders are of the first epoch, and signed as they are now."""


class BadNotation(ValueError):
    """A text that is not a step, with the reason."""


class Notation:
    """Encodes steps and outcomes as JSON with the names of a story's underlyings and collaterals, and decodes steps."""

    def __init__(self, underlyings: Sequence[str], collaterals: Sequence[str]) -> None:
        self._lists = {"underlying": tuple(underlyings), "collateral": tuple(collaterals)}

    def step(self, step: Step) -> dict[str, Any]:
        """A step as JSON."""
        return {"at": step.at, "sender": step.sender, "action": step.action, "args": self._args(step.args)}

    def parse(self, text: Mapping[str, Any]) -> Step:
        """Decodes a step from a JSON object. Raises BadNotation."""
        try:
            args = self._parsed(text["action"], text["args"])
            return doors.named(int(text["at"]), str(text["sender"]), text["action"], args)
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise BadNotation(f"not a step: {wrong}") from wrong

    def outcome(self, outcome: Outcome) -> dict[str, Any]:
        """An outcome as JSON."""
        refusal = outcome.refusal
        return {
            "refusal": None if refusal is None else {refusal.name: self._fields(refusal)},
            "events": [[name, plain(values)] for name, values in outcome.events],
            "state": plain(outcome.snapshot),
        }

    def arguments(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Named values as JSON, such as the arguments of a call or the values of an event."""
        return self._args(args)

    def _fields(self, refusal: Refusal) -> dict[str, Any]:
        return self._args(dict(zip(refusal.fields, refusal.args, strict=True)))

    def _args(self, args: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._named(name, value) for name, value in args.items()}

    def _parsed(self, action: str, args: Mapping[str, Any]) -> dict[str, Any]:
        kinds = doors.arguments(action)
        doors.require_fields(action, kinds, args)
        return {name: self._value(name, kind, args[name]) for name, kind in kinds.items()}

    def _named(self, name: str, value: Any) -> Any:
        known = self._lists.get(name, ())
        if isinstance(value, int) and 0 <= value < len(known):
            return known[value]
        if name == "instrument":
            return instrument_name(value, self._lists["underlying"])
        if isinstance(value, Mapping):
            return self._args(value)
        if isinstance(value, AccountId) or not isinstance(value, tuple):
            return plain(value)
        if hasattr(value, "_asdict"):
            return self._args(value._asdict())
        return [self._named(name, each) for each in value]

    def _value(self, name: str, kind: Any, text: Any) -> Any:
        if name in self._lists and text in self._lists[name]:
            return self._lists[name].index(text)
        if name == "instrument":
            return _instrument(text, self._lists["underlying"])
        if get_origin(kind) in (tuple, Sequence):
            return tuple(self._value(name, get_args(kind)[0], each) for each in text)
        if isinstance(kind, UnionType):
            [struct] = [each for each in get_args(kind) if each is not str]
            return self._value(name, str if isinstance(text, str) else struct, text)
        if kind is Call:
            doors.require_fields("a call", dict.fromkeys(Call._fields), text)
            return Call(text["action"], self._parsed(text["action"], text["args"]))
        if kind is AccountId:
            return account_id(text)
        if kind is int:
            return int(text)
        return text if kind in (bool, str) else self._struct(kind, text)

    def _struct(self, kind: Any, text: Mapping[str, Any]) -> Any:
        kinds = get_type_hints(kind)
        text = {**ADDED_FIELDS.get(kind, {}), **text}
        doors.require_fields(kind.__name__, kinds, text)
        return kind(**{name: self._value(name, each, text[name]) for name, each in kinds.items()})


def _instrument(text: str, underlyings: Sequence[str]) -> int:
    head, _, number = text.partition(" ")
    return int(number) if head == "instrument" else instrument_number(text, underlyings)


def plain(value: Any) -> Any:
    """A value of the mirror's form as JSON: integers as decimal text, structs as objects."""
    if isinstance(value, AccountId | Refusal):
        return str(value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if hasattr(value, "_asdict"):
        return {name: plain(each) for name, each in value._asdict().items()}
    return [plain(each) for each in value]
