"""Rows of changes, and doors, events and refusals of two versions: from outcomes and ABIs written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crossvault.differential import doors
from crossvault.differential.step import Event, Outcome, Snapshot
from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import CompileFailed, compile_contracts
from crossvault.mirror.account import AccountId
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.lens import AccountState
from crossvault.mirror.liquidation_errors import UnderLiquidation
from crossvault.mirror.refusal import Refusal
from crossvault.report.upgrade import money
from crossvault.upgrade.changes import ChangeTable, outcome_changes
from crossvault.upgrade.interface_changes import interface_changes, lacking_doors, require_readable, with_known_names

ALICE = AccountId("alice")
STEP = doors.withdraw_cash(1_700_000_000, "alice", account=ALICE, amount_raw=1, to="alice")
FIELDS = {"Paid": ("payer", "amount_wad"), "Noted": ("what",)}


class Held(AccountState):
    """The state of an account in one field that is money and one that is not."""

    _fields = ("account", "principal", "size", "interests_wad")


def outcome(principal: int = 0, refusal: Refusal | None = None, *events: Event, size: int = 0) -> Outcome:
    state: Any = Held(ALICE, principal, size, ())  # type: ignore[arg-type]  # the one field that is read
    shared: Any = ()
    return Outcome(refusal, events, Snapshot(shared, (state,)))


def table(*pairs: tuple[Outcome, Outcome]) -> ChangeTable:
    """The changes of steps: outcomes of the old version and of the new one."""
    made = ChangeTable()
    for number, (old, new) in enumerate(pairs, 1):
        made.add(number, STEP, outcome_changes(STEP, new, old, FIELDS))
    return made


def test_equal_outcomes_change_nothing() -> None:
    made = table((outcome(5), outcome(5)))
    assert made.rows == {} and made.steps == set() and made.first_state is None


def test_the_largest_change_of_money_is_first_and_what_is_no_money_last() -> None:
    made = table(
        (outcome(5), outcome(5, size=9)), (outcome(5), outcome(4)), (outcome(50), outcome(10)), (outcome(), outcome(1))
    )
    money_row, other = made.sorted()
    assert (money_row.name, money_row.wei, money_row.at, money_row.first, money_row.steps) == (
        "principal",
        -40,
        3,
        2,
        3,
    )
    assert (money_row.largest.model, money_row.largest.chain) == (50, 10)
    assert (other.name, other.wei, other.largest.chain) == ("size", None, 9)
    assert (other.is_first, money_row.is_first) == (True, False)
    assert made.firsts["alice"] == (1, "withdraw_cash", "size") and made.first_state == 1
    assert made.doors == {"withdraw_cash": [1, 2, 3, 4]}


def test_a_verdict_names_both_refusals_and_the_margin_that_is_wanting() -> None:
    short = InsufficientMargin(ALICE, 100, 160)
    for old, new, name, wei in (
        (None, short, "accepted → InsufficientMargin", 60),
        (short, None, "InsufficientMargin → accepted", -60),
        (short, InsufficientMargin(ALICE, 90, 160), "InsufficientMargin → InsufficientMargin", 10),
        (UnderLiquidation(ALICE), short, "UnderLiquidation → InsufficientMargin", 60),
    ):
        [row] = table((outcome(5, old), outcome(5, new))).sorted()
        assert (row.kind, row.owners, row.name, row.wei) == ("verdict", ("alice",), f"withdraw cash: {name}", wei)


def test_an_event_between_others_shifts_nothing() -> None:
    paid, noted = Event("Paid", ("alice", 7)), Event("Noted", (1,))
    [row] = table((outcome(5, None, paid, paid), outcome(5, None, paid, noted, paid))).sorted()
    assert (row.name, row.largest.model, row.largest.chain) == ("Noted", "nothing", "Noted(what=1)")
    [row] = table((outcome(5, None, noted, paid), outcome(5, None, noted, Event("Paid", ("alice", 9))))).sorted()
    assert (row.kind, row.name, row.wei) == ("event", "Paid.amount_wad", 2)


def test_money_is_shown_with_every_digit() -> None:
    assert [money(wad) for wad in (1, -10**18, 1234 * 10**18 + 5)] == [
        "+0.000000000000000001", "-1", "+1,234.000000000000000005",
    ]  # fmt: skip


def changed(name: str, kind: str, **fields: Any) -> Build:
    """The contracts that ship with one item of the exchange's ABI changed; without fields it is removed."""
    ours = compile_contracts()
    exchange = ours.artifacts["Exchange"]
    abi = [item for item in exchange.abi if (item.get("name"), item["type"]) != (name, kind)]
    [item] = [item for item in exchange.abi if (item.get("name"), item["type"]) == (name, kind)]
    abi += [item | fields] if fields else []
    return replace(ours, artifacts={**ours.artifacts, "Exchange": replace(exchange, abi=abi)})


def test_doors_and_events_that_go_or_have_another_form() -> None:
    ours = compile_contracts()
    assert interface_changes(ours, ours) == [] and lacking_doors(ours, ours) == {}
    gone = changed("cancelBelow", "function")
    assert interface_changes(ours, gone) == [("Exchange", "door", "cancelBelow", "cancelBelow(uint256, uint256)", "")]
    assert [each.is_harmless for each in interface_changes(gone, ours)] == [True]  # added
    assert lacking_doors(gone, ours) == {"cancel_below": ""}
    narrow = changed("cancelBelow", "function", inputs=[{"name": "account", "type": "uint256"}])
    assert lacking_doors(narrow, ours) == {"cancel_below": "cancelBelow(uint256)"}
    event = changed("OrdersCancelledBelow", "event", inputs=[])
    assert [(each.kind, each.new) for each in interface_changes(ours, event)] == [("event", "OrdersCancelledBelow()")]


def test_arguments_of_other_names_are_the_same_door() -> None:
    ours = compile_contracts()
    renamed = changed(
        "cancelBelow", "function", inputs=[{"name": name, "type": "uint256"} for name in ("who", "floor")]
    )
    assert interface_changes(ours, renamed) == []
    [item] = [
        each for each in with_known_names(renamed, ours).artifacts["Exchange"].abi if each.get("name") == "cancelBelow"
    ]
    assert [each["name"] for each in item["inputs"]] == ["account", "salt"]


def test_contracts_whose_state_cannot_be_read_are_refused() -> None:
    ours = compile_contracts()
    require_readable(ours, ours, "--against")
    parts = {name: each for name, each in ours.artifacts.items() if name != "Teller"}
    with pytest.raises(CompileFailed, match="--against: the contracts lack Teller"):
        require_readable(replace(ours, artifacts=parts), ours, "--against")
    blind = {
        name: replace(each, abi=[item for item in each.abi if item.get("name") != "metrics"])
        for name, each in ours.artifacts.items()
    }
    with pytest.raises(
        CompileFailed, match="the view metrics has another form, so state cannot be compared: it is missing"
    ):
        require_readable(replace(ours, artifacts=blind), ours, "--against")
