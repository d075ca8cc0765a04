"""Values of the model in the form of an earlier interface: without the fields that it did not have yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossvault.audit.interface_versions import Abi, EarlierInterface
from crossvault.differential.step import Event, Snapshot
from crossvault.evm.abi import Interface
from crossvault.evm.artifacts import Build
from crossvault.evm.bindings import Bindings
from crossvault.evm.codec import AddressBook, snake
from crossvault.evm.deploy import refusal_libraries, vault_abi
from crossvault.mirror.lens import AccountState, Globals

_SEVERAL = "[]"
_STATES = (Globals, AccountState)  # read by the names of their fields
Fields = Sequence[Mapping[str, Any]]


class EarlierBindings(Bindings):
    """Bindings of a vault with an earlier interface: its own shapes where it has them, today's refusals."""

    def __init__(self, build: Build, names: AddressBook, earlier: EarlierInterface) -> None:
        super().__init__(build, names)
        errors = [vault_abi(build), *refusal_libraries(build).values(), build.artifacts["Token"].abi]
        self.vault = Interface(earlier.abi, self.codec, errors)
        self._outputs = _by_name(earlier.abi)["function", "snapshot"]["outputs"]

    def decode_snapshot(self, data: str) -> Snapshot:
        """Decodes the state; a field that the vault does not have yet is None."""
        shared, accounts = self.vault.result("snapshot", data)
        one, each = (item["components"] for item in self._outputs)
        return Snapshot(_whole(Globals, one, shared), tuple(_whole(AccountState, each, found) for found in accounts))


class EarlierForm:
    """Narrows what the model has in today's form, by the names of fields in both ABIs."""

    def __init__(self, build: Build, earlier: EarlierInterface) -> None:
        now = _by_name(vault_abi(build))
        self._pairs = {key: (item, now[key]) for key, item in _by_name(earlier.abi).items() if key in now}

    def event(self, event: Event) -> Event:
        """An event with the values that it had then."""
        if (pair := self._pairs.get(("event", event.name))) is None:
            return event
        was, now = pair
        return Event(event.name, _narrowed(was["inputs"], now["inputs"], event.values))

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """The state as the view returned it."""
        shared, accounts = self.result("snapshot", (snapshot.globals, snapshot.accounts))
        return Snapshot(shared, accounts)

    def result(self, view: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values that a view returned."""
        was, now = self._pairs["function", view]
        found: tuple[Any, ...] = _narrowed(was["outputs"], now["outputs"], values)
        return found


def _by_name(abi: Abi) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(item["type"], item["name"]): item for item in abi if item["type"] in ("event", "function")}


def _narrowed(was: Fields, now: Fields, values: tuple[Any, ...]) -> Any:
    """The values whose fields both have, in the earlier order; in states later ones are None."""
    if len(now) == 1 and not now[0]["name"]:
        return (_part(was[0], now[0], values[0]),)
    unnamed = all(not field["name"] for field in now)
    places = {str(place) if unnamed else field["name"]: place for place, field in enumerate(now)}
    wanted = [(field, places[str(place) if unnamed else field["name"]]) for place, field in enumerate(was)]
    parts = tuple(_part(field, now[place], values[place]) for field, place in wanted)
    return _whole(type(values), was, parts) if isinstance(values, _STATES) else parts


def _whole(kind: Any, was: Fields, parts: Sequence[Any]) -> Any:
    """A named tuple of parts that have the names of earlier fields; None for each later one."""
    found = {snake(field["name"]): part for field, part in zip(was, parts, strict=True)}
    return kind(*(found.get(name) for name in kind._fields))


def _part(was: Mapping[str, Any], now: Mapping[str, Any], value: Any) -> Any:
    if not was["type"].startswith("tuple") or not isinstance(value, tuple):
        return value
    if was["type"].endswith(_SEVERAL):
        return tuple(_narrowed(was["components"], now["components"], each) for each in value)
    return _narrowed(was["components"], now["components"], value)
