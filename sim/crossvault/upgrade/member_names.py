"""The names of the members of structs, as the ABI has them, for values that were decoded to plain tuples."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from functools import cache
from typing import Any

from crossvault.differential.step import Event, Outcome, Snapshot
from crossvault.evm.codec import Abi, snake


class MemberNames:
    """The members of events, of the state of accounts and of curves, by the ABI of a vault and its exchange."""

    def __init__(self, abi: Abi) -> None:
        self._events = {item["name"]: item["inputs"] for item in abi if item["type"] == "event"}
        self._views = {item["name"]: item["outputs"] for item in abi if item["type"] == "function"}

    def outcome(self, outcome: Outcome) -> Outcome:
        """An outcome whose structs have names, equal to what it was."""
        return outcome._replace(
            events=tuple(map(self._event, outcome.events)), snapshot=self._snapshot(outcome.snapshot)
        )

    def curves(self, curves: Any) -> Any:
        """The state of expiries with names."""
        return _named(curves, self._views["curves"][0])

    def _snapshot(self, snapshot: Snapshot) -> Snapshot:
        shared, accounts = self._views["snapshot"]
        if not isinstance(snapshot.globals, tuple):  # the refusal of a view
            return snapshot
        return Snapshot(_named(snapshot.globals, shared), _named(snapshot.accounts, accounts))

    def _event(self, event: Event) -> Event:
        known = self._events.get(event.name, ())
        if len(known) != len(event.values):
            return event
        return Event(event.name, tuple(_named(*pair) for pair in zip(event.values, known, strict=True)))


def _named(value: Any, item: Mapping[str, Any]) -> Any:
    kind = item["type"]
    if not isinstance(value, tuple) or not kind.startswith("tuple"):
        return value
    if kind.endswith("]"):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        return tuple(_named(each, inner) for each in value)
    parts = item["components"]
    if len(parts) != len(value):
        return value
    made = _struct(tuple(snake(each["name"]) for each in parts))
    return made(*(_named(*pair) for pair in zip(value, parts, strict=True)))


@cache
def _struct(names: tuple[str, ...]) -> Any:
    return namedtuple("Struct", names, rename=True)
