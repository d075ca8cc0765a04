"""Parity of the two chain engines: Anvil and pyrevm return the same for the same calls, except for gas.

The end of this file lists what parity does not cover.
"""

from collections.abc import Iterator, Sequence

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, VAULT, Step, World
from crossvault.differential.story import Story
from crossvault.evm.chain import Chain
from crossvault.evm.deploy import GAS
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.pyrevm import EvmFailed, InMemoryEvm
from crossvault.mirror.account import AccountId
from crossvault.scenario import load
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from places import DATA

ZERO_ADDRESS = "0x" + "0" * 40
START_AT = 1_700_000_000


def steps_of(story: Story) -> tuple[Model, list[Step]]:
    """The steps of a story, as the model alone plays it, and the model after them."""
    model = Model(story.world)
    return model, [step for step, _ in driven(story.steps(model), model.apply)]


def require_parity(story: Story) -> list[str]:
    """Plays a story on both engines, compares outcomes, state and views; returns the names of the refusals."""
    model, steps = steps_of(story)
    chain, local = Chain(story.world), InProcessChain(story.world)
    try:
        theirs, ours = chain.play(steps), local.play(steps)
        for step, mine, other in zip(steps, ours, theirs, strict=True):
            assert mine == other, step
        accounts, at = tuple(model.vault.ledger.holders), steps[-1].at
        assert local.snapshot(accounts) == chain.snapshot(accounts) == model.snapshot(accounts)
        assert local.curves() == chain.curves() == model.vault.curves()
        for when in (at, at + 1, at + 3_600):
            assert local.metrics(accounts, when) == chain.metrics(accounts, when) == model.metrics(accounts, when)
        assert local.snapshot(accounts) == model.snapshot(accounts)  # queries change no state
        assert local.event_fields() == chain.event_fields()
        assert local.machine.number == int(chain.node.rpc("eth_blockNumber"), 16)
    finally:
        chain.close()
    return [outcome.refusal.name for outcome in ours if outcome.refusal]


LONG_WALKS = [pytest.param(*each, marks=pytest.mark.campaign) for each in ((41, 1_500), (42, 4_000), (43, 4_000))]


@pytest.mark.parametrize(("seed", "steps"), [(40, 400), *LONG_WALKS])
def test_random_walks(seed: int, steps: int) -> None:
    refusals = require_parity(Walk(seed, steps).story())
    assert len(refusals) > steps // 10 and len(set(refusals)) > 8


@pytest.mark.parametrize(
    ("seed", "steps"),
    [(40, 100), *(pytest.param(*each, marks=pytest.mark.campaign) for each in ((41, 1_000), (42, 3_000)))],
)
def test_signed_orders_also_of_wallets_that_send(seed: int, steps: int) -> None:
    story = OrderWalk(seed, steps).story()
    wallets = {wallet.name for wallet in story.world.wallets}
    assert {step.sender for step in steps_of(story)[1]} & wallets
    assert require_parity(story)


LONG = ("black-thursday", "bad-debt", "expiry-day", "short-strangle-into-crash")


@pytest.mark.parametrize(
    "name",
    [
        "quickstart",
        "portfolio-mode",
        *(pytest.param(name, marks=pytest.mark.slow) for name in LONG),
        pytest.param("black-thursday-data", marks=pytest.mark.campaign),
    ],
)
def test_shipped_scenarios(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.endswith("-data"):
        if not DATA.is_dir():
            pytest.skip("no market data is beside the clone, nor in $CROSSVAULT_DATA")
        monkeypatch.setenv("CROSSVAULT_DATA", str(DATA))
    require_parity(load(name))


@pytest.fixture(scope="module")
def world() -> World:
    return OrderWalk(0, 0).world


@pytest.fixture(scope="module")
def engines(world: World) -> Iterator[tuple[Chain, InProcessChain]]:
    chain = Chain(world)
    yield chain, InProcessChain(world)
    chain.close()


def test_contracts_have_the_same_addresses_and_code(engines: tuple[Chain, InProcessChain], world: World) -> None:
    chain, local = engines
    for name in (
        VAULT,
        EXCHANGE,
        "teller",
        "stress",
        *(t.name for t in world.tokens),
        *(w.name for w in world.wallets),
    ):
        address = chain.names.address(name)
        assert address == local.names.address(name)
        assert local.machine.code(address) == chain.node.rpc("eth_getCode", address, "latest")


def runtime(body: str) -> str:
    """A constructor that deploys a body as the runtime code."""
    size = len(body) // 2
    return f"0x60{size:02x}600a5f3960{size:02x}5ff3{body}"


def answer_of(opcodes: Sequence[str]) -> str:
    """A body that returns the word that each opcode pushes."""
    stores = "".join(f"{opcode}61{32 * place:04x}52" for place, opcode in enumerate(opcodes))
    return f"{stores}61{32 * len(opcodes):04x}5ff3"


# the block that a view reads, and its caller; Anvil draws PREVRANDAO, and its simulations give a block the number of
# the one before it, so numbers are compared as mined
ENVIRONMENT = {
    "TIMESTAMP": "42", "CHAINID": "46", "BASEFEE": "48", "COINBASE": "41", "GASPRICE": "3a",
    "CALLER": "33", "ORIGIN": "32", "CALLVALUE": "34", "SELFBALANCE": "47",
}  # fmt: skip


def answers_of_both(
    engines: tuple[Chain, InProcessChain], body: str, at: int
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Status and return data of a piece of code at a time, on both engines."""
    chain, local = engines
    deployer = chain.names.address("prober")
    here, there = local.machine.create(deployer, runtime(body), GAS), chain.node.create(deployer, runtime(body), GAS)
    assert here == there and here is not None
    call = {"from": ZERO_ADDRESS, "to": here, "input": "0x", "gas": GAS}
    [theirs], ours = chain.simulate(at, [call]), local.machine.query(call, at)
    return (ours["status"], ours["returnData"]), (theirs["status"], theirs["returnData"])


def test_the_block_environment_is_the_same(engines: tuple[Chain, InProcessChain]) -> None:
    at = START_AT + 12_345
    ours, theirs = answers_of_both(engines, answer_of(list(ENVIRONMENT.values())), at)
    words = [
        tuple(int(text[2 + 64 * i : 66 + 64 * i], 16) for i in range(len(ENVIRONMENT))) for _, text in (ours, theirs)
    ]
    mine, others = (dict(zip(ENVIRONMENT, each, strict=True)) for each in words)
    assert mine == others
    assert mine["TIMESTAMP"] == at and mine["CHAINID"] == CHAIN_ID


def test_mined_blocks_have_the_same_numbers(engines: tuple[Chain, InProcessChain]) -> None:
    chain, local = engines
    sender = chain.names.address("miner")
    body = "433655" + "5f545f5260205ff3"  # stores NUMBER at CALLDATASIZE, returns slot 0
    address = local.machine.create(sender, runtime(body), GAS)
    assert address == chain.node.create(sender, runtime(body), GAS) and address is not None
    for _ in range(2):
        local.machine.send(sender, address, "0x", GAS)
        chain.node.send(sender, address, "0x", GAS)
        call = {"from": ZERO_ADDRESS, "to": address, "input": "0x00", "gas": GAS}
        [theirs], ours = chain.simulate(START_AT, [call]), local.machine.query(call)
        assert ours["returnData"] == theirs["returnData"]
        assert int(ours["returnData"], 16) == local.machine.number == int(chain.node.rpc("eth_blockNumber"), 16)


# opcodes by the fork that introduced them: both engines have those up to Cancun and none of later forks
@pytest.mark.parametrize(
    ("body", "known"),
    [
        pytest.param("5f5f5ff3", True, id="PUSH0 of Shanghai"),
        pytest.param("60075f5d5f5c5f5260205ff3", True, id="TSTORE and TLOAD of Cancun"),
        pytest.param("60205f5f5e5f5ff3", True, id="MCOPY of Cancun"),
        pytest.param("4a5f5260205ff3", True, id="BLOBBASEFEE of Cancun"),
        pytest.param("60011e5f5260205ff3", False, id="CLZ of Osaka"),
        pytest.param("fe", False, id="INVALID"),
    ],
)
def test_the_hardfork_is_the_same(engines: tuple[Chain, InProcessChain], body: str, known: bool) -> None:
    ours, theirs = answers_of_both(engines, body, START_AT)
    assert ours == theirs
    assert (ours[0] == "0x1") == known


def test_transient_storage_ends_with_a_call() -> None:
    machine = InMemoryEvm(CHAIN_ID, START_AT)
    address = machine.create("0x" + "ab" * 20, runtime("5f5c5f5260015f5d60205ff3"), GAS)
    assert address is not None
    call = {"from": ZERO_ADDRESS, "to": address, "input": "0x", "gas": GAS}
    assert [int(machine.call(call)["returnData"], 16) for _ in range(2)] == [0, 0]


def test_returning_to_a_mark_restores_the_whole_state() -> None:
    story = Walk(5, 160).story()
    _, steps = steps_of(story)
    side, again = InProcessChain(story.world), InProcessChain(story.world)
    side.play(steps[:150])
    mark, number = side.mark(), side.machine.number
    for _ in range(2):
        first = side.play(steps[150:])
        side.back(mark)
        assert side.machine.number == number
    again.play(steps[:150])
    assert again.play(steps[150:]) == first == side.play(steps[150:])


def test_marks_nest() -> None:
    story = Walk(6, 60).story()
    _, steps = steps_of(story)
    side = InProcessChain(story.world)
    outer = side.mark()
    first = side.play(steps)
    inner = [side.mark() for _ in range(3)]
    side.back(inner[1])
    side.back(outer)
    assert side.play(steps) == first


def test_the_number_of_marks_is_limited() -> None:
    machine = InMemoryEvm(CHAIN_ID, START_AT)
    with pytest.raises(EvmFailed, match="marks at once"):
        for _ in range(2_000):
            machine.mark()


def test_an_error_other_than_a_refusal_is_a_failure_of_the_evm(world: World) -> None:
    side = InProcessChain(world)
    call = side.view("metrics", {"account": AccountId("owner0")})
    with pytest.raises(EvmFailed, match="Gas"):
        side.machine.call({**call, "gas": "0x3e8"})


# Not compared: gas (pyrevm's journal never ends, so touched slots stay warm), PREVRANDAO and block hashes (Anvil draws
# them), the block's gas limit (Anvil has its own; no contract here reads it).
