"""V1, V2, V3, V6, V10 are red by their numbers once a mistake is planted; honest walks break no rule of money."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crossvault.differential.last_writes import StepUndoLog
from crossvault.mirror import cash, collateral, fixed, ledger
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk
from crossvault.walks.rare_doors import RareDoors
from judged_money import red_rules, red_walk

NUMBERS = ("V1", "V2", "V3", "V6", "V10", "V11", "V15", "V16", "V19", "V20", "V36")
Patch = pytest.MonkeyPatch
ONE_WAD = fixed.WAD


@pytest.mark.parametrize("story", [Walk(2, 80).story(), OrderWalk(3, 60).story(), RareDoors(3).story()])
def test_honest_walks_break_no_rule_of_money(story: Any) -> None:
    assert red_rules(story, *NUMBERS) == []


def credits_more(patch: Patch) -> None:
    own = collateral.pull
    patch.setattr(collateral, "pull", lambda token, payer, raw, *, this: own(token, payer, raw - (raw > 1), this=this))


def longs_gain_a_wei(patch: Patch) -> None:
    own = ledger.fill

    def fill(state: Any, account: Any, instrument: int, size: int, quote: int, *, now: int) -> int:
        grown: int = own(state, account, instrument, size + (size > 1), quote, now=now)
        return grown

    patch.setattr(ledger, "fill", fill)


def moves(more: Callable[[int], int]) -> Callable[[Patch], None]:
    """Cash that moves by another amount than it should."""

    def plant(patch: Patch) -> None:
        own = ledger.add_cash
        patch.setattr(
            ledger, "add_cash", lambda state, account, delta, *, now: own(state, account, delta + more(delta), now=now)
        )

    return plant


def sums_forgotten(patch: Patch) -> None:
    patch.setattr(cash, "record", lambda pool, before, later: None)


def debts_grow_twice(patch: Patch) -> None:
    own = cash.compounded
    patch.setattr(cash, "compounded", lambda rate, secs: 2 * own(rate, secs))


def interest_stands_still(patch: Patch) -> None:
    patch.setattr(cash, "accrue", lambda pool, *, now: False)


def refused_calls_stay(patch: Patch) -> None:
    patch.setattr(StepUndoLog, "undo", lambda log: log.entries.clear())


PLANTS = [
    ("V1", credits_more),
    ("V2", longs_gain_a_wei),
    ("V3", moves(lambda delta: ONE_WAD if delta > 0 else 0)),  # money is made
    ("V3", moves(lambda delta: -(10**10) if delta > 0 else 0)),  # a hundred-millionth is lost
    ("V3", sums_forgotten),
    ("V6", debts_grow_twice),
    ("V6", interest_stands_still),
    ("V10", refused_calls_stay),
]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "plant"), PLANTS, ids=[f"{n}-{p.__name__}" for n, p in PLANTS])
def test_a_mistake_is_red_by_its_number(number: str, plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert red_walk(number).number == number
