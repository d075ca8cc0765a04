"""One constructor of steps per door: `doors.trade(at, sender, maker=..., taker=..., ...)`.

Each takes the time of the step [unix seconds], the name of its sender, and by name the arguments of the mirror's
method. A change of a parameter is a pair, `doors.RISK.schedule` and `doors.RISK.enact`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args, get_type_hints

from crossvault.differential.account_doors import (
    batch as batch,
    bid as bid,
    declare_insolvent as declare_insolvent,
    deposit_cash as deposit_cash,
    deposit_collateral as deposit_collateral,
    end_liquidation as end_liquidation,
    fund_insurance as fund_insurance,
    publish_forward as publish_forward,
    publish_price as publish_price,
    publish_surface as publish_surface,
    set_mode as set_mode,
    set_operator as set_operator,
    set_scopes as set_scopes,
    settle as settle,
    start_liquidation as start_liquidation,
    trade as trade,
    withdraw_cash as withdraw_cash,
    withdraw_collateral as withdraw_collateral,
)
from crossvault.differential.exchange_doors import (
    cancel as cancel,
    cancel_below as cancel_below,
    fill as fill,
    mint as mint,
    next_epoch as next_epoch,
    transfer as transfer,
)
from crossvault.differential.governance_doors import (
    AUCTION as AUCTION,
    CAP as CAP,
    COLLATERAL as COLLATERAL,
    DEPEG as DEPEG,
    FEEDER as FEEDER,
    GUARD as GUARD,
    GUARDIAN as GUARDIAN,
    HAIRCUT as HAIRCUT,
    INTEREST as INTEREST,
    OPTIONS as OPTIONS,
    PORTFOLIO as PORTFOLIO,
    RISK as RISK,
    RULES as RULES,
    UNDERLYING as UNDERLYING,
    Announcement as Announcement,
    DelayedChange as DelayedChange,
    Verb as Verb,
    accept_ownership as accept_ownership,
    cancel_changes as cancel_changes,
    enact_auction as enact_auction,
    enact_cap as enact_cap,
    enact_depeg as enact_depeg,
    enact_guard as enact_guard,
    enact_haircut as enact_haircut,
    enact_interest as enact_interest,
    enact_options as enact_options,
    enact_portfolio as enact_portfolio,
    enact_risk as enact_risk,
    enact_rules as enact_rules,
    list_collateral as list_collateral,
    list_underlying as list_underlying,
    offer_ownership as offer_ownership,
    open_expiry as open_expiry,
    pause as pause,
    schedule_auction as schedule_auction,
    schedule_cap as schedule_cap,
    schedule_collateral as schedule_collateral,
    schedule_depeg as schedule_depeg,
    schedule_feeder as schedule_feeder,
    schedule_guard as schedule_guard,
    schedule_guardian as schedule_guardian,
    schedule_haircut as schedule_haircut,
    schedule_interest as schedule_interest,
    schedule_options as schedule_options,
    schedule_portfolio as schedule_portfolio,
    schedule_risk as schedule_risk,
    schedule_rules as schedule_rules,
    schedule_underlying as schedule_underlying,
    seal as seal,
    set_feeder as set_feeder,
    set_guardian as set_guardian,
    unpause as unpause,
)
from crossvault.differential.step import ACTIONS, Action, Step
from crossvault.mirror.evm import Call

VERBS: tuple[Verb, ...] = get_args(Verb)
CONSTRUCTORS: Mapping[Action, Callable[..., Step]] = {action: globals()[action] for action in ACTIONS}


def call_of(step: Step) -> Call:
    """A step as a call of a batch."""
    return Call(step.action, step.args)


@cache
def action_of(name: str) -> Action:
    """The action that a text names. Raises ValueError when there is none."""
    for action in ACTIONS:
        if action == name:
            return action
    close = get_close_matches(name, ACTIONS, 1)
    raise ValueError(f"no action {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))


@cache
def arguments(name: str) -> Mapping[str, Any]:
    """The arguments of an action that a text names, and their types, in order. Raises ValueError."""
    hints = get_type_hints(CONSTRUCTORS[action_of(name)])
    return {argument: kind for argument, kind in hints.items() if argument not in ("at", "sender", "return")}


def require_fields(owner: str, fields: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Requires a value for each of some fields, and for nothing else. Raises ValueError."""
    if set(given) != set(fields):
        raise ValueError(f"{owner} takes {', '.join(fields) or 'nothing'}, got {', '.join(given)}")


def named(at: int, sender: str, name: str, args: Mapping[str, Any]) -> Step:
    """The step of an action that a text names. Raises ValueError for an unknown action or other arguments."""
    require_fields(name, arguments(name), args)
    return CONSTRUCTORS[action_of(name)](at, sender, **args)
