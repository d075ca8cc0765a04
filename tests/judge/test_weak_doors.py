"""Known weaknesses of doors and prices: each is red by its rule, and the honest step next to it is not."""

from collections.abc import Callable

import pytest

from code_planting import planted_code, planted_mirror
from crossvault.differential import doors
from crossvault.differential.step import EXCHANGE, Step
from crossvault.judge.guard_rules import live_funding
from crossvault.judge.table import RULES
from crossvault.mirror.account import DEPOSIT, TRADE, WITHDRAW
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.market import perp
from crossvault.mirror.oracle import PriceGuard
from judged_margin import plant
from judged_market import (
    ALICE,
    BOB,
    BROKER,
    CAROL,
    DELAY,
    FEEDER,
    FUTURE,
    GOVERNOR,
    GUARDIAN,
    HEARTBEAT,
    HOUR,
    RISK,
    STRANGER,
    JudgedMarket,
)
from judged_money import endless_funding, moves_unlimited, recipients_unchecked

GUARD = PriceGuard(max_jump=WAD // 10, confirm_secs=60, stable_rate=0)


def test_every_weak_rule_names_the_actions_that_are_known() -> None:
    assert {rule.check.__name__ for rule in RULES if rule.known} >= {
        "shields",
    }  # fmt: skip


def test_an_operator_withdraws_to_the_owner_only() -> None:
    market = JudgedMarket()
    for to, red in ((ALICE.owner, []), (BROKER, ["V31"])):
        with recipients_unchecked():
            assert market.do(doors.withdraw_cash, BROKER, account=ALICE, amount_raw=10**9, to=to) == red
            assert (
                market.do(doors.withdraw_collateral, BROKER, account=ALICE, collateral=0, amount_raw=WAD, to=to) == red
            )  # fmt: skip
    assert market.do(doors.withdraw_cash, ALICE.owner, account=ALICE, amount_raw=10**9, to=BROKER) == []
    taken = doors.withdraw_cash(market.at, BROKER, account=ALICE, amount_raw=1, to=BROKER)
    assert market.play(taken) == [] and market.refusal == "NotAuthorized"


SCOPED: dict[str, tuple[int, Callable[[JudgedMarket], Step]]] = {
    "trade": (TRADE, lambda m: doors.trade(
        m.at, BROKER, maker=BOB, taker=ALICE, instrument=perp(0), size=WAD, price_wad=2_000 * WAD
    )),
    "deposit": (DEPOSIT, lambda m: doors.deposit_cash(m.at, BROKER, account=ALICE, amount_raw=1)),
    "collateral": (DEPOSIT, lambda m: doors.deposit_collateral(
        m.at, BROKER, account=ALICE, collateral=0, amount_raw=1
    )),
    "withdrawal": (WITHDRAW, lambda m: doors.withdraw_cash(
        m.at, BROKER, account=ALICE, amount_raw=1, to=ALICE.owner
    )),
}  # fmt: skip


@pytest.mark.parametrize("act", SCOPED)
@pytest.mark.parametrize("scopes", range(8))
def test_an_operator_acts_in_its_scopes_alone(act: str, scopes: int) -> None:
    market, (scope, step) = JudgedMarket(), SCOPED[act]
    for token in ("USDC", "WETH"):
        assert market.do(doors.mint, STRANGER, token=token, to=BROKER, amount_raw=1) == []
    assert market.do(doors.set_scopes, ALICE.owner, account=ALICE, operator=BROKER, scopes=scopes) == []
    assert market.play(step(market)) == []
    assert market.refusal == ("" if scopes & scope else "NotAuthorized")
    assert market.play(doors.set_scopes(market.at, BROKER, account=ALICE, operator=BROKER, scopes=7)) == []
    assert market.refusal == "NotAuthorized"
    assert market.play(doors.set_scopes(market.at, ALICE.owner, account=ALICE, operator=BROKER, scopes=8)) == []
    assert market.refusal == "ParameterOutOfRange"


def test_an_account_that_withdraws_its_last_holdings_is_empty() -> None:
    market = JudgedMarket()
    all_of_it = doors.withdraw_collateral(
        market.at, ALICE.owner, account=ALICE, collateral=0, amount_raw=10 * WAD, to=ALICE.owner
    )
    assert market.do(doors.withdraw_cash, ALICE.owner, account=ALICE, amount_raw=10**11, to=ALICE.owner) == []
    for operator in (BROKER, EXCHANGE):
        assert market.do(doors.set_operator, ALICE.owner, account=ALICE, operator=operator, allowed=False) == []
    assert market.accepted(all_of_it) == []
    assert not any(market.books.account(ALICE).balances)


def test_an_account_on_sale_that_names_a_bidder_its_operator_takes_no_bid_away() -> None:
    market = JudgedMarket()
    name = doors.set_operator
    assert market.do(name, ALICE.owner, account=ALICE, operator=CAROL.owner, allowed=True) == []
    assert market.do(name, ALICE.owner, account=ALICE, operator=CAROL.owner, allowed=False) == []
    assert market.trade(500) == market.price(2_200) == []
    assert market.do(doors.start_liquidation, STRANGER, account=ALICE) == []
    market.at += 60
    assert market.do(name, ALICE.owner, account=ALICE, operator=STRANGER, allowed=True) == []  # has nothing to bid with
    assert market.do(name, ALICE.owner, account=ALICE, operator=CAROL.owner, allowed=True) == []
    bid = doors.bid(market.at, CAROL.owner, account=ALICE, bidder=CAROL, fraction_wad=WAD // 10, limit_wad=CAP)
    assert market.play(bid) == [] and market.refusal == ""
    own = doors.bid(market.at, BROKER, account=ALICE, bidder=BOB, fraction_wad=WAD // 10, limit_wad=CAP)
    assert market.play(own) == [] and market.refusal == "OwnBid"  # the broker has traded for the account


def test_in_a_pause_no_leg_of_a_spread_is_closed() -> None:
    """10 of perp against 10 of a future require nothing at a spread rate of zero; the perp alone 10 % of 20,000."""
    market = JudgedMarket()
    assert market.trade(10) == market.trade(-10, instrument=FUTURE) == []
    assert market.do(doors.pause, GUARDIAN) == []
    leg = doors.trade(
        market.at, BROKER, maker=ALICE, taker=BOB, instrument=FUTURE, size=10 * WAD, price_wad=2_000 * WAD
    )
    assert market.play(leg) == [] and market.refusal == "VaultPaused"
    with planted_mirror(plant("unhedged-in-a-pause")):
        assert market.trade(10, instrument=FUTURE) == ["V30"]
    assert market.found[0].endswith(f"rises in a pause from 0 to {2_000 * WAD}")
    assert market.trade(-10) == []


def test_a_ladder_of_prints_is_a_jump() -> None:
    """Twice 8 % is 16.64 %: within a minute it is more than 10 %, two minutes later it is not."""
    for secs, red in ((59, ["V33"]), (120, [])):
        market = JudgedMarket(GUARD)
        market.at += HOUR
        assert market.price(2_160) == []
        market.at += secs
        with moves_unlimited():
            assert sorted({*market.price(2_300)}) == red
        market.at += 2 * 60
        assert market.price(2_480) == []
    assert JudgedMarket(GUARD._replace(confirm_secs=0)).price(2_160) == []


def test_a_confirmed_jump_is_none() -> None:
    market = JudgedMarket(GUARD)
    assert market.price(3_000) == []
    market.at += 60
    assert market.price(3_000) == market.price(3_200) == []
    with moves_unlimited():
        assert {*market.price(3_400)} == {"V33"}


def test_a_forward_that_leaves_its_guarded_index_is_a_jump() -> None:
    market = JudgedMarket(GUARD)
    assert market.forward(2_200) == market.forward(1_900) == []
    with moves_unlimited():
        assert {*market.forward(2_300)} == {"V33"}
    assert JudgedMarket().forward(6_000) == []


def test_no_funding_is_paid_for_a_dead_feed() -> None:
    """0.01 % of 2,000 in 8 hours for 10 ETH over the 6 hours after the heartbeat of 2: 1.5."""
    market = JudgedMarket()
    assert market.trade(10) == []
    market.at += HEARTBEAT
    assert market.price(2_000) == []
    market.at += HEARTBEAT + 6 * HOUR
    with endless_funding():
        assert {*market.price(2_000)} == {"V33"}
    assert [breach.money_wad for breach in live_funding(market.last)] == [15 * WAD // 10]


ADDED = {
    "feeder": doors.FEEDER.of(feeder=STRANGER),
    "underlying": doors.UNDERLYING.of(name="LATE", risk=RISK),
    "collateral": doors.COLLATERAL.of(token="LATE", underlying=0, terms=HaircutTerms(WAD, 0, CAP)),
    "guardian": doors.GUARDIAN.of(to=STRANGER),
}


@pytest.mark.parametrize("name", ADDED)
def test_nothing_is_added_at_once_to_a_sealed_vault(name: str) -> None:
    market, added = JudgedMarket(), ADDED[name]
    assert market.play(added.enact(market.at, GOVERNOR)) == [] and market.refusal == "NotScheduled"
    assert market.accepted(added.schedule(market.at, GOVERNOR)) == []
    market.at += DELAY - 1
    assert market.play(added.enact(market.at, GOVERNOR)) == [] and market.refusal == "TooEarly"
    market.at += 1
    assert market.accepted(added.enact(market.at, GOVERNOR)) == []
    assert market.book.announced == {}


@pytest.mark.parametrize("name", ADDED)
def test_what_is_added_at_once_to_a_sealed_vault_is_red(name: str) -> None:
    market = JudgedMarket()
    with planted_code("crossvault.mirror.store", "not self.is_sealed, now=now", "True, now=now"):
        assert market.accepted(ADDED[name].enact(market.at, GOVERNOR)) == ["V32"]


def test_a_feeder_is_dismissed_at_once() -> None:
    market = JudgedMarket()
    assert market.do(doors.set_feeder, GOVERNOR, feeder=FEEDER, allowed=False) == []


CHANGE = doors.HAIRCUT.of(collateral=0, terms=HaircutTerms(WAD, 0, CAP))
UNTIMELY: dict[str, tuple[str, str, Callable[[JudgedMarket], None]]] = {
    "lapsed": ("if now > due_at + GRACE:", "AnnouncementLapsed", lambda m: _announced(
        m, after=DELAY + 14 * 86_400 + 1
    )),
    "cancelled": ("due_at - self.delay_secs <= self.cancelled_at", "NotScheduled", lambda m: _announced(
        m, doors.cancel_changes(m.at, GUARDIAN), after=DELAY
    )),
    "held by a pause": ("        self.require_running()\n        due_at", "VaultPaused", lambda m: _announced(
        m, doors.pause(m.at, GUARDIAN), after=DELAY
    )),
    "just out of a pause": ("due_at = fixed.max(due_at, self.open_since + self.delay_secs)", "TooEarly",
                            lambda m: _announced(m, doors.pause(m.at, GUARDIAN), doors.unpause(m.at + 1, GOVERNOR),
                                                 after=DELAY)),
}  # fmt: skip
"""By name: the code that refuses a change, its refusal, and the steps before the change."""
UNBOUND = {
    "if now > due_at + GRACE:": "if False:",
    "due_at - self.delay_secs <= self.cancelled_at": "False",
    "        self.require_running()\n        due_at": "        due_at",
    "due_at = fixed.max(due_at, self.open_since + self.delay_secs)": "pass",
}


def _announced(market: JudgedMarket, *steps: Step, after: int) -> None:
    """An announcement, what follows it, and a time [seconds]."""
    for step in (CHANGE.schedule(market.at, GOVERNOR), *steps):
        assert market.accepted(step) == []
    market.at += after


@pytest.mark.parametrize("name", UNTIMELY)
def test_a_change_at_a_wrong_time_is_refused_and_red_where_it_is_not(name: str) -> None:
    was, refusal, prepare = UNTIMELY[name]
    market = JudgedMarket()
    prepare(market)
    assert market.play(CHANGE.enact(market.at, GOVERNOR)) == [] and market.refusal == refusal
    with planted_code("crossvault.mirror.store", was, UNBOUND[was]):
        assert market.accepted(CHANGE.enact(market.at, GOVERNOR)) == ["V32"]


def test_a_change_that_was_cancelled_is_announced_again() -> None:
    market = JudgedMarket()
    _announced(market, doors.cancel_changes(market.at, GOVERNOR), after=1)
    assert market.accepted(CHANGE.schedule(market.at, GOVERNOR)) == []
    market.at += DELAY
    assert market.accepted(CHANGE.enact(market.at, GOVERNOR)) == []
    assert market.accepted(doors.seal(market.at, GOVERNOR)) == []


def test_what_only_tightens_is_green_and_what_sells_accounts_is_red() -> None:
    """Maintenance is 5 %; what of a change is not on the table waits."""
    market = JudgedMarket()
    assert market.trade(10) == []
    tighter = RISK._replace(initial_rate=RISK.initial_rate + 1, trade_band=RISK.trade_band - 1)
    assert market.do(doors.enact_risk, GOVERNOR, underlying=0, risk=tighter) == []
    harsher = tighter._replace(maintenance_rate=tighter.maintenance_rate + 1)
    harsh = doors.enact_risk(market.at, GOVERNOR, underlying=0, risk=harsher)
    assert market.play(harsh) == [] and market.refusal == "NotScheduled"
    with planted_code(
        "crossvault.mirror.tightening",
        "profit_weight=risk.profit_weight\n    )  # fmt: skip\n    return was == risk",
        "profit_weight=risk.profit_weight\n    )  # fmt: skip\n    return True",
    ):
        assert market.accepted(harsh) == ["V32"]


def test_equity_and_maintenance_move_with_nothing_that_is_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that took a rate of maintenance for a tightening finds by values that it is none."""
    market = JudgedMarket()
    assert market.trade(10) == []
    table = {"enact_risk": {"maintenance_rate": 1}}
    monkeypatch.setattr("crossvault.judge.rulebook._TIGHTER", table)
    harsh = doors.enact_risk(
        market.at, GOVERNOR, underlying=0, risk=RISK._replace(maintenance_rate=RISK.maintenance_rate + 1)
    )
    with planted_code(
        "crossvault.mirror.tightening",
        "profit_weight=risk.profit_weight\n    )  # fmt: skip\n    return was == risk",
        "profit_weight=risk.profit_weight\n    )  # fmt: skip\n    return True",
    ):
        assert market.accepted(harsh) == ["V32"]
    assert "maintenance margin" in market.found[0]
