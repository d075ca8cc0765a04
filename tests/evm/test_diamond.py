"""The table of facets: EIP-2535's views of it, what it refuses, and that nothing changes it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import decode

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, TokenSpec, World
from crossvault.evm.abi import Interface
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.chain import Chain
from crossvault.evm.codec import AddressBook
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import (
    FACETS,
    Deployer,
    DeployFailed,
    contract_plans,
    deploy_tokens,
    diamond_abi,
    module_name,
    selectors,
    vault_abi,
)
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.search_evm import search_evm
from crossvault.fuzz.task import WalkTask
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.upgrade.storage_layout import storage_fields
from places import ROOT

TERMS = AuctionTerms(buffer_wad=0, start_wad=10**18, knee_wad=10**18, fast_secs=1, slow_secs=1, insolvent_secs=1)
WORLD = World((TokenSpec("USD", 6),), "USD", "owner", 0, TERMS, 1_700_000_000)
OF_LOUPE, OF_165, OF_NOTHING = "48e2b093", "01ffc9a7", "ffffffff"  # as EIP-2535 and EIP-165 publish them
CUT_TOPIC = "0x8faa70878671ccd212d20771b795c50af8fd3ff6cf27f4bde57e5d4de0aeb673"  # DiamondCut of EIP-2535
TABLE = "(address,bytes4[])[]"


class Loupe:
    """A vault on a node, and the views of its table."""

    def __init__(self) -> None:
        self.chain = Chain(WORLD)
        self.vault, self.build = self.chain.names.address("vault"), self.chain.build
        self._views = self.build.artifacts["Diamond"].method_identifiers

    def view(self, signature: str, result: str, argument: str = "") -> Any:
        """The only result of a view."""
        data = "0x" + self._views[signature] + argument
        [found] = decode([result], bytes.fromhex(self.answer(data)[2:]))
        return found

    def answer(self, data: str, value: str = "0x0") -> str:
        """The answer to a call of the vault. Raises ChainRefused."""
        call = {"from": self.chain.names.address("alice"), "to": self.vault, "input": data, "value": value}
        return str(self.chain.node.rpc("eth_call", call, "latest"))

    def refusal(self, data: str, value: str = "0x0") -> str:
        """The refusal of a call."""
        known = Interface(self.build.artifacts["Vault"].abi, self.chain.codec)
        with pytest.raises(ChainRefused) as found:
            self.answer(data, value)
        return str(known.refusal(found.value.data))


@pytest.fixture(scope="module")
def loupe() -> Iterator[Loupe]:
    found = Loupe()
    found.chain.node.rpc("anvil_setBalance", found.chain.names.address("alice"), hex(10**20))
    yield found
    found.chain.close()


def test_the_table_has_every_function_of_the_vault_once(loupe: Loupe) -> None:
    names = loupe.chain.names
    table = loupe.view("facets()", TABLE)
    placed = [loupe.vault, *(names.address(module_name(name)) for name in FACETS)]
    assert [facet for facet, _ in table] == placed == list(loupe.view("facetAddresses()", "address[]"))
    listed = [selector.hex() for _, found in table for selector in found]
    abi = [item for item in (*vault_abi(loupe.build), *diamond_abi(loupe.build)) if item["type"] == "function"]
    artifacts = [loupe.build.artifacts[name] for name in ("Vault", *FACETS)]
    known = {selector for each in artifacts for selector in each.method_identifiers.values()}
    assert len(listed) == len(set(listed)) == len(abi) and set(listed) == known


def test_the_specification_lists_every_function_by_contract() -> None:
    """Doors and views of each part, as the table in contracts/README.md has them."""
    text = (ROOT / "contracts" / "README.md").read_text(encoding="utf8")
    rows = text.partition("| Contract | Doors | Views |\n")[2].partition("\n\n")[0].splitlines()[1:]
    listed = {
        name.strip(" `"): (set(_words(doors)), set(_words(views))) for _, name, doors, views, _ in map(_cells, rows)
    }
    build = compile_contracts()
    inherited = {item["name"] for item in build.artifacts["Store"].abi if item["type"] == "function"}
    for name in ("Vault", *FACETS):
        items = [item for item in build.artifacts[name].abi if item["type"] == "function"]
        own = [item for item in items if name == "Vault" or item["name"] not in inherited]
        views = {item["name"] for item in own if item["stateMutability"] == "view"}
        assert listed.pop(name) == ({item["name"] for item in own} - views, views), name
    assert listed == {}


def _cells(row: str) -> list[str]:
    return row.split("|")


def _words(cell: str) -> Iterator[str]:
    """The functions of a cell; `schedule…` and `enact…` are of every subject after them."""
    first, _, subjects = cell.partition("`schedule…` and `enact…` of ")
    yield from re.findall(r"`(\w+)`", first)
    yield from (f"{verb}{each}" for each in re.findall(r"`(\w+)`", subjects) for verb in ("schedule", "enact"))


def test_each_view_of_the_table_gives_the_same_facets(loupe: Loupe) -> None:
    for facet, found in loupe.view("facets()", TABLE):
        word = facet[2:].rjust(64, "0")
        assert loupe.view("facetFunctionSelectors(address)", "bytes4[]", word) == found and found
        for selector in found:
            assert loupe.view("facetAddress(bytes4)", "address", selector.hex().ljust(64, "0")) == facet
    assert loupe.view("facetFunctionSelectors(address)", "bytes4[]", "0" * 24 + "ab" * 20) == ()
    assert loupe.view("facetAddress(bytes4)", "address", OF_NOTHING.ljust(64, "0")) == "0x" + "0" * 40


def test_the_vault_states_which_interfaces_it_has(loupe: Loupe) -> None:
    supports = {
        each: loupe.view("supportsInterface(bytes4)", "bool", each.ljust(64, "0"))
        for each in (OF_LOUPE, OF_165, OF_NOTHING, "1f931c1c")  # the last is diamondCut, which there is not
    }
    assert supports == {OF_LOUPE: True, OF_165: True, OF_NOTHING: False, "1f931c1c": False}
    assert Interface(diamond_abi(loupe.build), loupe.chain.codec).topic("DiamondCut") == CUT_TOPIC


def test_a_call_that_no_facet_has_is_refused(loupe: Loupe) -> None:
    assert loupe.refusal("0xdeadbeef") == f"UnknownSelector(selector=0x{'deadbeef'.ljust(64, '0')})"
    nothing = f"UnknownSelector(selector=0x{'0' * 64})"
    assert loupe.refusal("0x") == nothing and loupe.refusal("0x", "0x1") == nothing  # nor does it take ether
    pause = loupe.build.artifacts["Governance"].method_identifiers["pause()"]
    assert loupe.refusal(f"0x{pause}", "0x1") == "RevertedSilently()"
    assert loupe.refusal("0x1f931c1c").startswith("UnknownSelector(")  # diamondCut


def test_a_selector_of_two_facets_is_refused_at_construction() -> None:
    """By name: the planted build gives the selector of `pause()` to the contract of prices too."""
    build = compile_contracts()
    feed = build.artifacts["Feed"]
    pause = build.artifacts["Governance"].method_identifiers["pause()"]
    planted = replace(feed, method_identifiers={**feed.method_identifiers, "pause()": pause})
    with pytest.raises(DeployFailed) as found:
        InProcessChain(WORLD, replace(build, artifacts={**build.artifacts, "Feed": planted}))
    refusal = f"SelectorTaken(selector=0x{pause:0<64}, facet=Governance.sol), the selector of pause()"
    assert str(found.value) == f"Vault could not be deployed: its constructor refuses: {refusal}"


def test_a_facet_without_code_is_refused_at_construction() -> None:
    build, names = compile_contracts(), AddressBook()
    deployer = Deployer(search_evm(CHAIN_ID, WORLD.starts_at), build, names)
    deploy_tokens(deployer, WORLD)
    with pytest.raises(DeployFailed, match=r"constructor refuses: FacetWithoutCode\(facet=Feed.sol\)$"):
        for plan in contract_plans(WORLD, names, build):
            address = "0x" + "ab" * 20 if plan.contract == "Feed" else None
            names.bind(plan.name, address or deployer.deploy(plan.contract, plan.types, plan.values))


def test_an_engine_names_the_refusal_of_a_constructor_as_the_other_does(loupe: Loupe) -> None:
    """No underlying can be of zero seconds: the terms of auctions are refused, on Anvil and in this process."""
    world = replace(WORLD, terms=TERMS._replace(fast_secs=0))
    found = []
    for chain in (Chain, InProcessChain):
        with pytest.raises(DeployFailed) as refused:
            chain(world)
        found.append(str(refused.value))
    assert found[0] == found[1]
    assert found[0].startswith("Vault could not be deployed: its constructor refuses: ParameterOutOfRange(")


def test_a_contract_that_is_too_large_is_named_with_its_size() -> None:
    """Code of one byte more than a chain takes: a constructor that returns so many zeros."""
    build = compile_contracts()
    large = replace(build.artifacts["Feed"], bytecode="6160015ff3", deployed_bytecode="00" * 24_577)
    with pytest.raises(DeployFailed) as found:
        InProcessChain(WORLD, replace(build, artifacts={**build.artifacts, "Feed": large}))
    assert str(found.value) == "Feed could not be deployed: it has 24,577 bytes of code, the chain takes 24,576"


def test_nothing_changes_the_table() -> None:
    """Only views of Diamond reach it; no facet has its fields; and it is the same after every door of a walk."""
    build = compile_contracts()
    assert {item["stateMutability"] for item in diamond_abi(build) if item["type"] == "function"} == {"view"}
    own = {"facetOf", "table"}
    assert {name for name in storage_fields(build.artifacts["Vault"]) if name in own} == own
    assert [name for name in FACETS if own & storage_fields(build.artifacts[name]).keys()] == []
    story = WalkTask("steps", 0, 60).story()
    chain = InProcessChain(story.world)
    call = {"from": "0x" + "0" * 40, "to": chain.names.address("vault"), "gas": hex(10**7)}
    call["input"] = "0x" + build.artifacts["Diamond"].method_identifiers["facets()"]
    before = chain.machine.query(call)
    model = Model(story.world)
    accepted = set[str]()
    for step, outcome in driven(story.steps(model), model.apply):
        assert chain.apply(step) == outcome
        accepted |= {step.action} if outcome.refusal is None else set()
    assert len(accepted) > 15
    assert chain.machine.query(call) == before and before["status"] == "0x1"


def test_each_selector_is_of_the_contract_that_implements_it() -> None:
    """The views of the storage that all inherit are the vault's; every other function is of one contract."""
    build = compile_contracts()
    inherited = set(build.artifacts["Store"].method_identifiers)
    assert "owner()" in inherited
    table = selectors(build)
    for name in FACETS:
        own = set(build.artifacts[name].method_identifiers) - inherited
        assert {build.artifacts[name].method_identifiers[each] for each in own} == set(table[name]) != set()
