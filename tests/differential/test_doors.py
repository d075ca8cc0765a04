"""The constructors of steps: one per door, with the arguments of the mirror's method, checked before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

import door_snippet
from crossvault.differential import account_doors, doors, exchange_doors, governance_doors
from crossvault.differential.model import ModelToken
from crossvault.differential.step import ACTIONS, DOORS, EXCHANGE_DOORS, TOKEN_ACTIONS, Action, Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.exchange import Exchange
from crossvault.mirror.vault import Vault

OF_A_STEP = ("at", "sender")
OF_A_CALL = ("self", "sender", "now")
MODULES = (account_doors, exchange_doors, governance_doors)
CHANGES = [name for name, value in vars(governance_doors).items() if isinstance(value, doors.DelayedChange)]


def arguments(function: Callable[..., Any], without: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The names and types of parameters, in order."""
    hints = get_type_hints(function)
    return [(name, hints[name]) for name in inspect.signature(function).parameters if name not in without]


def method(action: Action) -> Callable[..., Any]:
    """The method of the mirror behind a door."""
    owner = ModelToken if action in TOKEN_ACTIONS else Exchange if action in EXCHANGE_DOORS else Vault
    found: Callable[..., Any] = inspect.unwrap(getattr(owner, action))
    return found


@pytest.mark.parametrize("action", ACTIONS)
def test_a_constructor_takes_the_arguments_of_the_method(action: Action) -> None:
    token = [("token", str)] if action in TOKEN_ACTIONS else []
    wanted = [*token, *arguments(method(action), OF_A_CALL)]
    constructor = doors.CONSTRUCTORS[action]
    assert arguments(constructor, OF_A_STEP) == wanted
    parameters = inspect.signature(constructor).parameters
    assert list(parameters)[:2] == list(OF_A_STEP)
    assert [name for name, each in parameters.items() if each.kind is not each.KEYWORD_ONLY] == list(OF_A_STEP)
    values = {name: object() for name, _ in wanted}
    step = constructor(7, "alice", **values)
    assert (step.at, step.sender, step.action) == (7, "alice", action)
    assert list(step.args.items()) == list(values.items())


def test_there_is_one_constructor_for_each_action() -> None:
    made = [
        name
        for module in MODULES
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    assert sorted(made) == sorted(ACTIONS) == sorted({*DOORS, *EXCHANGE_DOORS, *TOKEN_ACTIONS})
    assert all(getattr(doors, name) is doors.CONSTRUCTORS[name] for name in ACTIONS)


ADDED = {
    "GUARDIAN": "set_guardian",
    "FEEDER": "set_feeder",
    "UNDERLYING": "list_underlying",
    "COLLATERAL": "list_collateral",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_delayed_change_pairs_its_schedule_and_enact_doors(name: str) -> None:
    change = getattr(doors, name)
    assert change.by("schedule") is doors.CONSTRUCTORS[doors.action_of(f"schedule_{name.lower()}")]
    enact = change.by("enact")
    door = getattr(enact, "func", enact)  # a feeder is announced to be allowed
    assert door is doors.CONSTRUCTORS[doors.action_of(ADDED.get(name, f"enact_{name.lower()}"))]
    if door is enact:
        assert arguments(change.schedule, OF_A_STEP) == arguments(change.enact, OF_A_STEP)


def test_every_schedule_door_has_a_delayed_change() -> None:
    announced = {name.removeprefix("schedule_") for name in DOORS if name.startswith("schedule_")}
    assert announced == {name.lower() for name in CHANGES}


def test_a_named_door_takes_its_arguments_in_any_order() -> None:
    account = AccountId("alice")
    step = doors.named(7, "alice", "withdraw_cash", {"to": "bob", "account": account, "amount_raw": 5})
    assert step == doors.withdraw_cash(7, "alice", account=account, amount_raw=5, to="bob")
    assert list(step.args) == ["account", "amount_raw", "to"]


def test_an_unknown_door_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match="no action 'trdae'; did you mean 'trade'"):
        doors.named(7, "alice", "trdae", {})
    with pytest.raises(ValueError, match=r"no action 'xyz'$"):
        doors.named(7, "alice", "xyz", {})


@pytest.mark.parametrize("args", [{}, {"amount": 5}, {"amount_raw": 5, "to": "bob"}])
def test_other_arguments_are_refused(args: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fund_insurance takes amount_raw, got "):
        doors.named(7, "alice", "fund_insurance", args)


def test_a_step_becomes_a_call_of_a_batch() -> None:
    step = doors.deposit_cash(7, "alice", account=AccountId("alice"), amount_raw=5)
    assert doors.call_of(step) == Call("deposit_cash", {"account": AccountId("alice"), "amount_raw": 5})
    assert doors.batch(7, "alice", calls=(doors.call_of(step),)).accounts() == (AccountId("alice"),)


def test_the_snippet_that_type_checks_runs() -> None:
    exec(door_snippet.HEAD + door_snippet.RIGHT, {})
    assert isinstance(doors.pause(7, "guardian"), Step)
