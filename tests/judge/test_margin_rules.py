"""V4, V13 and V29 are red where margin is not as the specification has it, and green on honest walks."""

import pytest

from code_planting import planted_mirror
from crossvault.judge.bracket import Bracket
from crossvault.judge.margin_rules import (
    UNBOUNDED,
    fills,
    health,
    leverage,
    margin_after_a_call,
    metrics_shown,
    settling_changes_nothing,
)
from crossvault.judge.rounding import WAD
from crossvault.judge.rule import Check
from crossvault.mirror.account import AccountId
from crossvault.mirror.exchange import Match, Order
from crossvault.walks.random_walk import Walk
from judged_margin import breaches, moments, plant

MAKER, TAKER, PERP = AccountId("maker"), AccountId("taker"), 1 << 136


@pytest.mark.parametrize(
    ("name", "check", "seed", "action"),
    [
        ("haircuts-ignored", margin_after_a_call, 3, "withdraw_cash"),
        ("batch-unchecked", margin_after_a_call, 2, "batch"),
        ("settled-at-twice-the-price", settling_changes_nothing, 3, "settle"),
        ("shorts-of-puts-free", metrics_shown, 0, "trade"),
        ("few-decimals-as-six", metrics_shown, 3, "deposit_collateral"),
    ],
)
def test_a_mistake_is_red(name: str, check: Check, seed: int, action: str) -> None:
    with planted_mirror(plant(name)):
        moment, breach = next(breaches(Walk(seed, 100).story(), check, full=check is metrics_shown))
    assert moment.step.action == action
    assert breach.money_wad and breach.accounts


def test_a_fallen_margin_of_a_failing_account_is_red() -> None:
    """A stored field that is changed after an honest step: cash disappears from a deposit."""
    for moment in moments(Walk(2, 150).story()):
        for account in moment.changed:
            book = moment.after.account(account)
            poor = book._replace(principal=book.principal - 10**24)
            moment.after = moment.after._replace(accounts={**moment.after.accounts, account: poor})
            if moment.accepted and moment.step.action == "deposit_cash":
                (breach,) = margin_after_a_call(moment)
                assert "fell from" in breach.what
                assert breach.money_wad and breach.money_wad > 10**23
                return
    raise AssertionError("no deposit")


def test_honest_walks_are_green() -> None:
    for moment in moments(Walk(4, 100).story()):
        for check in (margin_after_a_call, settling_changes_nothing, metrics_shown):
            assert list(check(moment)) == [], moment.step


def test_health_is_a_rounded_down_ratio() -> None:
    """7 / 3 = 2.33..., -7 / 3 = -2.33..., and no requirement has no ratio; brackets take the farthest of both."""
    assert health(Bracket.of(7), Bracket.of(3)) == Bracket.of(2333333333333333333)
    assert health(Bracket.of(-7), Bracket.of(3)) == Bracket.of(-2333333333333333334)
    assert health(Bracket.of(7), Bracket.of(0)) == Bracket.of(UNBOUNDED)
    assert health(Bracket(6, 8), Bracket(2, 4)) == Bracket(3 * WAD // 2, 4 * WAD)


def test_leverage_is_a_rounded_up_ratio() -> None:
    """7 / 3 = 2.33...; an equity of at most 0 has none, and no positions are 0."""
    assert leverage(7, Bracket.of(3)) == Bracket.of(2333333333333333334)
    assert leverage(7, Bracket(-1, 7)) == Bracket(WAD, UNBOUNDED)
    assert leverage(0, Bracket.of(-1)) == Bracket.of(0)


def test_changes_of_positions_are_read_off_trades_and_fills() -> None:
    traded = {"maker": MAKER, "taker": TAKER, "instrument": PERP, "size": -5}
    assert fills("trade", traded) == [(TAKER, PERP, -5), (MAKER, PERP, 5)]
    buys, sells = Order(MAKER, PERP, 9, 1, 1, 1), Order(TAKER, PERP, -4, 1, 1, 1)
    assert fills("fill", {"matches": [Match(buys, "", sells, "", 3)]}) == [(MAKER, PERP, 3), (TAKER, PERP, -3)]
    assert fills("deposit_cash", {"account": MAKER}) == []
