"""The adapter of Chainlink-style aggregators, on a vault on Anvil: what it publishes and what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest

from crossvault.differential import doors
from crossvault.differential.step import VAULT, TokenSpec, World
from crossvault.evm.abi import Interface
from crossvault.evm.chain import Chain
from crossvault.evm.deploy import Deployer, vault_refusals
from crossvault.mirror.account import AccountId
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.market import MarketRisk
from crossvault.mirror.oracle import PriceGuard
from crossvault.mirror.refusal import Refusal

START = 1_700_000_000
WAD = 10**18
GRACE = 300
TERMS = AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
RISK = MarketRisk(heartbeat_secs=3600, initial_rate=WAD // 10, maintenance_rate=WAD // 20, skew_scale=WAD)


class Pulled:
    """A vault, an aggregator of eight digits, and the feeder between them."""

    def __init__(self) -> None:
        self.chain = Chain(World((TokenSpec("USDC", 6),), "USDC", "governor", 600, TERMS, START))
        self.deployer = Deployer(self.chain.node, self.chain.build, self.chain.names)
        self.names = self.chain.names
        self.names.bind("aggregator", self.deployer.deploy("Aggregator", ["uint8"], [8]))
        self.names.bind("sequencer", self.deployer.deploy("Aggregator", ["uint8"], [0]))
        addresses = [self.names.address(each) for each in (VAULT, "aggregator")]
        limits = 10_00000000, 10_000_00000000, self.names.address("sequencer"), GRACE
        types = ["address", "address", "uint256", "(int256,int256,address,uint256)"]
        self.names.bind("feeder", self.deployer.deploy("AggregatorFeeder", types, [*addresses, 0, limits]))
        artifacts = self.chain.build.artifacts
        errors = vault_refusals(self.chain.build)
        self.contracts = {
            "aggregator": Interface(artifacts["Aggregator"].abi, self.chain.codec),
            "sequencer": Interface(artifacts["Aggregator"].abi, self.chain.codec),
            "feeder": Interface(artifacts["AggregatorFeeder"].abi, self.chain.codec, errors),
        }
        steps = [
            doors.list_underlying(START, "governor", name="ETH", risk=RISK),
            doors.set_feeder(START, "governor", feeder="feeder", allowed=True),
        ]
        assert all(outcome.refusal is None for outcome in self.chain.play(steps))

    def call(self, at: int, contract: str, door: str, **args: Any) -> Refusal | None:
        """Calls a door at a time; what it was refused with, if it was."""
        node, interface = self.chain.node, self.contracts[contract]
        call = {"from": self.names.address("deployer"), "to": self.names.address(contract), "gas": hex(10**6)}
        call["input"] = interface.call(door, args)
        block = {"blockOverrides": {"time": hex(at)}, "calls": [call]}
        [answer] = node.rpc("eth_simulateV1", {"blockStateCalls": [block], "validation": False}, "latest")
        node.rpc("eth_sendTransaction", {**call, "gasPrice": "0x0"})
        node.rpc("evm_mine", at)
        [done] = answer["calls"]
        return None if done["status"] == "0x1" else interface.refusal(done["returnData"])

    def publish(self, round_id: int, answer: int, updated_at: int, at: int) -> None:
        """Gives the aggregator its next answer."""
        round_data = {"round_id": round_id, "answer": answer, "updated_at": updated_at}
        assert self.call(at, "aggregator", "set_round", **round_data) is None

    def sequence(self, is_up: bool, since: int, at: int) -> None:
        """Gives the feed of the sequencer its next round."""
        assert self.call(at, "sequencer", "set_round", round_id=1, answer=0 if is_up else 1, updated_at=since) is None

    def price(self) -> tuple[int, ...]:
        """The last print of the vault: index, premium, confidence, time."""
        return tuple(self.chain.snapshot([AccountId("alice")]).globals.prices[0][:4])


@pytest.fixture(scope="module")
def pulled() -> Iterator[Pulled]:
    made = Pulled()
    made.sequence(True, START - GRACE, START)
    yield made
    made.chain.close()


def test_rounds_reach_the_vault_and_what_is_none_is_refused(pulled: Pulled) -> None:
    pulled.publish(7, 2_000_12345678, START + 5, START + 10)
    assert pulled.call(START + 20, "feeder", "pull") is None
    good = (200012345678 * 10**10, 0, WAD, START + 5)
    assert pulled.price() == good
    repeated = pulled.call(START + 25, "feeder", "pull")
    assert repeated is not None and repeated.name == "RoundRepeated"
    refused = {
        "AnswerOutOfBounds": [(8, answer, START + 25) for answer in (1, 10_00000000, 10_000_00000000, 90_000_00000000)],
        "NoPrice": [(8, 0, START + 25), (8, -1, START + 25)],
        "RoundIncomplete": [(8, 2_000_00000000, 0)],
        "RoundGoesBackwards": [(6, 2_000_00000000, START + 25)],
        "PriceFromFuture": [(8, 2_000_00000000, START + 10_000)],
        "PriceGoesBackwards": [(8, 2_000_00000000, START + 4)],
    }
    at = START + 30
    for name, rounds in refused.items():
        for each in rounds:
            pulled.publish(*each, at)
            refusal = pulled.call(at + 1, "feeder", "pull")
            assert refusal is not None and refusal.name == name, (name, refusal)
            assert pulled.price() == good
            at += 2
    pulled.publish(8, 1_999_00000000, START + 40, at)
    assert pulled.call(at + 1, "feeder", "pull") is None
    assert pulled.price() == (1999 * WAD, 0, WAD, START + 40)


def test_nothing_is_published_while_a_sequencer_is_down_or_in_the_grace_time_after(pulled: Pulled) -> None:
    """A sequencer that is down, has no round, or has been up for a second less than the grace time."""
    at = START + 90
    pulled.publish(9, 2_001_00000000, at, at)
    for is_up, since, wait, name in (
        (False, at, 2, "SequencerDown"), (True, 0, 4, "SequencerDown"), (True, at, GRACE - 1, "SequencerGrace"),
    ):  # fmt: skip
        pulled.sequence(is_up, since, at + wait - 1)
        refusal = pulled.call(at + wait, "feeder", "pull")
        assert refusal is not None and refusal.name == name
    assert pulled.call(at + GRACE, "feeder", "pull") is None
    assert pulled.price() == (2001 * WAD, 0, WAD, at)


def test_a_round_does_not_confirm_its_own_jump(pulled: Pulled) -> None:
    """A jump of 50 % waits for a second print 60 seconds later: of the next round, not of the same one again."""
    at, guard = START + 500, doors.GUARD.of(underlying=0, guard=PriceGuard(WAD // 10, 60, 0))
    changes = [guard.schedule(at, "governor"), guard.enact(at + 600, "governor")]
    assert all(outcome.refusal is None for outcome in pulled.chain.play(changes))
    before = pulled.price()
    pulled.publish(10, 3_000_00000000, at + 600, at + 601)
    assert pulled.call(at + 602, "feeder", "pull") is None and pulled.price() == before
    repeated = pulled.call(at + 662, "feeder", "pull")
    assert repeated is not None and repeated.name == "RoundRepeated" and pulled.price() == before
    pulled.publish(11, 3_000_00000000, at + 663, at + 664)
    assert pulled.call(at + 665, "feeder", "pull") is None
    assert pulled.price() == (3000 * WAD, 0, WAD, at + 663)


def test_a_feeder_that_was_not_named_is_refused(pulled: Pulled) -> None:
    at = START + 1_900
    [outcome] = pulled.chain.play([doors.set_feeder(at, "governor", feeder="feeder", allowed=False)])
    assert outcome.refusal is None
    pulled.publish(12, 1_998_00000000, at, at + 1)
    refusal = pulled.call(at + 2, "feeder", "pull")
    assert refusal is not None and refusal.name == "NotFeeder"
