"""Every refusal of the vault and every door is reached by set pieces, on both sides and compared.

The set pieces near the limits reach most; what takes a world of its own is built here, step by step. What either
misses is searched for in short random walks, so that nothing hangs on one seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from crossvault.differential import doors
from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import DOORS, Step, TokenSpec, World
from crossvault.differential.story import Story, step_stream
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import vault_refusals
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import run_in_process
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import MAX_COLLATERALS, HaircutTerms
from crossvault.mirror.evm import Call
from crossvault.mirror.fixed import MAX_DECIMALS, WAD
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.market import MAX_UNDERLYINGS, MarketRisk, perp
from crossvault.walks.bounds import BoundsWalk
from crossvault.walks.corners import CornerCases
from crossvault.walks.position_limits import PositionLimits
from crossvault.walks.random_walk import Walk

# errors that the doors of the vault cannot raise, because inputs are bounded at the doors
UNREACHED = {"FullMulDivFailed", "ExpOverflow", "LnWadUndefined", "MagnitudeTooLarge"}
MOST_WALKS, WALK_STEPS = 12, 1_000

START = 1_700_000_000
ALICE, BOB = AccountId("alice"), AccountId("bob")
RISK = MarketRisk(
    heartbeat_secs=3_600, trade_band=WAD // 2, initial_rate=WAD // 10, maintenance_rate=WAD // 20,
    maintenance_scale=WAD, profit_weight=WAD, skew_scale=WAD,
)  # fmt: skip
COLLATERALS = tuple(TokenSpec(f"C{number}", 18) for number in range(MAX_COLLATERALS + 1))
WORLD = World(
    (TokenSpec("USDC", 6), TokenSpec("FINE", MAX_DECIMALS + 1), *COLLATERALS), "USDC", "governor", 0,
    AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600), START,
)  # fmt: skip


def opening() -> Iterator[Step]:
    """One underlying at 1,000, a feeder, and two accounts with 10,000 each."""
    yield doors.list_underlying(START, "governor", name="ETH", risk=RISK)
    yield doors.set_feeder(START, "governor", feeder="feeder", allowed=True)
    yield doors.publish_price(
        START, "feeder", underlying=0, index_wad=1_000 * WAD, premium_wad=0, confidence_wad=WAD, published_at=START
    )
    for account in (ALICE, BOB):
        yield doors.mint(START, account.owner, token="USDC", to=account.owner, amount_raw=10_000 * 10**6)
        yield doors.deposit_cash(START, account.owner, account=account, amount_raw=10_000 * 10**6)


def trade(at: int, size: int, price_usd: int = 1_000, taker: AccountId = BOB) -> Step:
    """A trade with alice of whole units, sent by an operator of both."""
    return doors.trade(
        at, "broker", maker=ALICE, taker=taker, instrument=perp(0), size=size * WAD, price_wad=price_usd * WAD
    )


def listings() -> dict[str, list[Step]]:
    """Announced underlyings and collaterals, of which the last is one too many or has too many decimals."""
    terms = HaircutTerms(WAD // 10, WAD // 10, WAD)
    collaterals = [
        door(START, "governor", token=each.name, underlying=0, terms=terms)
        for each in COLLATERALS
        for door in (doors.schedule_collateral, doors.list_collateral)
    ]
    underlyings = [
        door(START, "governor", name=f"U{number}", risk=RISK)
        for number in range(MAX_UNDERLYINGS)  # beside ETH
        for door in (doors.schedule_underlying, doors.list_underlying)
    ]
    fine = [
        door(START, "governor", token="FINE", underlying=0, terms=terms)
        for door in (doors.schedule_collateral, doors.list_collateral)
    ]
    return {"TooManyCollaterals": collaterals, "TooManyUnderlyings": underlyings, "TooManyDecimals": fine}


def pieces() -> dict[str, list[Step]]:
    """The steps after the opening by refusal; the last of each is refused with it."""
    allowed = [
        doors.set_operator(START, each.owner, account=each, operator="broker", allowed=True) for each in (ALICE, BOB)
    ]
    late = START + RISK.heartbeat_secs + 1
    return {
        **listings(),
        "NotBatchable": [doors.batch(START, "alice", calls=(Call("pause", {}),))],
        # of 20,000 in the vault 18,000 leave; bob wins 4,000, has 5,000, and wants 4,900 of the 2,000 that are left
        "InsufficientLiquidity": [
            *allowed,
            trade(START, 10),
            doors.withdraw_cash(START, "alice", account=ALICE, amount_raw=9_000 * 10**6, to="alice"),
            doors.withdraw_cash(START, "bob", account=BOB, amount_raw=9_000 * 10**6, to="bob"),
            doors.publish_price(
                START + 1, "feeder", underlying=0, index_wad=1_400 * WAD, premium_wad=0, confidence_wad=WAD,
                published_at=START + 1,
            ),
            trade(START + 1, -10, 1_400),
            doors.withdraw_cash(START + 1, "bob", account=BOB, amount_raw=4_900 * 10**6, to="bob"),
        ],
        "SameAccount": [*allowed, trade(START, 1, taker=ALICE)],
        "StalePrice": [*allowed, trade(late, 1)],
        "NotGuardian": [doors.pause(START, "alice")],
        # without a delay it falls due at once, and lapses 14 days later
        "AnnouncementLapsed": [
            doors.schedule_feeder(START, "governor", feeder="late"),
            doors.set_feeder(START + 14 * 86_400 + 1, "governor", feeder="late", allowed=True),
        ],
        "TokenListed": [
            door(START, "governor", token="USDC", underlying=0, terms=HaircutTerms(WAD // 10, WAD // 10, WAD))
            for door in (doors.schedule_collateral, doors.list_collateral)  # the quote token
        ],
        "FractionOutOfRange": [
            doors.bid(START, "bob", account=ALICE, bidder=BOB, fraction_wad=WAD + 1, limit_wad=WAD)
        ],
    }  # fmt: skip


def story(steps: list[Step]) -> Story:
    """A story of a fixed list of steps."""
    return Story("piece", "", 0, "", WORLD, ("ETH",), (), len(steps), lambda model: step_stream(steps))


def compared(played: Story) -> Counter[str]:
    """The refusals of a story, with equal outcomes on both sides."""
    result = run_in_process(played, Model(played.world), InProcessChain(played.world, compile_contracts()))
    assert result.failure is None, str(result.failure)
    return result.refusals


def alone(played: Story) -> tuple[set[str], set[str]]:
    """The refusals and the accepted doors of a story on the mirror; other tests play it on both sides."""
    model = Model(played.world)
    refused, accepted = set[str](), set[str]()
    for step, outcome in driven(played.steps(model), model.apply):
        if outcome.refusal:
            refused.add(outcome.refusal.name)
        else:
            accepted.add(step.action)
    return refused, accepted


@pytest.mark.parametrize("refusal", pieces())
def test_a_set_piece_is_refused_in_its_last_step_alone(refusal: str) -> None:
    assert compared(story([*opening(), *pieces()[refusal]])) == {refusal: 1}


@pytest.mark.slow
def test_set_pieces_together_reach_every_refusal_of_the_vault_and_every_door() -> None:
    build = compile_contracts()
    known = {item["name"] for abi in vault_refusals(build) for item in abi} - UNREACHED
    refused, used = set(pieces()), set[str]()
    for made in sources():
        found, accepted = alone(made)
        refused |= found
        used |= accepted
        if known <= refused and set(DOORS) <= used:
            break
    assert known - refused == set() and set(DOORS) - used == set()
    assert refused & UNREACHED == set()


def sources() -> Iterator[Story]:
    """The set pieces near limits, corners and bounds, followed by random walks."""
    build = compile_contracts()
    yield from (PositionLimits(seed, 0).story() for seed in (1, 2))
    yield from (CornerCases(seed, 0, build).story() for seed in (2, 3))
    yield BoundsWalk(1, 100, build).story()
    yield from (Walk(seed, WALK_STEPS).story() for seed in range(MOST_WALKS))
