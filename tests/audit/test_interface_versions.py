"""Vaults of an earlier interface are recognised by their functions, read as such, and followed as far as rules agree.

interface-1.history.json.gz is what was sent to a node while a story was played on contracts of the first interface,
their creation included: perps, futures, options, collateral, interest, funding, an auction, a settlement. Its last step
is one that today's rules refuse: an operator withdraws to itself.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from crossvault.__main__ import main
from crossvault.audit import interface_versions
from crossvault.audit.block_comparison import BlockDiffers
from crossvault.audit.earlier_form import EarlierForm
from crossvault.audit.interface_versions import (
    UnknownInterface,
    earlier_interfaces,
    interface_of,
    recognised,
    todays_number,
)
from crossvault.audit.replica import Replica
from crossvault.differential.step import Event
from crossvault.evm.abi import selector_of
from crossvault.evm.anvil import Node
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import vault_abi
from crossvault.live.preflight import StoryMismatch, require_todays_interface
from crossvault.rpc.client import RpcClient
from places import TESTS

HISTORY = TESTS / "audit" / "interface-1.history.json.gz"
RICH, GAS = hex(10**30), hex(2**24)
TODAY = {selector_of(item): item["name"] for item in vault_abi(compile_contracts()) if item["type"] == "function"}
[FIRST] = earlier_interfaces()


class EarlierVault:
    """A node on which a history was mined again."""

    def __init__(self) -> None:
        history = json.loads(gzip.decompress(HISTORY.read_bytes()))
        self.vault, self.agreed = history["vault"], history["agreed"]
        self.node = Node(history["starts"], flat=False)
        rich: set[str] = set()
        for block in history["blocks"]:
            for place, sent in enumerate(block["transactions"]):
                if sent["from"] not in rich:
                    rich.add(sent["from"])
                    self.node.rpc("anvil_setBalance", sent["from"], RICH)
                order = {"gas": GAS, "gasPrice": hex(len(block["transactions"]) - place)}
                call = {name: value for name, value in sent.items() if value is not None}
                self.node.rpc("eth_sendTransaction", call | order)
            self.node.rpc("evm_mine", block["at"])

    def replica(self) -> Replica:
        return Replica(RpcClient(self.node.url, tries=3, wait_secs=0.02), self.vault)


@pytest.fixture(scope="module")
def earlier() -> Iterator[EarlierVault]:
    found = EarlierVault()
    yield found
    found.node.close()


def sample(fields: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Values by name: of each struct its fields, of each list one part."""
    return tuple(
        field["name"]
        if not field["type"].startswith("tuple")
        else (sample(field["components"]),)
        if field["type"].endswith("[]")
        else sample(field["components"])
        for field in fields
    )


def test_todays_functions_are_recognised_with_others_beside_them() -> None:
    assert recognised(frozenset(TODAY), TODAY) is None
    assert recognised(frozenset(TODAY) | {"01020304"}, TODAY) is None


def test_an_earlier_interface_is_recognised_by_its_functions() -> None:
    assert recognised(FIRST.selectors, TODAY) is FIRST
    assert recognised(FIRST.selectors | {"01020304"}, TODAY) is FIRST
    assert todays_number() == 2 and str(FIRST) == "interface 1 (contracts until 2026-11-30)"


def test_what_lies_between_two_versions_is_refused_by_name() -> None:
    newer = sorted(TODAY.keys() - FIRST.selectors)
    with pytest.raises(
        UnknownInterface, match=r"none of interface 1 .* and interface 2 .*: of the latter it lacks \w+"
    ):
        recognised(FIRST.selectors | set(newer[:1]), TODAY)
    with pytest.raises(UnknownInterface, match="audit it with the version of crossvault whose contracts it has"):
        recognised(frozenset(list(FIRST.selectors)[1:]), TODAY)


def test_the_interface_of_a_vault_is_named() -> None:
    assert interface_of(frozenset(TODAY), TODAY) == (
        todays_number(), f"interface {todays_number()} (the contracts of this version)",
    )  # fmt: skip
    assert interface_of(FIRST.selectors, TODAY) == (1, "interface 1 (contracts until 2026-11-30)")
    assert interface_of(None, TODAY) == (None, "unknown: it lists no functions")
    number, text = interface_of(frozenset(list(FIRST.selectors)[1:]), TODAY)
    assert number is None and text.startswith("unknown: its interface is none of interface 1 ")


def test_every_earlier_shape_is_made_of_todays_fields() -> None:
    """By the names of fields: what an event or view had then, it still has."""
    build = compile_contracts()
    form = EarlierForm(build, FIRST)
    now = {(item["type"], item.get("name")): item for item in vault_abi(build)}
    seen = 0
    for item in FIRST.abi:
        if (today := now.get((item["type"], item["name"]))) is None:
            continue
        if item["type"] == "event":
            event = Event(item["name"], sample(today["inputs"]))
            assert form.event(event).values == sample(item["inputs"]), item["name"]
        elif item["name"] in ("snapshot", "metrics", "curves", "parameters"):
            assert form.result(item["name"], sample(today["outputs"])) == sample(item["outputs"]), item["name"]
        seen += 1
    assert seen > 100


@pytest.mark.slow
def test_a_vault_of_the_first_interface_is_followed_while_rules_agree(earlier: EarlierVault) -> None:
    replica = earlier.replica()
    replica.catch_up(earlier.agreed)
    replica.compare_all()
    assert replica.source.earlier is FIRST and replica.counts.steps == 54 and replica.counts.metrics > 15
    with pytest.raises(StoryMismatch, match=r"has interface 1 .*: stories are played on today's alone"):
        require_todays_interface(replica.source)
    with pytest.raises(BlockDiffers, match=r"step 55: withdraw_cash .*chain accepted, model NotAuthorized"):
        replica.catch_up()


@pytest.mark.slow
def test_an_audit_names_the_interface_of_a_vault(
    earlier: EarlierVault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = [
        "audit",
        "--rpc",
        earlier.node.url,
        "--vault",
        earlier.vault,
        "--checkpoint",
        str(tmp_path / "audit.jsonl"),
    ]
    assert main([*words, "--until-block", str(earlier.agreed)]) == 0
    assert "read as interface 1 (contracts until 2026-11-30), which today's model follows" in capsys.readouterr().out
    assert main([*words, "--json", "--until-block", str(earlier.agreed)]) == 0
    assert json.loads(capsys.readouterr().out)["interface"] == 1
    assert main(words) == 1
    assert "the vault has interface 1 (contracts until 2026-11-30), the model today's rules" in capsys.readouterr().out
    monkeypatch.setattr(interface_versions, "earlier_interfaces", lambda: ())
    assert main(words) == 2
    assert "its interface is none of" in capsys.readouterr().err
