"""Two of three feeders: what they agree on reaches the vault, and what one of them prints alone has no effect."""

from collections.abc import Iterator
from typing import Any

import pytest

from crossvault.differential import doors
from crossvault.differential.step import VAULT, Step, TokenSpec, World
from crossvault.evm.abi import Interface
from crossvault.evm.chain import Chain
from crossvault.evm.deploy import Deployer, vault_refusals
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.surface import Svi

START, DAY, EXPIRY = 1_700_000_000, 86_400, 1_700_000_000 + 30 * 86_400
WAD = 10**18
TERMS = AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
RISK = MarketRisk(heartbeat_secs=DAY, initial_rate=WAD // 10, maintenance_rate=WAD // 20, skew_scale=WAD)
OPTIONS = OptionRisk(
    heartbeat_secs=DAY, max_spot_rate=WAD // 10, min_spot_rate=WAD // 10, put_initial_scale=WAD, unpaired_initial=WAD,
    unpaired_maintenance=WAD,
)  # fmt: skip
HAIRCUT = HaircutTerms(WAD // 5, WAD // 10, 10**24)
LENDER, MALLORY = AccountId("lender"), AccountId("mallory")
ONE_PER_CENT, WITHIN = WAD // 100, 300


class Quorum:
    """A vault whose only feeder is the contract of three: ann, ben and cleo."""

    def __init__(self) -> None:
        tokens = TokenSpec("USDC", 6), TokenSpec("WETH", 18)
        self.chain, self.at = Chain(World(tokens, "USDC", "governor", 600, TERMS, START)), START
        self.names = self.chain.names
        deployer = Deployer(self.chain.node, self.chain.build, self.names)
        feeders = [self.names.address(each) for each in ("ann", "ben", "cleo")]
        values = [self.names.address(VAULT), feeders, ONE_PER_CENT, WITHIN]
        types = ["address", "address[]", "uint256", "uint256"]
        self.names.bind("quorum", deployer.deploy("QuorumFeeder", types, values))
        abi = self.chain.build.artifacts["QuorumFeeder"].abi
        self.interface = Interface(abi, self.chain.codec, vault_refusals(self.chain.build))
        options = doors.OPTIONS.of(underlying=0, risk=OPTIONS)
        self.play(
            doors.list_underlying(START, "governor", name="ETH", risk=RISK),
            doors.list_collateral(START, "governor", token="WETH", underlying=0, terms=HAIRCUT),
            doors.set_feeder(START, "governor", feeder="quorum", allowed=True),
            options.schedule(START, "governor"),
            options.enact(START + 600, "governor"),
        )
        self.at = START + 700

    def play(self, *steps: Step) -> None:
        """Plays steps that the vault accepts."""
        assert [each.refusal for each in self.chain.play(steps) if each.refusal is not None] == []

    def call(self, sender: str, door: str, **args: Any) -> Refusal | None:
        """Calls a door of the contract a second later; what it was refused with, if it was."""
        self.at += 1
        call = {"from": self.names.address(sender), "to": self.names.address("quorum"), "gas": hex(2 * 10**6)}
        call["input"] = self.interface.call(door, args)
        block = {"blockOverrides": {"time": hex(self.at)}, "calls": [call]}
        node = self.chain.node
        [answer] = node.rpc("eth_simulateV1", {"blockStateCalls": [block], "validation": False}, "latest")
        node.rpc("eth_sendTransaction", {**call, "gasPrice": "0x0"})
        node.rpc("evm_mine", self.at)
        [done] = answer["calls"]
        return None if done["status"] == "0x1" else self.interface.refusal(done["returnData"])

    def price(self, sender: str, usd: int, premium: int = 0) -> int:
        """A print of the index by a feeder; the index in force afterwards [USD]."""
        args = {"index_wad": usd * WAD, "premium_wad": premium * WAD, "confidence_wad": WAD, "published_at": self.at}
        assert self.call(sender, "publish_price", underlying=0, **args) is None
        return self.chain.snapshot([LENDER]).globals.prices[0][0] // WAD

    def surface(self, sender: str, svi: Svi) -> Svi:
        """A print of a surface by a feeder; the one in force afterwards."""
        args = {"underlying": 0, "expiry": EXPIRY, "svi": svi, "confidence_wad": WAD, "published_at": self.at}
        assert self.call(sender, "publish_surface", **args) is None
        return Svi(*self.curve()[7])

    def curve(self) -> tuple[Any, ...]:
        """The expiry as the vault has it."""
        [state] = self.chain.curves()
        return state.curve


@pytest.fixture(scope="module")
def quorum() -> Iterator[Quorum]:
    made = Quorum()
    yield made
    made.chain.close()


def test_a_price_counts_once_two_agree(quorum: Quorum) -> None:
    """One per cent of 2,000 is 20; the middle of 2,000 and 2,020 is 2,010."""
    assert quorum.price("ann", 2_000) == 0
    assert quorum.price("ann", 2_000) == 0  # twice by one feeder is one feeder
    assert quorum.price("ben", 2_021) == 0
    assert quorum.price("cleo", 2_020) == 2_010
    assert quorum.price("ben", 1_900) == 2_010
    quorum.at += WITHIN + 5
    assert quorum.price("ann", 1_900) == 2_010  # too late
    assert quorum.price("cleo", 1_900, premium=25) == 2_010  # another premium
    assert quorum.price("ben", 1_900) == 1_900


def test_a_forward_and_a_surface_count_once_two_agree(quorum: Quorum) -> None:
    quorum.play(doors.open_expiry(quorum.at, "governor", underlying=0, expiry=EXPIRY))
    args = {"underlying": 0, "expiry": EXPIRY, "confidence_wad": WAD, "published_at": quorum.at}
    for sender, forward, due in (("ann", 2_000, 0), ("ben", 2_100, 0), ("cleo", 2_010, 2_005)):
        assert quorum.call(sender, "publish_forward", forward_wad=forward * WAD, rate_wad=0, **args) is None
        assert quorum.curve()[0] == due * WAD
    calm = Svi(WAD // 20, WAD // 100, 0, 0, WAD // 10, 30 * DAY, 2_000 * WAD)
    assert quorum.surface("ann", calm) == Svi()
    assert quorum.surface("ben", calm._replace(a=calm.a * 2)) == Svi()
    assert quorum.surface("ben", calm._replace(b=calm.b * 2)) == Svi()
    assert quorum.surface("cleo", calm._replace(b=calm.b * 201 // 200)) == calm


def test_a_stolen_key_moves_no_price(quorum: Quorum) -> None:
    """A print of 40,000, which takes all cash of lenders in tests/trust/feeder-prints, takes none: a loss of 0."""
    at = quorum.at
    assert (quorum.price("ann", 2_000), quorum.price("cleo", 2_000)) == (1_900, 2_000)
    quorum.play(
        *(doors.mint(at + 10, "faucet", token=each, to=who, amount_raw=10**24) for each, who in
          (("USDC", "lender"), ("WETH", "mallory"))),
        doors.deposit_cash(at + 10, "lender", account=LENDER, amount_raw=100_000 * 10**6),
        doors.deposit_collateral(at + 10, "mallory", account=MALLORY, collateral=0, amount_raw=10 * WAD),
    )  # fmt: skip
    quorum.at = at + 10
    assert quorum.price("ben", 40_000) == 2_000
    assert quorum.price("ben", 40_000) == 2_000
    taken = doors.withdraw_cash(quorum.at, "mallory", account=MALLORY, amount_raw=100_000 * 10**6, to="mallory")
    [outcome] = quorum.chain.play([taken])
    assert type(outcome.refusal).__name__ == "InsufficientMargin"
    # a stolen key stops no other two, and adds half of one per cent at most to what one of them prints
    assert quorum.price("ann", 2_100) == 2_000
    assert quorum.price("ben", 2_121) == 2_110


def test_a_revoked_feeder_has_no_voice_and_what_it_offered_is_gone(quorum: Quorum) -> None:
    assert quorum.price("ben", 2_200) == 2_110
    refusal = quorum.call("ann", "revoke", feeder="ben")
    assert refusal is not None and refusal.name == "NotOwner"
    assert quorum.call("governor", "revoke", feeder="ben") is None
    assert quorum.price("ann", 2_200) == 2_110
    for sender in ("ben", "mallory"):
        args = {"index_wad": 2_200 * WAD, "premium_wad": 0, "confidence_wad": WAD, "published_at": quorum.at}
        refusal = quorum.call(sender, "publish_price", underlying=0, **args)
        assert refusal is not None and refusal.name == "NotFeeder"
    assert quorum.price("cleo", 2_200) == 2_200
