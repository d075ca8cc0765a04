"""A token that enters the vault again from within a transfer: by every door, refused alike on both sides."""

from pathlib import Path

import pytest

from crossvault.differential import doors
from crossvault.differential.callbacks import callback
from crossvault.differential.compare import differences
from crossvault.differential.model import Model
from crossvault.differential.step import Step, TokenSpec, World
from crossvault.evm.inprocess import InProcessChain
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.market import MarketRisk
from shrinking import broken

START = 1_700_000_000
WORLD = World(
    (TokenSpec("USDC", 6), TokenSpec("BELL", 2, "callback")), "USDC", "governor", 0,
    AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600), START,
)  # fmt: skip
RISK = MarketRisk(
    heartbeat_secs=86_400, trade_band=WAD // 2, initial_rate=WAD // 10, maintenance_rate=WAD // 20,
    maintenance_scale=WAD, profit_weight=WAD, skew_scale=WAD,
)  # fmt: skip
ALICE = AccountId("alice")
CHOICES, QUIET = 32, 31  # amounts by which a door is chosen, and one that chooses none
_DOOR = (
    "uint256 amountRaw, address to) external{}{{\n        requireWithdrawal(account, to);\n        requireCollateral"
)
GUARD = ("Custody.sol", _DOOR.format(" nonReentrant "), _DOOR.format(" "))


def deposit(amount_raw: int) -> Step:
    return doors.deposit_collateral(START, "alice", account=ALICE, collateral=0, amount_raw=amount_raw)


def withdrawal(amount_raw: int) -> Step:
    return doors.withdraw_collateral(
        START, "alice", account=ALICE, collateral=0, amount_raw=amount_raw, to="alice"
    )  # fmt: skip


def opening() -> list[Step]:
    price = {"index_wad": 20 * WAD, "premium_wad": 0, "confidence_wad": WAD, "published_at": START}
    return [
        doors.list_underlying(START, "governor", name="BELL", risk=RISK),
        doors.list_collateral(START, "governor", token="BELL", underlying=0, terms=HaircutTerms(0, 0, CAP)),
        doors.set_feeder(START, "governor", feeder="feeder", allowed=True),
        doors.publish_price(START, "feeder", underlying=0, **price),
        doors.mint(START, "faucet", token="BELL", to="alice", amount_raw=10**9),
        deposit(QUIET + 100 * CHOICES),
    ]


def play(contracts: Path | None) -> dict[str, set[str]]:
    """The refusals of the model by direction, each equal on both sides; "differs" where one is not."""
    model, side = Model(WORLD), InProcessChain(WORLD, contracts)
    found: dict[str, set[str]] = {"deposit_collateral": set(), "withdraw_collateral": set()}
    for step in opening():
        assert model.apply(step).refusal is None and side.apply(step).refusal is None
    for amount_raw in range(1, CHOICES + 1):
        for step in (deposit(amount_raw), withdrawal(amount_raw)):
            outcome = model.apply(step)
            differs = differences(side.apply(step), outcome, side.event_fields())
            name = outcome.refusal.name if outcome.refusal else "accepted"
            found[step.action].add("differs" if differs else name)
    return found


def test_every_door_refuses_a_token_that_calls_back_and_other_amounts_pass() -> None:
    refused = {"accepted", "ReentrancyGuardReentrantCall", "NotAuthorized", "NotGuardian", "NotFeeder"}
    assert play(None) == {"deposit_collateral": refused, "withdraw_collateral": refused}
    actions = [step.action for amount in range(CHOICES) if (step := callback("BELL", amount, START))]
    assert len(set(actions)) == len(actions) == 16


@pytest.mark.slow
def test_a_door_without_its_lock_differs(tmp_path: Path) -> None:
    assert "differs" in play(broken(tmp_path, GUARD))["withdraw_collateral"]
