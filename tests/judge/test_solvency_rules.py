"""V15 and V16: an account goes below zero by no act of its own, and no cash leaves against losses of others."""

from __future__ import annotations

import pytest

from crossvault.judge.solvency_rules import nothing_leaves_noted_deficits
from crossvault.judge.table import RULES
from crossvault.mirror import cash, fixed, ledger
from crossvault.mirror.vault import Vault
from crossvault.scenario import load
from judged_money import REDUCED, attack, needs_attacks, red_rules, red_walk, reductions_unchecked, waiting_uncounted

# money by paper, from the figures of each story
ATTACKS = {
    "profit-paid-by-lenders": ("V16", 100_000),  # 200 * (2,000 - 1,500)
    "run-before-note": ("V16", 30_000),
}


WAITING = {
    "guard-free-option": 60_000,  # 160,000 - 100 * 1,000
    "guard-twin": 30_000,  # 20,000 - 100 * (2,000 - 1,500)
    "jump-exit": 1_200,  # 2,000 - 40 * (200 - 150) = 0, and 1,200 leave
}


@needs_attacks
@pytest.mark.parametrize("name", WAITING)
def test_debt_at_a_price_that_waits_is_red_with_its_money(name: str) -> None:
    with waiting_uncounted():
        [red] = red_rules(load(attack(name)), "V15")
    assert red.money_usd == WAITING[name]


@needs_attacks
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_red_with_its_money(name: str) -> None:
    number, money_usd = ATTACKS[name]
    [red] = red_rules(load(attack(name)), number)
    assert red.money_usd == money_usd


@needs_attacks
@pytest.mark.parametrize("name", REDUCED)
def test_a_reduction_into_debt_is_red_without_the_mend(name: str) -> None:
    with reductions_unchecked():
        [red] = red_rules(load(attack(name)), "V15")
    assert red.money_usd == REDUCED[name]


@pytest.mark.slow
def test_a_withdrawal_without_a_check_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vault, "check", lambda vault, account, rising, before_wad, *, now: None)
    assert red_walk("V15").breach.money_wad


@needs_attacks
def test_a_withdrawal_at_open_deficits_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cash, "require_covered", lambda pool: None)
    rules = [rule for rule in RULES if rule.check is nothing_leaves_noted_deficits]
    with reductions_unchecked():
        [red] = red_rules(load(attack("close-into-debt")), rules=rules)
    assert (red.step.sender, red.money_usd) == ("lender", 5_200)


@pytest.mark.slow
def test_a_profit_that_is_made_twice_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ledger.add_cash
    more = 10**6 * fixed.WAD
    monkeypatch.setattr(
        ledger, "add_cash", lambda state, account, delta, *, now: own(state, account, delta + more, now=now)
    )
    assert red_walk("V16").step.action in ("withdraw_cash", "batch")
