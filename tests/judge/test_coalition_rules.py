"""V19 and V20: no person gains by a call what others have not signed away, and gains sum to zero."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crossvault.judge import ordinary_gains
from crossvault.mirror import cash, fixed, funding, ledger, liquidation
from crossvault.scenario import load
from judged_money import (
    REDUCED,
    attack,
    needs_attacks,
    recipients_unchecked,
    red_rules,
    red_walk,
    reductions_unchecked,
    waiting_uncounted,
)
from places import TESTS

Patch = pytest.MonkeyPatch
TWINS = {"mallory-long": "mallory", "mallory-short": "mallory", "sybil": "mallory"}
# gains by paper, from the figures of each story
WAITING = {
    "guard-free-option": 60_000,
    "guard-twin": 30_000,  # of 100 * (2,000 - 1,500) the long account has 20,000
    "jump-exit": 1_200,
}


@needs_attacks
@pytest.mark.parametrize("name", WAITING)
def test_a_coalition_that_gains_at_a_price_that_waits_is_red(name: str) -> None:
    with waiting_uncounted():
        [red] = red_rules(load(attack(name)), "V19", persons=TWINS)
    assert red.money_usd == WAITING[name]


@needs_attacks
def test_an_operator_that_pays_itself_gains_without_the_mend() -> None:
    with recipients_unchecked():
        [red] = red_rules(load(attack("operator-is-custodian")), "V19", persons=TWINS)
        assert red.money_usd == 1_000


@needs_attacks
@pytest.mark.parametrize("name", REDUCED)
def test_a_coalition_that_reduces_into_debt_is_red_without_the_mend(name: str) -> None:
    with reductions_unchecked():
        [red] = red_rules(load(attack(name)), "V19", persons=TWINS)
        assert red.money_usd == REDUCED[name]


@needs_attacks
def test_strangers_to_each_other_gain_what_the_other_loses() -> None:
    with reductions_unchecked():
        assert red_rules(load(attack("close-into-debt")), "V19") == []


def credits_a_unit(patch: Patch) -> None:
    own = ledger.add_cash
    patch.setattr(
        ledger, "add_cash", lambda state, account, delta, *, now: own(state, account, delta + fixed.WAD, now=now)
    )


def funding_is_only_received(patch: Patch) -> None:
    own = funding.payment
    patch.setattr(funding, "payment", lambda size, grown: max(0, own(size, grown)))


def fund_is_not_drawn(patch: Patch) -> None:
    patch.setattr(cash, "draw_insurance", lambda pool, amount_wad: None)


def bidders_pay_half(patch: Patch) -> None:
    own = liquidation.price
    patch.setattr(liquidation, "price", lambda value, discount: own(value, discount) // 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "plant"),
    [
        ("V19", credits_a_unit),
        ("V19", bidders_pay_half),
        ("V20", credits_a_unit),
        ("V20", funding_is_only_received),
        ("V20", fund_is_not_drawn),
    ],
)
def test_a_mistake_is_red(number: str, plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert red_walk(number).number == number


def test_units_beyond_the_part_of_a_bid_gain_what_a_waiting_print_adds(monkeypatch: Patch) -> None:
    story = load(str(TESTS / "judge" / "units-beyond-the-part.scenario.yaml"))
    assert red_rules(story, "V19") == []
    monkeypatch.setattr(ordinary_gains, "_units_rise", lambda moment, taken_wad: 0)
    [red] = red_rules(story, "V19")
    assert red.money_usd == 10  # 0.3156 of 3 bars are 0.9469: the rest of the bar is worth 200 * 0.0531 more


def test_what_one_account_withdraws_is_not_taken_from_the_loss_of_another() -> None:
    assert red_rules(load(str(TESTS / "judge" / "withdrawn-beside-a-loss.repro.yaml")), "V19") == []
