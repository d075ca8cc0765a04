"""Values of the mirror's form as JSON and back: names for people and instruments, integers as decimal text."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from crossvault.differential.step import (
    DOORS,
    EXCHANGE_DOORS,
    TOKEN_ACTIONS,
    Outcome,
    Step,
    account_id,
    instrument_name,
    instrument_number,
)
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.exchange import Exchange
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.vault import Vault

_TOKEN_ARGS: Mapping[str, type] = {"token": str, "to": str, "amount_raw": int}
_EXTRAS = ("self", "sender", "now", "return")


class BadNotation(ValueError):
    """A text that is no step: what is wrong with it."""


class Notation:
    """Steps and outcomes as JSON over the names of a story's underlyings and collaterals."""

    def __init__(self, underlyings: Sequence[str], collaterals: Sequence[str]) -> None:
        self._lists = {"underlying": tuple(underlyings), "collateral": tuple(collaterals)}

    def step(self, step: Step) -> dict[str, Any]:
        """A step as JSON."""
        return {"at": step.at, "sender": step.sender, "action": step.action, "args": self._args(step.args)}

    def parse(self, text: Mapping[str, Any]) -> Step:
        """The step that a JSON object is. Raises BadNotation."""
        try:
            args = self._parsed(text["action"], text["args"])
            return Step(int(text["at"]), str(text["sender"]), text["action"], args)
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise BadNotation(f"no step: {wrong}") from wrong

    def outcome(self, outcome: Outcome) -> dict[str, Any]:
        """An outcome as JSON."""
        refusal = outcome.refusal
        return {
            "refusal": None if refusal is None else {refusal.name: self._fields(refusal)},
            "events": [[name, plain(values)] for name, values in outcome.events],
            "state": plain(outcome.snapshot),
        }

    def _fields(self, refusal: Refusal) -> dict[str, Any]:
        return self._args(dict(zip(refusal.fields, refusal.args, strict=True)))

    def _args(self, args: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._named(name, value) for name, value in args.items()}

    def _parsed(self, action: str, args: Mapping[str, Any]) -> dict[str, Any]:
        kinds = door_arguments(action)
        _require_fields(action, kinds, args)
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
            _require_fields("a call", dict.fromkeys(Call._fields), text)
            return Call(text["action"], self._parsed(text["action"], text["args"]))
        if kind is AccountId:
            return account_id(text)
        if kind is int:
            return int(text)
        return text if kind in (bool, str) else self._struct(kind, text)

    def _struct(self, kind: Any, text: Mapping[str, Any]) -> Any:
        kinds = get_type_hints(kind)
        _require_fields(kind.__name__, kinds, text)
        return kind(**{name: self._value(name, each, text[name]) for name, each in kinds.items()})


def _require_fields(owner: str, kinds: Mapping[str, Any], text: Mapping[str, Any]) -> None:
    if set(text) != set(kinds):
        raise BadNotation(f"{owner} takes {', '.join(kinds) or 'nothing'}, got {', '.join(text)}")


def _instrument(text: str, underlyings: Sequence[str]) -> int:
    head, _, number = text.partition(" ")
    return int(number) if head == "instrument" else instrument_number(text, underlyings)


@cache
def door_arguments(action: str) -> Mapping[str, Any]:
    """The arguments of an action and their types, in order. Raises BadNotation when there is no such action."""
    if action in TOKEN_ACTIONS:
        return _TOKEN_ARGS
    known = (*DOORS, *EXCHANGE_DOORS)
    if action not in known:
        close = get_close_matches(action, (*known, *TOKEN_ACTIONS), 1)
        raise BadNotation(f"no action {action!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    hints = get_type_hints(inspect.unwrap(getattr(Exchange if action in EXCHANGE_DOORS else Vault, action)))
    return {name: kind for name, kind in hints.items() if name not in _EXTRAS}


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
