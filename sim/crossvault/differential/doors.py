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
)
from crossvault.differential.account_doors import (
    bid as bid,
)
from crossvault.differential.account_doors import (
    declare_insolvent as declare_insolvent,
)
from crossvault.differential.account_doors import (
    deposit_cash as deposit_cash,
)
from crossvault.differential.account_doors import (
    deposit_collateral as deposit_collateral,
)
from crossvault.differential.account_doors import (
    end_liquidation as end_liquidation,
)
from crossvault.differential.account_doors import (
    fund_insurance as fund_insurance,
)
from crossvault.differential.account_doors import (
    publish_forward as publish_forward,
)
from crossvault.differential.account_doors import (
    publish_price as publish_price,
)
from crossvault.differential.account_doors import (
    publish_surface as publish_surface,
)
from crossvault.differential.account_doors import (
    set_mode as set_mode,
)
from crossvault.differential.account_doors import (
    set_operator as set_operator,
)
from crossvault.differential.account_doors import (
    settle as settle,
)
from crossvault.differential.account_doors import (
    start_liquidation as start_liquidation,
)
from crossvault.differential.account_doors import (
    trade as trade,
)
from crossvault.differential.account_doors import (
    withdraw_cash as withdraw_cash,
)
from crossvault.differential.account_doors import (
    withdraw_collateral as withdraw_collateral,
)
from crossvault.differential.exchange_doors import (
    cancel as cancel,
)
from crossvault.differential.exchange_doors import (
    cancel_below as cancel_below,
)
from crossvault.differential.exchange_doors import (
    fill as fill,
)
from crossvault.differential.exchange_doors import (
    mint as mint,
)
from crossvault.differential.exchange_doors import (
    transfer as transfer,
)
from crossvault.differential.governance_doors import (
    AUCTION as AUCTION,
)
from crossvault.differential.governance_doors import (
    DEPEG as DEPEG,
)
from crossvault.differential.governance_doors import (
    GUARD as GUARD,
)
from crossvault.differential.governance_doors import (
    HAIRCUT as HAIRCUT,
)
from crossvault.differential.governance_doors import (
    INTEREST as INTEREST,
)
from crossvault.differential.governance_doors import (
    OPTIONS as OPTIONS,
)
from crossvault.differential.governance_doors import (
    PORTFOLIO as PORTFOLIO,
)
from crossvault.differential.governance_doors import (
    RISK as RISK,
)
from crossvault.differential.governance_doors import (
    RULES as RULES,
)
from crossvault.differential.governance_doors import (
    DelayedChange as DelayedChange,
)
from crossvault.differential.governance_doors import (
    Verb as Verb,
)
from crossvault.differential.governance_doors import (
    accept_ownership as accept_ownership,
)
from crossvault.differential.governance_doors import (
    enact_auction as enact_auction,
)
from crossvault.differential.governance_doors import (
    enact_depeg as enact_depeg,
)
from crossvault.differential.governance_doors import (
    enact_guard as enact_guard,
)
from crossvault.differential.governance_doors import (
    enact_haircut as enact_haircut,
)
from crossvault.differential.governance_doors import (
    enact_interest as enact_interest,
)
from crossvault.differential.governance_doors import (
    enact_options as enact_options,
)
from crossvault.differential.governance_doors import (
    enact_portfolio as enact_portfolio,
)
from crossvault.differential.governance_doors import (
    enact_risk as enact_risk,
)
from crossvault.differential.governance_doors import (
    enact_rules as enact_rules,
)
from crossvault.differential.governance_doors import (
    list_collateral as list_collateral,
)
from crossvault.differential.governance_doors import (
    list_underlying as list_underlying,
)
from crossvault.differential.governance_doors import (
    offer_ownership as offer_ownership,
)
from crossvault.differential.governance_doors import (
    open_expiry as open_expiry,
)
from crossvault.differential.governance_doors import (
    pause as pause,
)
from crossvault.differential.governance_doors import (
    schedule_auction as schedule_auction,
)
from crossvault.differential.governance_doors import (
    schedule_depeg as schedule_depeg,
)
from crossvault.differential.governance_doors import (
    schedule_guard as schedule_guard,
)
from crossvault.differential.governance_doors import (
    schedule_haircut as schedule_haircut,
)
from crossvault.differential.governance_doors import (
    schedule_interest as schedule_interest,
)
from crossvault.differential.governance_doors import (
    schedule_options as schedule_options,
)
from crossvault.differential.governance_doors import (
    schedule_portfolio as schedule_portfolio,
)
from crossvault.differential.governance_doors import (
    schedule_risk as schedule_risk,
)
from crossvault.differential.governance_doors import (
    schedule_rules as schedule_rules,
)
from crossvault.differential.governance_doors import (
    set_feeder as set_feeder,
)
from crossvault.differential.governance_doors import (
    set_guardian as set_guardian,
)
from crossvault.differential.governance_doors import (
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
