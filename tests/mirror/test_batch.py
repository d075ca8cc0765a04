"""Margin of a batch is checked at its end: steps that fail alone may pass together, and no failing account remains."""

from itertools import permutations

import pytest

from crossvault.differential import doors
from crossvault.mirror import account as accounts, account_errors, market_errors
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.fixed import WAD
from small_market import (
    BROKER,
    EXPIRY,
    FUTURE,
    MAKER,
    OTHER,
    PERP,
    START,
    TAKER,
    SmallMarket,
    accepted,
    call,
    put,
    trade,
)
from test_undo import full_state


def spread_of(market: SmallMarket) -> tuple[Call, Call]:
    """The taker sells a call at 1400 and buys one at 1500: at most 100 are lost, and about 60 are received."""
    short = trade(call(1400), -1, market.mark(call(1400)))
    return short, trade(call(1500), 1, market.mark(call(1500)))


def premium(market: SmallMarket) -> int:
    return market.mark(call(1400)) - market.mark(call(1500))


def test_a_spread_opens_in_a_batch_although_neither_leg_opens_alone() -> None:
    """With 50 the short call needs 15 % of 1500 and its mark; the long one costs its mark. Together they need 100."""
    legs = spread_of(SmallMarket(maker=100_000, taker=50))
    for leg in legs:
        market = SmallMarket(maker=100_000, taker=50)
        refused = market.attempt_call(BROKER, leg).refusal
        assert isinstance(refused, account_errors.InsufficientMargin) and refused.args[0] == TAKER
    for order in (legs, legs[::-1]):
        market = SmallMarket(maker=100_000, taker=50)
        market.apply(BROKER, doors.batch, calls=order)
        metrics = market.model.vault.metrics(TAKER, now=market.at)
        assert metrics.initial_requirement_wad == 100 * WAD
        assert metrics.initial_equity_wad == 50 * WAD + premium(market)
        assert metrics.equity_wad == 50 * WAD


def test_a_batch_whose_end_fails_is_refused_and_leaves_no_trace() -> None:
    """V10: one unit of premium short of the width; the deposit and both trades inside it are undone."""
    market = SmallMarket(maker=100_000, taker=30)
    market.apply("taker", doors.mint, token="USDC", to="taker", amount_raw=5 * 10**6)
    deposit = doors.call_of(doors.deposit_cash(market.at, "taker", account=TAKER, amount_raw=10**6))
    market.apply("taker", doors.set_operator, account=TAKER, operator="taker", allowed=True)
    market.apply("maker", doors.set_operator, account=MAKER, operator="taker", allowed=True)
    before = full_state(market.model)
    assert premium(market) < 69 * WAD
    outcome = market.attempt("taker", doors.batch, calls=(deposit, *spread_of(market)))
    assert outcome.refusal == account_errors.InsufficientMargin(TAKER, 31 * WAD + premium(market), 100 * WAD)
    assert outcome.events == ()
    assert full_state(market.model) == before
    assert not market.model.vault.deferring and not any(
        market.model.vault.touches[each].named for each in (MAKER, TAKER)
    )


@pytest.mark.parametrize("calls", list(permutations(range(3))))
def test_the_order_in_a_batch_does_not_matter(calls: tuple[int, int, int]) -> None:
    market = SmallMarket(maker=100_000, taker=200)
    some = [*spread_of(market), trade(put(1400), 1, market.mark(put(1400)))]
    market.apply(BROKER, doors.batch, calls=tuple(some[number] for number in calls))
    holder = market.model.vault.ledger.holders[TAKER]
    sizes = {instrument: accounts.entry(holder, instrument).size for instrument in accounts.instruments(holder)}
    assert sizes == {call(1400): -WAD, call(1500): WAD, put(1400): WAD}
    assert holder.principal == 200 * WAD + premium(market) - market.mark(put(1400))


def test_risk_that_is_raised_and_reduced_in_a_batch_is_no_risk() -> None:
    """A perp of 100 bought and sold inside a batch needs nothing at its end, but the account must still pass."""
    market = SmallMarket(maker=100_000, taker=1)
    both = trade(PERP, 100, 1500 * WAD), trade(PERP, -100, 1500 * WAD)
    assert market.attempt_call(BROKER, both[0]).refusal is not None
    market.apply(BROKER, doors.batch, calls=both)
    assert accounts.instruments(market.model.vault.ledger.holders[TAKER]) == ()
    dear = trade(PERP, 100, 1501 * WAD), trade(PERP, -100, 1500 * WAD)
    assert isinstance(market.attempt(BROKER, doors.batch, calls=dear).refusal, account_errors.InsufficientMargin)


def test_the_margin_of_every_touched_account_is_checked() -> None:
    """The maker of one leg passes and that of the other does not: no trade remains."""
    market = SmallMarket(maker=100_000, taker=1_000, other=10)
    legs = trade(FUTURE, 1, 1500 * WAD), trade(PERP, -1, 1500 * WAD, maker=OTHER)
    before = full_state(market.model)
    refused = market.attempt(BROKER, doors.batch, calls=legs).refusal
    assert isinstance(refused, account_errors.InsufficientMargin) and refused.args[0] == OTHER
    assert full_state(market.model) == before


def failing() -> SmallMarket:
    """The taker bought a perp at 1500 with 200; at 1400 it has 100 of the 140 it needs."""
    market = SmallMarket(maker=100_000, taker=200)
    market.apply(BROKER, doors.batch, calls=(trade(PERP, 1, 1500 * WAD),))
    market.at += 1
    market.publish_index(1400)
    assert market.model.vault.initial_margin(TAKER, now=market.at) == -40 * WAD
    return market


def tenths(size: int, price_usd: int) -> Call:
    leg = trade(PERP, 1, price_usd * WAD)
    return leg._replace(args={**leg.args, "size": size * WAD // 10})


def test_a_failing_account_may_not_lower_its_margin_from_before_the_batch() -> None:
    """A tenth sold at 1000 loses 40 and frees 14: -66. Another at 1400 frees 14: -52, which is below -40."""
    lower = tenths(-1, 1000), tenths(-1, 1400)
    refused = failing().attempt(BROKER, doors.batch, calls=lower).refusal
    assert refused == account_errors.InsufficientMargin(TAKER, 60 * WAD, 112 * WAD)
    failing().apply(BROKER, doors.batch, calls=(*lower, tenths(-1, 1400)))  # -38


def test_a_deposit_and_a_loss_in_one_batch_count_together() -> None:
    """-40, 26 deposited; a tenth sold at 1000 costs 26: -40. With 25 it is less, and one by one -14 becomes -40."""
    for deposited, accepted_in_batch in ((26, True), (25, False)):
        market = failing()
        market.apply("maker", doors.set_operator, account=MAKER, operator="taker", allowed=True)
        market.apply("taker", doors.mint, token="USDC", to="taker", amount_raw=deposited * 10**6)
        made = doors.deposit_cash(market.at, "taker", account=TAKER, amount_raw=deposited * 10**6)
        refused = market.attempt("taker", doors.batch, calls=(doors.call_of(made), tenths(-1, 1000))).refusal
        assert (refused is None) == accepted_in_batch
    market = failing()
    market.apply("taker", doors.mint, token="USDC", to="taker", amount_raw=26 * 10**6)
    market.apply("taker", doors.deposit_cash, account=TAKER, amount_raw=26 * 10**6)
    refused = market.attempt(BROKER, doors.batch, calls=(tenths(-1, 1000),)).refusal
    assert isinstance(refused, account_errors.InsufficientMargin) and refused.args[0] == TAKER


def test_a_failing_account_may_not_raise_risk_in_a_batch_however_much_its_margin_rises() -> None:
    """A tenth bought at 1000 gains 40 and needs 14: -40 becomes -14, but risk has risen, even if it is sold again."""
    refused = failing().attempt(BROKER, doors.batch, calls=(tenths(1, 1000),)).refusal
    assert refused == account_errors.InsufficientMargin(TAKER, 140 * WAD, 154 * WAD)
    refused = failing().attempt(BROKER, doors.batch, calls=(tenths(1, 1200), tenths(-1, 1400))).refusal
    assert refused == account_errors.InsufficientMargin(TAKER, 120 * WAD, 140 * WAD)


def settled(price_usd: int) -> SmallMarket:
    """Three accounts hold instruments of an expiry that has settled at a price."""
    market = SmallMarket(maker=100_000, taker=5_000, other=5_000)
    for instrument, size, who in (
        (call(1400), -2, TAKER), (put(1600), 3, TAKER), (FUTURE, 2, OTHER), (call(1500), 1, OTHER), (PERP, 1, TAKER),
    ):  # fmt: skip
        leg = trade(instrument, size, market.mark(instrument), taker=who)
        accepted(market.attempt_call(BROKER, leg))
    market.at = EXPIRY - 7200
    market.publish_index(price_usd)
    market.at = EXPIRY
    market.publish_index(price_usd)
    return market


ALL = MAKER, TAKER, OTHER
GROUPS: tuple[tuple[tuple[AccountId, ...], ...], ...] = (
    (ALL,), (ALL[::-1],), ((MAKER,), (TAKER,), (OTHER,)), ((OTHER, TAKER), (MAKER,)), ((TAKER,), (OTHER, MAKER)),
    ((TAKER, TAKER), ALL, (MAKER,)),
)  # fmt: skip


@pytest.mark.parametrize("price_usd", [1, 1399, 1400, 1550, 1601, 3000])
def test_settling_in_any_groups_gives_the_same_cash(price_usd: int) -> None:
    """In any order and however often, each account has the value of its position in cash."""
    found = []
    for groups in GROUPS:
        market = settled(price_usd)
        before = {each: market.model.vault.metrics(each, now=market.at) for each in ALL}
        for group in groups:
            market.apply("stranger", doors.settle, underlying=0, expiry=EXPIRY, accounts=group)
        after = {each: market.model.vault.metrics(each, now=market.at) for each in ALL}
        assert after == before
        found.append([market.model.vault.ledger.holders[each].principal for each in ALL])
        assert sum(each.equity_wad for each in after.values()) == 110_000 * WAD
    assert all(each == found[0] for each in found)


def test_no_expiry_settles_before_its_time() -> None:
    market = SmallMarket(maker=100_000)
    refused = market.attempt("stranger", doors.settle, underlying=0, expiry=EXPIRY, accounts=(MAKER,)).refusal
    assert refused == market_errors.NotSettled(0, EXPIRY)
    market.at = START + 1
    unknown = market.attempt("stranger", doors.settle, underlying=0, expiry=EXPIRY + 1, accounts=(MAKER,)).refusal
    assert unknown == market_errors.UnknownExpiry(0, EXPIRY + 1)
