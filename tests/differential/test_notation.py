"""Steps as JSON and back: every door, with arguments of any size and sign."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, strategies as st

from crossvault.differential import doors
from crossvault.differential.notation import BadNotation, Notation
from crossvault.differential.step import ACTIONS
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from profiles import law

UNDERLYINGS, COLLATERALS = ("ETH", "BTC", "USDT"), ("WETH", "USDT")
NOTATION = Notation(UNDERLYINGS, COLLATERALS)
BATCHED = ("deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "trade")

people = st.sampled_from(["alice", "bob-2", "vault", "x_1"])
accounts = st.builds(AccountId, people, st.integers(0, 2**96 - 1))
numbers = st.integers(-(2**255), 2**256 - 1)
instruments = st.one_of(
    st.integers(0, 2**256 - 1),
    st.builds(
        market.instrument_of, st.integers(0, 9), st.integers(0, 6), st.integers(0, 2**40 - 1), st.integers(0, 2**96 - 1)
    ),
    st.sampled_from([market.perp(0), market.instrument_of(2, market.PUT, 1_735_286_400, 4_000 * 10**18)]),
)


def values(name: str, kind: Any) -> st.SearchStrategy[Any]:
    """Any value of an argument."""
    if get_origin(kind) in (tuple, Sequence):
        return st.lists(values(name, get_args(kind)[0]), max_size=3).map(tuple)
    if isinstance(kind, UnionType):
        return st.one_of([values(name, each) for each in get_args(kind)])
    if kind is Call:
        return st.one_of([st.builds(Call, st.just(each), arguments(each)) for each in BATCHED])
    if name == "instrument":
        return instruments
    if name in ("underlying", "collateral"):
        return st.integers(0, 5)
    plain = {AccountId: accounts, int: numbers, bool: st.booleans(), str: people}
    if kind in plain:
        return plain[kind]
    return st.builds(kind, **{field: values(field, each) for field, each in get_type_hints(kind).items()})


def arguments(action: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any arguments of a door."""
    return st.fixed_dictionaries({name: values(name, kind) for name, kind in doors.arguments(action).items()})


@pytest.mark.parametrize("action", ACTIONS)
def test_every_step_round_trips_through_its_notation(action: str) -> None:
    @law(30)
    @given(arguments(action), people, st.integers(0, 2**40))
    def comes_back(args: dict[str, Any], sender: str, at: int) -> None:
        step = doors.named(at, sender, action, args)
        again = NOTATION.parse(json.loads(json.dumps(NOTATION.step(step))))
        assert again == step
        assert set(again.accounts()) == set(step.accounts())

    comes_back()


def test_nested_calls_are_written_by_name() -> None:
    trade = {"maker": AccountId("alice"), "taker": AccountId("bob", 2), "instrument": market.perp(1), "size": -(10**18)}
    step = doors.batch(7, "broker", calls=(Call("trade", {**trade, "price_wad": 5}),))
    assert NOTATION.step(step)["args"] == {
        "calls": [
            {
                "action": "trade",
                "args": {
                    "maker": "alice", "taker": "bob/2", "instrument": "BTC-PERP", "size": str(-(10**18)),
                    "price_wad": "5",
                },
            },
        ],
    }  # fmt: skip


@pytest.mark.parametrize("action", ["settled", "enact_option", "publish_forwards"])
def test_an_unknown_door_is_refused_with_a_guess(action: str) -> None:
    with pytest.raises(BadNotation, match="did you mean"):
        NOTATION.parse({"at": "7", "sender": "alice", "action": action, "args": {}})
