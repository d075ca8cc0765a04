"""V26 of refusals: a call that the book allows is not refused; at each bound both sides are tried."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from code_planting import planted_code
from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.judge.table import RULES
from crossvault.mirror.exchange import Match
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.market import MarketRisk
from judged_market import (
    ALICE,
    BOB,
    CAROL,
    DELAY,
    EXPIRY,
    FEEDER,
    GOVERNOR,
    GUARDIAN,
    HAIRCUT,
    HEARTBEAT,
    HOUR,
    RISK,
    STRANGER,
    JudgedMarket,
    signed,
)

Make = Callable[[JudgedMarket], Step]


class Bound(NamedTuple):
    """A text of a module of the mirror, what it becomes, the refusal that is then wrong, and the step that it meets."""

    module: str
    was: str
    becomes: str
    refusal: str
    make: Make


def printed(m: JudgedMarket, at: int, confidence_wad: int = WAD, index_wad: int = 2_000 * WAD) -> Step:
    return doors.publish_price(
        m.at, FEEDER, underlying=0, index_wad=index_wad, premium_wad=0, confidence_wad=confidence_wad, published_at=at
    )


def filled(m: JudgedMarket, **changed: int) -> Step:
    return doors.fill(m.at, STRANGER, matches=(m.pair(**changed),))


def former(pair: Match) -> Match:
    return pair._replace(taker_signature=signed(pair.taker)._replace(version=1))


def due(m: JudgedMarket) -> Step:
    assert m.do(doors.schedule_haircut, GOVERNOR, collateral=0, terms=HAIRCUT) == []
    m.at += DELAY
    return doors.enact_haircut(m.at, GOVERNOR, collateral=0, terms=HAIRCUT)


def floored(m: JudgedMarket) -> Step:
    assert m.do(doors.cancel_below, BOB.owner, account=BOB, salt=5) == []
    return filled(m)


def last_second(m: JudgedMarket) -> Step:
    m.at += HEARTBEAT
    return doors.withdraw_cash(m.at, ALICE.owner, account=ALICE, amount_raw=1, to=ALICE.owner)


def last_trade(m: JudgedMarket) -> Step:
    m.at += HEARTBEAT
    return doors.trade(m.at, "broker", maker=ALICE, taker=BOB, instrument=1 << 136, size=WAD, price_wad=2_000 * WAD)


def at_the_edge(m: JudgedMarket) -> Step:
    return doors.trade(m.at, "broker", maker=ALICE, taker=BOB, instrument=1 << 136, size=WAD, price_wad=2_100 * WAD)


def all_of_it(m: JudgedMarket) -> Step:
    return doors.withdraw_collateral(
        m.at, ALICE.owner, account=ALICE, collateral=0, amount_raw=10 * WAD, to=ALICE.owner
    )


BOUNDS: dict[str, Bound] = {
    "the owner is none": Bound(
        "store", "if sender != self.owner:", "if sender == self.owner:", "NotOwner",
        lambda m: doors.unpause(m.at, GOVERNOR),
    ),
    "the guardian is none": Bound(
        "store", "if sender not in (self.guardian, self.owner):", "if sender != self.owner:", "NotGuardian",
        lambda m: doors.pause(m.at, GUARDIAN),
    ),
    "a pause that is none": Bound(
        "store", "        if self.paused:\n", "        if not self.paused:\n", "VaultPaused", last_second
    ),
    "due means later": Bound("store", "if now < due_at:", "if now <= due_at:", "TooEarly", due),
    "the first underlying": Bound(
        "store", "if underlying >= len(self.ledger.risks):", "if underlying >= 0:", "UnknownUnderlying",
        lambda m: doors.schedule_risk(m.at, GOVERNOR, underlying=0, risk=RISK),
    ),
    "the end of a range": Bound(
        "market", "    if value < low or value > high:", "    if value <= low or value > high:", "ParameterOutOfRange",
        lambda m: doors.schedule_risk(m.at, GOVERNOR, underlying=0, risk=RISK._replace(base_rate=0)),
    ),
    "the earliest expiry": Bound(
        "listing", "if expiry < low_at or", "if expiry <= low_at or", "ExpiryOutOfRange",
        lambda m: doors.open_expiry(m.at, GOVERNOR, underlying=0, expiry=m.at + 1_801),
    ),
    "a print of the same time": Bound(
        "oracle", "if published_at < last_at:", "if published_at <= last_at:", "PriceGoesBackwards",
        lambda m: printed(m, m.at),
    ),
    "a print of now": Bound(
        "oracle", "if published_at > now:", "if published_at >= now:", "PriceFromFuture", lambda m: printed(m, m.at)
    ),
    "a print that is certain": Bound(
        "oracle", "    if confidence_wad > fixed.WAD:", "    if confidence_wad >= fixed.WAD:", "ConfidenceTooLarge",
        lambda m: printed(m, m.at),
    ),
    "the largest price": Bound(
        "oracle", "    if price_wad > fixed.CAP:", "    if price_wad >= fixed.CAP:", "PriceTooLarge",
        lambda m: printed(m, m.at, index_wad=CAP),
    ),
    "an open expiry": Bound(
        "feed", "if curve.listed_at == 0 or", "if curve.listed_at != 0 or", "UnknownExpiry",
        lambda m: doors.publish_forward(
            m.at, FEEDER, underlying=0, expiry=EXPIRY, forward_wad=WAD, rate_wad=0, confidence_wad=WAD,
            published_at=m.at,
        ),
    ),
    "an order of its last second": Bound(
        "exchange", "if now > order.expires_at:", "if now >= order.expires_at:", "OrderExpired",
        lambda m: filled(m, expires_at=m.at),
    ),
    "an order at its floor": Bound(
        "exchange", "if order.salt < floor:", "if order.salt <= floor:", "OrderBelowFloor", floored
    ),
    "the whole of an order": Bound(
        "exchange", "if size_wad > rest_wad:", "if size_wad >= rest_wad:", "Overfilled", filled
    ),
    "a price at its limit": Bound(
        "exchange", "maker.limit_wad <= taker.limit_wad", "maker.limit_wad < taker.limit_wad", "LimitNotMet",
        lambda m: filled(m, limit_wad=2_000 * WAD),
    ),
    "a true signature": Bound(
        "exchange", "if content == Signature(signer, *key):", "if content != Signature(signer, *key):", "BadSignature",
        filled,
    ),
    "a signature of this version": Bound(
        "exchange", "if content == Signature(signer, *key):\n            return\n        if content ==",
        "if content !=", "OrderOfOtherVersion", filled,
    ),
    "an order of its epoch": Bound(
        "exchange", "if order.epoch != current:", "if order.epoch == current:", "OrderOfOtherEpoch", filled
    ),
    "a trade at the edge of its band": Bound(
        "vault", "price_wad > high_wad", "price_wad >= high_wad", "PriceOutsideBand", at_the_edge
    ),
    "the last fresh second": Bound(
        "oracle", "now - published_at <= heartbeat_secs", "now - published_at < heartbeat_secs", "StalePrice",
        last_trade,
    ),
    "an order of a size": Bound(
        "exchange", "if fixed.abs(size) > fixed.CAP:", "if fixed.abs(size) <= fixed.CAP:", "SizeTooLarge", filled
    ),
    "all of a balance": Bound(
        "custody", "if amount_raw > balance_raw:", "if amount_raw >= balance_raw:", "InsufficientCollateral", all_of_it
    ),
    "an account that is on no sale": Bound(
        "ledger", "if self.sales[account].started_at != 0:", "if self.sales[account].started_at == 0:",
        "UnderLiquidation", at_the_edge,
    ),
    "its owner may act": Bound(
        "account", "return ALL_SCOPES if sender", "return 0 if sender", "NotAuthorized",
        lambda m: doors.deposit_cash(m.at, CAROL.owner, account=CAROL, amount_raw=1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOUNDS)
def test_a_refusal_without_its_reason_is_red(name: str) -> None:
    bound, market, honest = BOUNDS[name], JudgedMarket(), JudgedMarket()
    assert honest.accepted(bound.make(honest)) == []
    step = bound.make(market)
    with planted_code(f"crossvault.mirror.{bound.module}", bound.was, bound.becomes):
        assert market.play(step) == ["V26"] and market.refusal == bound.refusal


def test_a_refusal_with_its_reason_is_not() -> None:
    market = JudgedMarket()
    for step in (
        doors.pause(market.at, STRANGER), doors.accept_ownership(market.at, STRANGER),
        doors.list_underlying(market.at, GOVERNOR, name="X", risk=MarketRisk()),
        doors.deposit_cash(market.at, STRANGER, account=ALICE, amount_raw=1), printed(market, market.at + 1),
        printed(market, market.at, WAD + 1), filled(market, expires_at=market.at - 1), filled(market, size=-WAD),
        doors.settle(market.at, STRANGER, underlying=0, expiry=EXPIRY, accounts=()),
        doors.fill(market.at, STRANGER, matches=(market.pair()._replace(taker_signature=signed(market.pair().maker)),)),
        doors.fill(market.at, STRANGER, matches=(former(market.pair()),)), filled(market, epoch=1),
    ):  # fmt: skip
        assert market.play(step) == [] and market.refusal, step.action


def test_a_row_of_the_table_has_the_rule() -> None:
    assert [rule.number for rule in RULES if rule.check.__name__ == "reasoned"] == ["V26"]
    assert HOUR < HEARTBEAT
