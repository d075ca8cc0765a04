"""The worst account - all collaterals and perps, a quote feed - fits every door into 30M gas, and options are cheap."""

from collections.abc import Iterator

import pytest
from probing import Probes, started

from sim.chain import Chain
from sim.mirror import cash, collateral, liquidation, market
from sim.mirror.account import AccountId
from sim.mirror.fixed import WAD
from sim.mirror.option import YEAR, Terms
from sim.mirror.surface import Svi
from sim.model import Model
from sim.side import Step, TokenSpec, World

AT = 1_700_000_000
LIMIT = 30_000_000
COUNT = 8
ALICE, BOB, CAROL = AccountId("alice"), AccountId("bob"), AccountId("carol")
TERMS = liquidation.Terms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
TOKENS = (TokenSpec("USDC", 6), *(TokenSpec(f"T{i}", 18) for i in range(COUNT)))


def _set_up() -> Iterator[Step]:
    risk = market.Risk(
        3_600, WAD // 20, WAD // 10, WAD // 10, 0, WAD // 10, WAD // 20, WAD // 2, 0, WAD, WAD // 2, WAD // 50,
        10**6 * WAD,
    )  # fmt: skip
    for i in range(COUNT):
        yield Step(AT, "gov", "list_underlying", {"name": f"U{i}", "risk": risk})
    for i in range(COUNT):
        terms = collateral.Terms(WAD // 10, WAD // 20, 10**6 * WAD)
        yield Step(AT, "gov", "list_collateral", {"token": f"T{i}", "underlying": i, "terms": terms})
    yield Step(AT, "gov", "set_feeder", {"feeder": "feed", "allowed": True})
    depeg = {"terms": cash.Terms(0, WAD, WAD)}
    yield Step(AT, "gov", "schedule_depeg", depeg)
    yield Step(AT, "gov", "enact_depeg", depeg)
    yield from _prints(100)
    for account in (ALICE, BOB, CAROL):
        yield Step(AT, "faucet", "mint", {"token": "USDC", "to": account.owner, "amount_raw": 10**15})
        amount = 10**10 if account == ALICE else 10**14
        yield Step(AT, account.owner, "deposit_cash", {"account": account, "amount_raw": amount})
        yield Step(AT, account.owner, "set_operator", {"account": account, "operator": "ex", "allowed": True})
        for i in range(COUNT):
            yield Step(AT, "faucet", "mint", {"token": f"T{i}", "to": account.owner, "amount_raw": 10**20})
            yield Step(AT, account.owner, "deposit_collateral",
                       {"account": account, "collateral": i, "amount_raw": 10**19})  # fmt: skip


def _prints(price: int) -> Iterator[Step]:
    for i in range(COUNT):
        yield Step(AT, "feed", "publish_price", {"underlying": i, "index_wad": price * WAD, "premium_wad": WAD,
                                                 "confidence_wad": WAD // 4, "published_at": AT})  # fmt: skip


def _trade(i: int) -> Step:
    args = {"maker": BOB, "taker": ALICE, "instrument": market.perp(i), "size": 100 * WAD, "price_wad": 101 * WAD}
    return Step(AT, "ex", "trade", args)


def _liquidation() -> Iterator[Step]:
    yield from _prints(83)
    yield Step(AT, "x", "start_liquidation", {"account": ALICE})
    args = {"account": ALICE, "bidder": CAROL, "fraction_wad": WAD, "limit_wad": 2**200}
    yield Step(AT, "carol", "bid", args)
    yield Step(AT, "bob", "withdraw_cash", {"account": BOB, "amount_raw": 1, "to": "bob"})
    yield Step(AT, "bob", "withdraw_collateral", {"account": BOB, "collateral": 7, "amount_raw": 1, "to": "bob"})


@pytest.mark.slow
def test_worst_account_fits_in_a_block() -> None:
    world = World(TOKENS, "USDC", "gov", 0, TERMS, AT)
    steps = [*_set_up(), *(_trade(i) for i in range(COUNT)), *_liquidation()]
    model, chain = Model(world), Chain(world)
    try:
        gas: dict[str, int] = {}
        for step in steps:
            [answer] = chain.simulate(step.at, [chain.transaction(step)])
            gas[step.action] = max(gas.get(step.action, 0), int(answer["gasUsed"], 16))
            [outcome] = chain.play([step])
            assert outcome == model.apply(step)
            assert outcome.refusal is None, (step, outcome.refusal)
    finally:
        chain.close()
    print(sorted(gas.items(), key=lambda each: -each[1]))
    assert max(gas.values()) < LIMIT
    assert {"bid", "trade", "start_liquidation", "withdraw_cash"} <= set(gas)


probes = pytest.fixture(started, scope="module")


def test_an_option_is_cheap_to_price(probes: Probes) -> None:
    """Near the centre of the distribution, in its middle and far out, with the call of the probe."""
    svi = Svi(WAD // 20, WAD // 10, -WAD // 3, WAD // 100, WAD // 5, YEAR // 4, 60_000 * WAD)
    for strike in (60_000, 90_000, 300_000):
        terms = {"terms": Terms(60_000 * WAD, strike * WAD, WAD // 2, YEAR // 4, 97 * WAD // 100, True)}
        assert probes.gas("ProbeOption", "price", terms) < 10_000
        assert probes.gas("ProbeOption", "greeks", terms) < 22_000
        assert probes.gas("ProbeSurface", "vol", {"self": svi, "strike_wad": strike * WAD}) < 6_000
