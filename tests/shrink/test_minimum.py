"""What the smallest story keeps apart, what it makes smaller together, and how it is shown to be minimal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.market import instrument_of
from crossvault.shrink.merging import merge_people
from crossvault.shrink.minimum import check_minimal, simpler_values
from crossvault.shrink.rewrite import leaves, people
from crossvault.shrink.roles import is_mergeable, roles
from crossvault.shrink.simplification import simplify_values, weight
from crossvault.walks.random_walk import Walk

ALICE, BOB, CAROL = AccountId("alice"), AccountId("bob"), AccountId("carol")
PERP = instrument_of(0, 0, 0, 0)
WORLD = Walk(1, 0).world
STEPS = [
    doors.set_guardian(0, WORLD.owner, to="guard"),
    doors.publish_price(
        0, "feed", underlying=0, index_wad=7, premium_wad=0, confidence_wad=1, published_at=0
    ),
    doors.deposit_cash(0, "alice", account=ALICE, amount_raw=7_000),
    doors.deposit_cash(0, "bob", account=BOB, amount_raw=9),
    doors.bid(0, "carol", account=ALICE, bidder=CAROL, fraction_wad=3, limit_wad=4),
]  # fmt: skip


def attempt(fails: Callable[[Sequence[Step]], bool]) -> Callable[[Sequence[Step]], list[Step] | None]:
    return lambda steps: list(steps) if fails(steps) else None


def test_people_of_different_roles_stay_apart() -> None:
    merged = merge_people(STEPS, WORLD, attempt(lambda steps: True))
    has = roles(merged, WORLD)
    assert len(people(merged)) == 5, "owner, guardian, feeder, one trader, the liquidator"
    assert sorted(map(sorted, has.values())) == [
        ["feeder"], ["guardian"], ["liquidator", "trader"], ["owner"], ["trader"],
    ]  # fmt: skip


def test_a_stranger_takes_the_place_of_a_trader_and_of_no_one_at_the_vault() -> None:
    none: frozenset[str] = frozenset()
    assert is_mergeable(none, frozenset({"trader"})) and is_mergeable(none, none)
    assert not any(is_mergeable(none, frozenset({role})) for role in ("owner", "guardian", "feeder"))


def test_a_size_and_its_hedge_become_smaller_together() -> None:
    """As a requirement on the net size would: alone each of them stays as it is."""
    steps = [
        doors.trade(0, "alice", instrument=PERP, size=size, price_wad=1, maker=BOB, taker=ALICE)
        for size in (40 * 10**18, -40 * 10**18)
    ]  # fmt: skip

    def hedged(candidate: Sequence[Step]) -> bool:
        sizes = [value for step in candidate for name, value in leaves(step) if name == "size"]
        return len(sizes) == 2 and sum(sizes) == 0 and sizes[0] != 0

    found = simplify_values(steps, attempt(hedged))
    assert [step.args["size"] for step in found] in ([1, -1], [-1, 1])


@pytest.mark.parametrize("value", [-(10**18), -7, -1, 2, 10, 99, 100, 1_234, 5 * 10**20])
def test_what_is_tried_at_the_end_is_simpler(value: int) -> None:
    assert simpler_values(value) and all(weight(each) < weight(value) for each in simpler_values(value))


def test_zero_is_the_simplest() -> None:
    assert simpler_values(0) == []


def test_a_call_or_a_quantity_that_is_not_needed_is_found_at_the_end() -> None:
    last = STEPS[-1]
    assert check_minimal([STEPS[2], STEPS[3], last], attempt(lambda steps: STEPS[2] in steps)) == [STEPS[2], last]
    smaller = attempt(lambda steps: len(steps) == 2 and steps[0].args["amount_raw"] >= 6_000)
    assert check_minimal([STEPS[2], last], smaller)[0].args["amount_raw"] == 6_000
    kept = [STEPS[2], last]
    assert check_minimal(kept, attempt(lambda steps: list(steps) == kept)) is kept
