"""Values of the mirror's form as JSON and back: names for people and instruments, integers as decimal text."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, get_type_hints

from sim.mirror.account import AccountId
from sim.mirror.errors import Refusal
from sim.mirror.vault import Vault
from sim.side import DOORS, TOKEN_ACTIONS, Outcome, Step, account_id, instrument_name, instrument_number

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
        args = {name: self._named(name, value) for name, value in step.args.items()}
        return {"at": step.at, "sender": step.sender, "action": step.action, "args": args}

    def parse(self, text: Mapping[str, Any]) -> Step:
        """The step that a JSON object is. Raises BadNotation."""
        try:
            action = text["action"]
            kinds = door_arguments(action)
            if set(text["args"]) != set(kinds):
                raise BadNotation(f"{action} takes {', '.join(kinds) or 'nothing'}, got {', '.join(text['args'])}")
            args = {name: self._value(name, kind, text["args"][name]) for name, kind in kinds.items()}
            return Step(int(text["at"]), str(text["sender"]), action, args)
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
        return {name: self._named(name, value) for name, value in zip(refusal.fields, refusal.args, strict=True)}

    def _named(self, name: str, value: Any) -> Any:
        known = self._lists.get(name, ())
        if isinstance(value, int) and 0 <= value < len(known):
            return known[value]
        if name == "instrument":
            return instrument_name(value, self._lists["underlying"])
        return plain(value)

    def _value(self, name: str, kind: Any, text: Any) -> Any:
        if name in self._lists and text in self._lists[name]:
            return self._lists[name].index(text)
        if name == "instrument":
            return _instrument(text, self._lists["underlying"])
        if kind is AccountId:
            return account_id(text)
        if kind is bool or kind is str:
            return text
        if kind is int:
            return int(text)
        return kind(**{field: int(text[field]) for field in kind._fields})


def _instrument(text: str, underlyings: Sequence[str]) -> int:
    head, _, number = text.partition(" ")
    return int(number) if head == "instrument" else instrument_number(text, underlyings)


@cache
def door_arguments(action: str) -> Mapping[str, Any]:
    """The arguments of an action and their types, in order. Raises BadNotation when there is no such action."""
    if action in TOKEN_ACTIONS:
        return _TOKEN_ARGS
    if action not in DOORS:
        close = get_close_matches(action, (*DOORS, *TOKEN_ACTIONS), 1)
        raise BadNotation(f"no action {action!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    hints = get_type_hints(inspect.unwrap(getattr(Vault, action)))
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
