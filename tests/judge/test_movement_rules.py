"""V36: what a step moves is what it names, to the wei; each mistake of a movement is red."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crossvault.mirror import cash, collateral, fixed, funding, ledger
from crossvault.mirror.account import AccountId
from crossvault.mirror.vault import Vault
from crossvault.walks.rare_doors import RareDoors
from judged_money import red_rules, red_walk

Patch = pytest.MonkeyPatch


def fee_of_a_third_party(patch: Patch) -> None:
    own = ledger.add_cash

    def add_cash(state: Any, account: AccountId, delta: int, *, now: int) -> None:
        own(state, account, delta, now=now)
        own(state, AccountId("owner0"), -1, now=now)

    patch.setattr(ledger, "add_cash", add_cash)


def paid_to_a_stranger(patch: Patch) -> None:
    own = collateral.push
    patch.setattr(collateral, "push", lambda token, to, raw, *, this: own(token, "stranger", raw, this=this))


def funding_forgotten(patch: Patch) -> None:
    patch.setattr(funding, "payment", lambda size, grown: 0)


def settled_at_twice_the_price(patch: Patch) -> None:
    own = ledger.settled_value
    patch.setattr(ledger, "settled_value", lambda entry, price: own(entry, 2 * price))


def gift_counts_twice(patch: Patch) -> None:
    own = Vault.fund_insurance

    def fund_insurance(vault: Vault, amount_raw: int, *, sender: str) -> None:
        own(vault, amount_raw, sender=sender)
        vault.ledger.cash.insurance_wad += collateral.to_wad(amount_raw, vault.ledger.cash.decimals)

    patch.setattr(Vault, "fund_insurance", fund_insurance)


def reserve_counts_twice(patch: Patch) -> None:
    own = cash.indexes

    def indexes(pool: cash.Pool, *, now: int) -> cash.Indexes:
        found = own(pool, now=now)
        return found._replace(reserve_wad=2 * found.reserve_wad)

    patch.setattr(cash, "indexes", indexes)


def mode_stays(patch: Patch) -> None:
    patch.setattr(Vault, "set_mode", lambda vault, account, mode, *, sender, now: None)


def operator_of_all(patch: Patch) -> None:
    patch.setattr(Vault, "set_operator", lambda vault, account, operator, allowed, *, sender: None)


def rounded_for_the_taker(patch: Patch) -> None:
    patch.setattr(fixed, "mul_div_ceil", fixed.mul_div_floor)


PLANTS: list[tuple[Callable[[Patch], None], str]] = [
    (fee_of_a_third_party, "cash of owner0"),
    (paid_to_a_stranger, "changed by 0 raw"),
    (settled_at_twice_the_price, "cash of"),
    (gift_counts_twice, "insurance fund grew"),
    (reserve_counts_twice, "insurance fund grew"),
    (operator_of_all, "operators"),
    (rounded_for_the_taker, "expected"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("plant", "what"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_mistaken_movement_is_red(plant: Callable[[Patch], None], what: str, monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert what in red_walk("V36").breach.what


@pytest.mark.slow
def test_forgotten_funding_is_red(monkeypatch: Patch) -> None:
    funding_forgotten(monkeypatch)
    assert " holds Position" in red_walk("V36").breach.what


def test_a_mode_that_stays_is_red(monkeypatch: Patch) -> None:
    mode_stays(monkeypatch)
    [red] = red_rules(RareDoors(3).story(), "V36")
    assert "mode 0" in red.breach.what
