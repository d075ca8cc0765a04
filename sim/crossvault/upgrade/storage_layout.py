"""The storage of two versions compared, field by field: what a proxy keeps when the code behind it is replaced.

A field is named by its path: `ledger.holders[].quotes[].quote`; `[]` is an element of a mapping or of an array, and
the place of a field is that within the contract, or within the element. The members of structs are compared, whatever
the structs are called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.evm.artifacts import Artifact, Build

MOVED, RETYPED, REMOVED, RESIZED, OVERLAID = "moved", "type changed", "removed", "elements resized", "overlaid"
ADDED, RENAMED = "added", "renamed"
_HARMLESS = (ADDED, RENAMED)
_WORD_BYTES = 32


class StoragePlace(NamedTuple):
    """The place of a field: slot and offset [bytes] within what holds it, its size [bytes], and its type."""

    slot: int
    offset: int
    size: int
    type: str

    def __str__(self) -> str:
        return f"slot {self.slot} byte {self.offset}, {self.type}"


class StorageField(NamedTuple):
    """A field, and of a mapping or an array the fields of an element; size of the element in an array [bytes]."""

    place: StoragePlace
    element: StorageFields | None = None
    element_size: int = 0


StorageFields = Mapping[str, StorageField]


class LayoutChange(NamedTuple):
    """A field whose place changed between two versions of a contract; empty where a version has no such field."""

    contract: str
    field: str
    how: str
    old: str
    new: str

    @property
    def is_harmless(self) -> bool:
        """Whether what is stored keeps its meaning: a field was added where nothing was, or has another name."""
        return self.how in _HARMLESS


def layout_changes(old: Build, new: Build, contracts: Sequence[str]) -> list[LayoutChange]:
    """The fields of some contracts that have changed places, what breaks storage first."""
    found: list[LayoutChange] = []
    for name in contracts:
        found += _compared(name, "", storage_fields(old.artifacts[name]), storage_fields(new.artifacts[name]))
    return sorted(found, key=lambda each: each.is_harmless)


def delegate_changes(build: Build, contract: str, delegates: Sequence[str]) -> list[LayoutChange]:
    """The fields of contracts whose code runs on another one's storage that are elsewhere than in that one.

    Fields that only the other one has lie after those they share: were one of them before, all after it would be moved.
    """
    own = storage_fields(build.artifacts[contract])
    found: list[LayoutChange] = []
    for name in delegates:
        found += _compared(f"{contract}, {name}", "", own, storage_fields(build.artifacts[name]))
    return [each for each in found if not each.is_harmless and each.how != REMOVED]


def storage_fields(artifact: Artifact) -> StorageFields:
    """The fields of a contract by their paths, in the order of storage."""
    found = artifact.storage_layout
    return dict(_members("", found.get("storage") or (), 0, found.get("types") or {}, ()))


Types = Mapping[str, Any]


def _members(
    path: str, members: Sequence[Mapping[str, Any]], first: int, types: Types, above: tuple[str, ...]
) -> Iterator[tuple[str, StorageField]]:
    """The fields of members, those of structs among them. first: their first slot; above: the types around them."""
    for each in members:
        slot, kind, name = first + int(each["slot"]), each["type"], f"{path}{each['label']}"
        if inner := types[kind].get("members"):
            yield from _members(f"{name}.", inner, slot, types, (*above, kind))
        else:
            yield name, _field(slot, int(each["offset"]), kind, types, above)


def _field(slot: int, offset: int, kind: str, types: Types, above: tuple[str, ...]) -> StorageField:
    found = types[kind]
    place = StoragePlace(slot, offset, int(found["numberOfBytes"]), _words(kind, types))
    inner = found.get("value") or found.get("base")
    if inner is None or inner in above:  # a struct may hold a mapping to itself
        return StorageField(place)
    size = int(types[inner]["numberOfBytes"]) if "base" in found else 0
    if members := types[inner].get("members"):
        return StorageField(place, dict(_members(".", members, 0, types, (*above, inner))), size)
    return StorageField(place, {"": _field(0, 0, inner, types, above)}, size)


def _words(kind: str, types: Types) -> str:
    """A type without what it holds, which is compared for itself."""
    found = types[kind]
    if "value" in found:
        return f"mapping({types[found['key']]['label']})"
    if "base" in found:
        return "array" + str(found["label"]).removeprefix(types[found["base"]]["label"])
    return str(found["label"])


def _compared(contract: str, path: str, old: StorageFields, new: StorageFields) -> Iterator[LayoutChange]:
    """The changes among the fields of one contract, or of one element. path: of what holds them."""
    renamed = _renamed(old, new)
    for name, field in old.items():
        other = new.get(name) or new.get(renamed.get(name, ""))
        whole = f"{path}{name}"
        if other is None:
            yield LayoutChange(contract, whole, REMOVED, str(field.place), "")
            continue
        if name in renamed:
            yield LayoutChange(
                contract, f"{whole} → {path}{renamed[name]}", RENAMED, str(field.place), str(other.place)
            )
        yield from _compared_field(contract, whole, field, other)
    for name in new.keys() - old.keys() - set(renamed.values()):
        place = new[name].place
        covered = [each for each, field in old.items() if _is_overlaid(place, field.place)]
        how = OVERLAID if covered else ADDED
        before = f"{path}{covered[0]}: {old[covered[0]].place}" if covered else ""
        yield LayoutChange(contract, f"{path}{name}", how, before, str(place))


def _compared_field(contract: str, path: str, old: StorageField, new: StorageField) -> Iterator[LayoutChange]:
    places = str(old.place), str(new.place)
    if old.place[:2] != new.place[:2]:
        yield LayoutChange(contract, path, MOVED, *places)
    if old.place[2:] != new.place[2:]:
        yield LayoutChange(contract, path, RETYPED, *places)
    elif old.element is not None and new.element is not None:
        if old.element_size != new.element_size:
            sizes = (f"{each.element_size} bytes an element" for each in (old, new))
            yield LayoutChange(contract, f"{path}[]", RESIZED, *sizes)
        yield from _compared(contract, f"{path}[]", old.element, new.element)


def _renamed(old: StorageFields, new: StorageFields) -> dict[str, str]:
    """The fields of which only the name has changed: the new name of each."""
    fresh = {field.place: name for name, field in new.items() if name not in old}
    return {name: fresh[field.place] for name, field in old.items() if name not in new and field.place in fresh}


def _is_overlaid(one: StoragePlace, other: StoragePlace) -> bool:
    start, before = (each.slot * _WORD_BYTES + each.offset for each in (one, other))
    return start < before + other.size and before < start + one.size
