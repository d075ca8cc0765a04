"""The EVM of a search on a node returns what pyrevm returns, for the same calls in the same order."""

from __future__ import annotations

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, VAULT, Step
from crossvault.differential.story import Story
from crossvault.evm import search_evm
from crossvault.evm.chain import EnginesDisagree
from crossvault.evm.compiler import compile_contracts, contract_sources, syntax_trees
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.node_evm import NodeEvm
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.mutation import batches
from crossvault.mutation.mutants import mutants
from crossvault.scenario import load
from crossvault.setup.toolchain import ToolchainMissing
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk


@pytest.fixture(autouse=True)
def on_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches as where pyrevm is not installed."""
    monkeypatch.setattr(search_evm, "is_in_process", lambda: False)


def opened(story: Story) -> InProcessChain:
    side = InProcessChain(story.world)
    assert side.engine == "anvil" and isinstance(side.machine, NodeEvm)
    return side


def steps_of(story: Story) -> list[Step]:
    """The steps of a story, as the model alone plays it."""
    model = Model(story.world)
    return [step for step, _ in driven(story.steps(model), model.apply)]


@pytest.mark.parametrize(
    "story",
    [
        Walk(40, 60).story(),
        pytest.param(Walk(41, 400).story(), marks=pytest.mark.slow),
        pytest.param(OrderWalk(40, 250).story(), marks=pytest.mark.slow),
        pytest.param(load("short-strangle-into-crash"), marks=pytest.mark.slow),
    ],
    ids=lambda story: story.name,
)
def test_walks_agree_with_the_model(story: Story) -> None:
    result = run_in_process(story, Model(story.world), opened(story), every=10)
    assert result.failure is None and result.compared == result.steps > 40


def test_marks_are_returned_to() -> None:
    story = Walk(42, 12).story()
    steps = steps_of(story)
    side, model = opened(story), Model(story.world)
    for step in steps[:30]:
        assert side.apply(step) == model.apply(step)
    first, accounts = side.mark(), tuple(model.vault.ledger.holders)
    kept = side.snapshot(accounts)
    outcomes = [side.apply(step) for step in steps[30:40]]
    second = side.mark()
    rest = [side.apply(step) for step in steps[40:]]
    side.back(second)
    assert [side.apply(step) for step in steps[40:]] == rest
    for _ in range(2):  # the mark stays
        side.back(first)
        assert side.snapshot(accounts) == kept
        assert [side.apply(step) for step in steps[30:40]] == outcomes


def test_code_is_replaced_between_calls_and_storage_is_kept() -> None:
    story = Walk(40, 20).story()
    side = opened(story)
    steps = steps_of(story)
    for step in steps:
        side.apply(step)
    vault, kept = side.names.address(VAULT), side.snapshot(())
    code = bytes.fromhex(side.machine.code(vault)[2:])
    side.machine.replace(vault, b"\xfe")
    assert side.machine.query(side.view("snapshot", {"ids": ()}))["status"] == "0x0"
    side.machine.replace(vault, code)
    assert side.snapshot(()) == kept


def test_a_node_is_used_again_in_its_first_state() -> None:
    first = NodeEvm(CHAIN_ID, 1_700_000_000)
    node, person = first._node, "0x" + "11" * 20
    assert first.create(person, "0x600160005560016000f3", hex(1_000_000))  # stores 1, returns one byte of code
    first.send(person, person, "0x", hex(100_000))
    del first
    second = NodeEvm(CHAIN_ID, 1_600_000_000)
    assert second._node is node
    assert node.rpc("eth_getTransactionCount", person, "latest") == "0x0"
    second.move(1_600_000_005)
    second.send(person, person, "0x", hex(100_000))
    second.move(1_600_000_009)
    assert int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) == 1_600_000_005


@pytest.mark.slow
def test_a_chunk_is_mined_as_it_was_simulated() -> None:
    story = Walk(40, 20).story()
    side = opened(story)
    steps = steps_of(story)
    for step in steps[:-5]:
        side.apply(step)
    machine = side.machine
    assert isinstance(machine, NodeEvm)
    mark = side.mark()
    for is_forged in (False, True):
        side.back(mark)
        side.chunk([(step, side.transaction(step), ()) for step in steps[-5:]])
        assert machine._chunk is not None
        if is_forged:
            machine._chunk.answer["returnData"] += "00"
            with pytest.raises(EnginesDisagree, match="mining 5 calls up to"):
                side.snapshot(())
        else:
            assert side.snapshot(()) and machine._chunk is None


def test_several_mutants_in_one_build_need_pyrevm() -> None:
    """A node draws the prevrandao of a block, which selects the mutant."""
    with pytest.raises(ToolchainMissing, match=r"need pyrevm.* Python 3\.11 and 3\.12"):
        search_evm.search_evm(CHAIN_ID, 1_700_000_000, mix=1)


def test_mutants_are_compiled_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch of combined mutants is the prevrandao of a block."""
    monkeypatch.setattr(batches, "is_in_process", lambda: False)
    sources = contract_sources()
    compiler = batches.MutantCompiler(sources, compile_contracts())
    numbered = list(enumerate(mutants(syntax_trees(), sources, ["Option.sol"]), 1))
    found = compiler.sorted_by_build(numbered)
    assert numbered and (list(found.combined), list(found.refused)) == ([], [])
    assert list(found.separate) == numbered
