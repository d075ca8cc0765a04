"""V26 and V9: mistakes of each door that no other rule owns, planted one by one, are red; honest steps are not."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from code_planting import planted_code
from crossvault.differential import doors
from crossvault.mirror.evm import Call
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.surface import Svi
from judged_market import (
    ALICE,
    BOB,
    BROKER,
    CAROL,
    DAY,
    DELAY,
    EXPIRY,
    FEEDER,
    GOVERNOR,
    HAIRCUT,
    PERP,
    RISK,
    STRANGER,
    TERMS,
    JudgedMarket,
    signed,
)

Act = Callable[[JudgedMarket], list[str]]


class Mistake(NamedTuple):
    """A text of a module of the mirror, what it becomes, and the steps that show it."""

    module: str
    was: str
    becomes: str
    act: Act


def listed(m: JudgedMarket, token: str) -> list[str]:
    """A collateral that was announced its delay before."""
    assert m.do(doors.schedule_collateral, GOVERNOR, token=token, underlying=0, terms=HAIRCUT) == []
    m.at += DELAY
    return m.do(doors.list_collateral, GOVERNOR, token=token, underlying=0, terms=HAIRCUT)


def list_quote(m: JudgedMarket) -> list[str]:
    return listed(m, "USDC")


def list_again(m: JudgedMarket) -> list[str]:
    return listed(m, "WETH")


def list_deep(m: JudgedMarket) -> list[str]:
    return listed(m, "DEEP")


def list_many(m: JudgedMarket) -> list[str]:
    names = [f"U{number}" for number in range(8)]
    for name in names:
        assert m.do(doors.schedule_underlying, GOVERNOR, name=name, risk=RISK) == []
    m.at += DELAY
    for name in names[:-1]:
        assert m.do(doors.list_underlying, GOVERNOR, name=name, risk=RISK) == []
    return m.do(doors.list_underlying, GOVERNOR, name=names[-1], risk=RISK)


def risky(m: JudgedMarket) -> list[str]:
    return m.do(doors.schedule_underlying, GOVERNOR, name="X", risk=RISK._replace(mark_band=WAD))


def scheduled_beyond(m: JudgedMarket) -> list[str]:
    return m.do(doors.schedule_auction, GOVERNOR, terms=TERMS._replace(start_wad=WAD + 1))


def scheduled_unlisted(m: JudgedMarket) -> list[str]:
    return m.do(doors.schedule_haircut, GOVERNOR, collateral=2, terms=HAIRCUT)


def too_soon(m: JudgedMarket) -> list[str]:
    return m.do(doors.open_expiry, GOVERNOR, underlying=0, expiry=m.at + 1_800)


def opened_again(m: JudgedMarket) -> list[str]:
    return m.do(doors.open_expiry, GOVERNOR, underlying=0, expiry=EXPIRY)


def opened_by(m: JudgedMarket) -> list[str]:
    return m.do(doors.open_expiry, STRANGER, underlying=0, expiry=EXPIRY + DAY)


def future_print(m: JudgedMarket) -> list[str]:
    return m.price(2_000, at=m.at + 1)


def old_print(m: JudgedMarket) -> list[str]:
    return m.price(2_000, at=m.at - 1)


def certain(m: JudgedMarket) -> list[str]:
    return m.do(
        doors.publish_price, FEEDER, underlying=0, index_wad=WAD, premium_wad=0, confidence_wad=WAD + 1,
        published_at=m.at,
    )  # fmt: skip


def free(m: JudgedMarket) -> list[str]:
    return m.price(0)


def steep(m: JudgedMarket) -> list[str]:
    svi = Svi(a=WAD // 100, b=2 * WAD, rho=WAD // 2, ref_secs=DAY, ref_forward=WAD)
    return m.do(
        doors.publish_surface, FEEDER, underlying=0, expiry=EXPIRY, svi=svi, confidence_wad=WAD, published_at=m.at
    )


def unopened(m: JudgedMarket) -> list[str]:
    return m.do(
        doors.publish_forward, FEEDER, underlying=0, expiry=EXPIRY + 1, forward_wad=WAD, rate_wad=0,
        confidence_wad=WAD, published_at=m.at,
    )  # fmt: skip


def nothing_paid(m: JudgedMarket) -> list[str]:
    return m.do(doors.deposit_cash, ALICE.owner, account=ALICE, amount_raw=0)


def much_paid(m: JudgedMarket) -> list[str]:
    amount_raw = CAP // 10**12 + 1  # of 6 decimals, one more than fits
    assert m.do(doors.mint, "faucet", token="USDC", to=ALICE.owner, amount_raw=10**40) == []
    return m.do(doors.deposit_cash, ALICE.owner, account=ALICE, amount_raw=amount_raw)


def traded_alone(m: JudgedMarket) -> list[str]:
    return m.do(doors.trade, BROKER, maker=ALICE, taker=ALICE, instrument=PERP, size=WAD, price_wad=2_000 * WAD)


def traded_nothing(m: JudgedMarket) -> list[str]:
    return m.trade(0)


def on_sale(m: JudgedMarket) -> None:
    """Alice is short 500 at 2,000 and fails at 2,200."""
    assert m.trade(500) == m.price(2_200) == []
    assert m.do(doors.start_liquidation, STRANGER, account=ALICE) == []


def sold_twice(m: JudgedMarket) -> list[str]:
    on_sale(m)
    return m.do(doors.start_liquidation, STRANGER, account=ALICE)


def traded_on_sale(m: JudgedMarket) -> list[str]:
    on_sale(m)
    return m.trade(-1, 2_200)


def bid_nothing(m: JudgedMarket) -> list[str]:
    on_sale(m)
    return m.do(doors.bid, CAROL.owner, account=ALICE, bidder=CAROL, fraction_wad=0, limit_wad=CAP)


def roles_in_a_batch(m: JudgedMarket) -> list[str]:
    calls = (Call("settle", {"underlying": 0, "expiry": EXPIRY, "accounts": ()}),)
    m.at = EXPIRY
    m.price(2_000)
    return m.do(doors.batch, GOVERNOR, calls=calls)


def settled_early(m: JudgedMarket) -> list[str]:
    return m.do(doors.settle, STRANGER, underlying=0, expiry=EXPIRY, accounts=())


def an_early_mode(m: JudgedMarket) -> list[str]:
    return m.do(doors.set_mode, ALICE.owner, account=ALICE, mode=1)


def raised_floor(m: JudgedMarket) -> list[str]:
    return m.do(doors.cancel_below, ALICE.owner, account=ALICE, salt=9)


def next_epoch(m: JudgedMarket) -> list[str]:
    assert m.do(doors.cancel_below, ALICE.owner, account=ALICE, salt=9) == []
    return m.do(doors.next_epoch, ALICE.owner, account=ALICE)


def cancelled(m: JudgedMarket) -> list[str]:
    return m.do(doors.cancel, BOB.owner, order=m.pair().taker)


def paused(m: JudgedMarket) -> list[str]:
    return m.do(doors.pause, GOVERNOR)


def oversized(m: JudgedMarket) -> list[str]:
    """A part of an order that is one larger than any size."""
    pair = m.pair()
    order = pair.taker._replace(size=CAP + 1)
    return m.fill(pair._replace(taker=order, taker_signature=signed(order)))


def lower_floor(m: JudgedMarket) -> list[str]:
    assert m.do(doors.cancel_below, ALICE.owner, account=ALICE, salt=9) == []
    return m.do(doors.cancel_below, ALICE.owner, account=ALICE, salt=8)


def entered_again(m: JudgedMarket) -> list[str]:
    """The token makes an empty batch from within a transfer of twelve of it."""
    return m.do(doors.deposit_collateral, ALICE.owner, account=ALICE, collateral=1, amount_raw=12)


def offered(m: JudgedMarket) -> list[str]:
    return m.do(doors.offer_ownership, GOVERNOR, to=BROKER)


def fed(m: JudgedMarket) -> list[str]:
    return m.do(doors.set_feeder, GOVERNOR, feeder=FEEDER, allowed=False)


def enacted(m: JudgedMarket) -> list[str]:
    wide = TERMS._replace(slow_secs=1_200)
    assert m.do(doors.schedule_auction, GOVERNOR, terms=wide) == []
    m.at += 600
    return m.do(doors.enact_auction, GOVERNOR, terms=wide)


IDLE = ("ledger", "if self.sales[account].started_at != 0:", "if False:")
NO_PART = ("auction", "if fraction_wad == 0 or fraction_wad > fixed.WAD:", "if False:")
NO_CURVE = ("feed", "if curve.listed_at == 0 or curve.settlement != 0:", "if False:")
ALONE = ("vault", "        if maker == taker:\n", "        if False:\n")
NO_RANGE = ("market", "    if value < low or value > high:", "    if False:")
MISTAKES: dict[str, Mistake] = {
    "the quote token is listed": Mistake("listing", "if token == self.ledger.cash.token:", "if False:", list_quote),
    "a collateral is listed twice": Mistake("listing", "if listed.token == token:", "if False:", list_again),
    "a token of 19 decimals": Mistake("collateral", "if decimals > fixed.MAX_DECIMALS:", "if False:", list_deep),
    "a ninth underlying": Mistake("listing", "if count == market.MAX_UNDERLYINGS:", "if False:", list_many),
    "parameters beyond their range": Mistake(*NO_RANGE, risky),
    "terms beyond their range": Mistake(*NO_RANGE, scheduled_beyond),
    "portfolio mode without rules": Mistake(*NO_RANGE, an_early_mode),
    "an announcement for what is not listed": Mistake(
        "store", "if collateral >= len(self.ledger.assets):", "if False:", scheduled_unlisted
    ),
    "an expiry too soon": Mistake("listing", "if expiry < low_at or expiry > high_at:", "if False:", too_soon),
    "an expiry is opened twice": Mistake("listing", "if curve.listed_at != 0:", "if False:", opened_again),
    "a stranger governs": Mistake("store", "if sender != self.owner:", "if False:", opened_by),
    "a print from the future": Mistake("oracle", "if published_at > now:", "if False:", future_print),
    "a print older than the last": Mistake("oracle", "if published_at < last_at:", "if False:", old_print),
    "a print more than certain": Mistake("oracle", "if confidence_wad > fixed.WAD:", "if False:", certain),
    "a price of zero": Mistake("oracle", "    if price_wad == 0:\n", "    if False:\n", free),
    "a surface too steep": Mistake(*NO_RANGE, steep),
    "a forward of no expiry": Mistake(*NO_CURVE, unopened),
    "a deposit of nothing": Mistake("collateral", "    if amount_raw == 0:\n", "    if False:\n", nothing_paid),
    "a deposit beyond the cap": Mistake("collateral", "    if amount_wad > fixed.CAP:\n", "    if False:\n", much_paid),
    "an account trades with itself": Mistake(*ALONE, traded_alone),
    "a trade of nothing": Mistake("vault", "        if size == 0:\n", "        if False:\n", traded_nothing),
    "an auction that starts twice": Mistake(*IDLE, sold_twice),
    "an account on sale trades": Mistake(*IDLE, traded_on_sale),
    "a bid for nothing": Mistake(*NO_PART, bid_nothing),
    "a batch of governance": Mistake("vault", "if not self.is_batchable(call.action):", "if False:", roles_in_a_batch),
    "a settlement of what has not settled": Mistake("vault", "if curve.settlement == 0:", "if False:", settled_early),
    "an order beyond the cap": Mistake("exchange", "if fixed.abs(size) > fixed.CAP:", "if False:", oversized),
    "a floor that falls": Mistake("exchange", "if salt <= self.salt_floor[account]:", "if False:", lower_floor),
    "an epoch that stays": Mistake("exchange", "self.epoch_of[account] += 1", "pass", next_epoch),
    "a floor of an earlier epoch": Mistake("exchange", "self.salt_floor[account] = 0", "pass", next_epoch),
    "a floor that stays": Mistake("exchange", "self.salt_floor[account] = salt", "pass", raised_floor),
    "a cancellation that is not kept": Mistake("exchange", "self.progress[key].is_cancelled = True", "pass", cancelled),
    "a right that is not taken away": Mistake(
        "governance", "self.is_feeder[feeder] = allowed", "self.is_feeder[feeder] = True", fed
    ),
    "ownership that needs no acceptance": Mistake("governance", "self.pending_owner = to", "self.owner = to", offered),
    "terms that are not stored": Mistake("governance", "        self.ledger.terms = terms\n", "", enacted),
    "a pause that does not last": Mistake("governance", "        self.paused = True\n", "", paused),
    "a door within a door": Mistake("vault", "        if self.entered:\n", "        if False:\n", entered_again),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_of_a_door_is_outside_the_book(name: str) -> None:
    mistake, market = MISTAKES[name], JudgedMarket()
    with planted_code(f"crossvault.mirror.{mistake.module}", mistake.was, mistake.becomes):
        assert "V26" in mistake.act(market), market.found
