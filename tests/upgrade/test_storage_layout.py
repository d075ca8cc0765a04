"""The storage of two versions: fields that stay, move, grow, go; layouts as solc prints them, written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crossvault.evm.artifacts import Artifact, Build
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import FACETS
from crossvault.upgrade.storage_layout import delegate_changes, layout_changes, storage_fields

WORDS = {"uint256": 32, "uint128": 16, "int128": 16, "address": 20, "bool": 1}
TYPES: dict[str, Any] = {
    name: {"encoding": "inplace", "label": name, "numberOfBytes": str(size)} for name, size in WORDS.items()
}


def struct(name: str, size: int, *members: tuple[str, int, int, str]) -> dict[str, Any]:
    """A struct type by its members: label, slot, offset, type."""
    return {
        name: {
            "encoding": "inplace",
            "label": f"struct {name}",
            "numberOfBytes": str(size),
            "members": fields(*members),
        }
    }


def mapping(name: str, value: str) -> dict[str, Any]:
    return {name: {"encoding": "mapping", "label": name, "numberOfBytes": "32", "key": "address", "value": value}}


def array(name: str, base: str) -> dict[str, Any]:
    return {name: {"encoding": "dynamic_array", "label": f"{base}[]", "numberOfBytes": "32", "base": base}}


def fields(*members: tuple[str, int, int, str]) -> list[dict[str, Any]]:
    return [{"label": label, "slot": str(slot), "offset": at, "type": kind} for label, slot, at, kind in members]


def build(*members: tuple[str, int, int, str], types: dict[str, Any] | None = None) -> Build:
    """A build of one contract of which only the storage is known."""
    layout = {"storage": fields(*members), "types": TYPES | (types or {})}
    return Build({"Vault": Artifact("Vault", "Vault.sol", [], "", {}, "", {}, {}, {}, layout)}, "", ())


def rows(old: Build, new: Build) -> list[tuple[str, str, bool]]:
    """Field, change, and whether it is harmless."""
    return [(each.field, each.how, each.is_harmless) for each in layout_changes(old, new, ["Vault"])]


OWNER, SUM, FLAG = ("owner", 0, 0, "address"), ("sum", 1, 0, "uint256"), ("flag", 0, 20, "bool")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([OWNER, SUM], [OWNER, SUM], []),
        ([OWNER, SUM], [OWNER, SUM, ("more", 2, 0, "uint256")], [("more", "added", True)]),
        ([OWNER, SUM], [OWNER, FLAG, SUM], [("flag", "added", True)]),  # into bytes that nothing used
        ([OWNER, SUM], [OWNER, ("total", 1, 0, "uint256")], [("sum → total", "renamed", True)]),
        ([OWNER, SUM], [("sum", 0, 0, "uint256"), ("owner", 1, 0, "address")],
         [("owner", "moved", False), ("sum", "moved", False)]),
        ([OWNER, FLAG], [("flag", 0, 0, "bool"), ("owner", 0, 1, "address")],
         [("owner", "moved", False), ("flag", "moved", False)]),
        ([OWNER, SUM], [OWNER], [("sum", "removed", False)]),
        ([OWNER, SUM], [OWNER, ("sum", 1, 0, "uint128")], [("sum", "type changed", False)]),
        ([("a", 0, 0, "uint128")], [("a", 0, 0, "int128")], [("a", "type changed", False)]),
        ([OWNER, SUM], [OWNER, ("low", 1, 0, "uint128")], [("sum", "removed", False), ("low", "overlaid", False)]),
    ],
)  # fmt: skip
def test_fields_of_a_contract(old: list[Any], new: list[Any], found: list[Any]) -> None:
    assert rows(build(*old), build(*new)) == found


def test_members_of_a_struct_are_compared_whatever_it_is_called() -> None:
    one = build(("s", 0, 0, "Pool"), types=struct("Pool", 64, ("a", 0, 0, "uint256"), ("b", 1, 0, "uint256")))
    other = build(("s", 0, 0, "Cash"), types=struct("Cash", 64, ("a", 0, 0, "uint256"), ("b", 1, 0, "uint256")))
    turned = build(("s", 0, 0, "Pool"), types=struct("Pool", 64, ("b", 0, 0, "uint256"), ("a", 1, 0, "uint256")))
    assert rows(one, other) == []
    assert rows(one, turned) == [("s.a", "moved", False), ("s.b", "moved", False)]


def test_a_struct_may_grow_in_a_mapping_and_not_in_an_array() -> None:
    small, large = (("a", 0, 0, "uint256"),), (("a", 0, 0, "uint256"), ("b", 1, 0, "uint256"))
    for kind, harm in ((mapping, []), (array, [("m[]", "elements resized", False)])):
        one = build(("m", 0, 0, "M"), types=struct("S", 32, *small) | kind("M", "S"))
        other = build(("m", 0, 0, "M"), types=struct("S", 64, *large) | kind("M", "S"))
        assert rows(one, other) == [*harm, ("m[].b", "added", True)]


def test_what_a_mapping_holds_is_compared_under_its_new_name_too() -> None:
    one = build(("m", 0, 0, "M"), types=mapping("M", "uint256"))
    other = build(("n", 0, 0, "M"), types=mapping("M", "uint128"))
    assert rows(one, other) == [("m[]", "type changed", False), ("m → n", "renamed", True)]


def test_a_struct_that_holds_a_mapping_to_itself_ends() -> None:
    types = struct("Node", 32, ("next", 0, 0, "M")) | mapping("M", "Node")
    assert list(storage_fields(build(("root", 0, 0, "Node"), types=types).artifacts["Vault"])) == ["root.next"]


def test_the_code_behind_the_vault_uses_its_storage() -> None:
    ours = compile_contracts()
    assert "ledger.holders" in storage_fields(ours.artifacts["Vault"])
    assert delegate_changes(ours, "Vault", FACETS) == []
    feed = ours.artifacts["Feed"]
    storage = [each | {"slot": str(int(each["slot"]) + 1)} for each in feed.storage_layout["storage"]]
    shifted = replace(feed, storage_layout={**feed.storage_layout, "storage": storage})
    moved = delegate_changes(replace(ours, artifacts={**ours.artifacts, "Feed": shifted}), "Vault", FACETS)
    assert {(each.contract, each.how) for each in moved} == {("Vault, Feed", "moved")}
    assert "ledger.cash.token" in {each.field for each in moved}


def test_a_field_of_the_vault_alone_lies_after_those_that_are_shared() -> None:
    """The table of facets does; before them, as with `Vault is Diamond, Checks`, it moves every one of them."""
    ours = compile_contracts()
    vault, registry = ours.artifacts["Vault"], ours.artifacts["Registry"]
    own = storage_fields(vault).keys() - storage_fields(registry).keys()
    assert own == {"facetOf", "table"}
    last = max(field.place.slot for name, field in storage_fields(vault).items() if name not in own)
    assert min(storage_fields(vault)[name].place.slot for name in own) > last
    first = [each for each in vault.storage_layout["storage"] if each["label"] in own]
    shared = [each for each in vault.storage_layout["storage"] if each["label"] not in own]
    before = [each | {"slot": str(place)} for place, each in enumerate(first)]
    moved = [each | {"slot": str(int(each["slot"]) + len(first))} for each in shared]
    planted = replace(vault, storage_layout={**vault.storage_layout, "storage": [*before, *moved]})
    found = delegate_changes(replace(ours, artifacts={**ours.artifacts, "Vault": planted}), "Vault", FACETS)
    for name in FACETS:
        elsewhere = {each.field for each in found if (each.contract, each.how) == (f"Vault, {name}", "moved")}
        assert {"ledger.holders", "owner", "paused", "ledger.cash.token"} <= elsewhere, name


def test_a_field_of_a_facet_alone_lies_on_the_table_of_the_vault() -> None:
    ours = compile_contracts()
    vault, feed = ours.artifacts["Vault"], ours.artifacts["Feed"]
    slot = storage_fields(vault)["facetOf"].place.slot
    [like] = [each for each in vault.storage_layout["storage"] if each["label"] == "delaySecs"]
    more = like | {"label": "roundId", "slot": str(slot), "offset": 0}
    planted = replace(feed, storage_layout={**feed.storage_layout, "storage": [*feed.storage_layout["storage"], more]})
    found = delegate_changes(replace(ours, artifacts={**ours.artifacts, "Feed": planted}), "Vault", FACETS)
    assert [(each.contract, each.field, each.how) for each in found] == [("Vault, Feed", "roundId", "overlaid")]
