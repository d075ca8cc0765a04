"""An account of a record: its liquidations and its refused steps, and where the record has a difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.differential.ending import BadInput
from crossvault.differential.model import Model
from crossvault.differential.step import Step, named
from crossvault.history.playback import OtherOutcome
from crossvault.history.recorded_difference import RecordedDifference, first_difference, outcome_difference
from crossvault.lockstep.record import Record
from crossvault.mirror.account import AccountId
from crossvault.scenario.source import did_you_mean

SALE_ACTIONS = ("start_liquidation", "declare_insolvent", "bid", "end_liquidation")


class UnknownAccount(BadInput):
    """A name that is no account of a record."""


class RecordedLiquidation(NamedTuple):
    """The step that starts a liquidation of an account, and the one after which it is over; none: still under way."""

    number: int
    at: int
    sender: str
    ended_number: int | None = None
    ended_at: int | None = None


@dataclass(slots=True)
class RecordedAccount:
    """An account along a record: liquidations, numbers of its refused steps, of the first step that names it.

    difference: number of the first step in which both sides differ, and where.
    """

    record: Record
    account: AccountId
    first_number: int
    liquidations: list[RecordedLiquidation] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    difference: tuple[int, RecordedDifference] | None = None


def require_account(record: Record, name: str) -> AccountId:
    """The account of a record that a text names. Raises UnknownAccount."""
    known = [str(each) for each in named(record.steps)]
    for account in named(record.steps):
        if str(account) == name or (account.number == 0 and name == f"{account.owner}/0"):
            return account
    if any(step.sender == name for step in record.steps):
        reason = "sends steps of this record, and has no account"
    else:
        reason = "no account of this record"
    raise UnknownAccount(f"ACCOUNT: {name!r}: {reason}: {did_you_mean(name, known)}")


def recorded_account(
    record: Record, account: AccountId, tick: Callable[[int], None] = lambda steps: None
) -> RecordedAccount:
    """An account along a record, by playing it on the model; `tick` counts steps. Raises OtherOutcome."""
    model, notation = Model(record.story().world), record.notation
    first = next(number for number, step in enumerate(record.steps, start=1) if account in step.accounts())
    found = RecordedAccount(record, account, first)
    for number, (step, line) in enumerate(zip(record.steps, record.lines, strict=True), start=1):
        body, outcome = json.loads(line), model.apply(step)
        if other := outcome_difference(body["model"], notation.outcome(outcome)):
            text = f"recorded {other.chain}, replayed {other.model}: recorded with another version of the model"
            raise OtherOutcome(f"{record.path}:{number + 1}: step {number}: {other.field}: {text}")
        if found.difference is None and (differs := first_difference(body)):
            found.difference = number, differs
        if outcome.refusal and account in step.accounts():
            found.refused.add(number)
        _note_sale(found, model, number, step)
        tick(number)
    return found


def is_sale_of(step: Step, account: AccountId) -> bool:
    """Whether a step is part of the liquidation of an account."""
    return step.action in SALE_ACTIONS and bool(step.args["account"] == account)


def _note_sale(found: RecordedAccount, model: Model, number: int, step: Step) -> None:
    is_for_sale = model.vault.ledger.sales[found.account].started_at != 0
    last = found.liquidations[-1] if found.liquidations else None
    is_open = last is not None and last.ended_number is None
    if is_for_sale and not is_open:
        found.liquidations.append(RecordedLiquidation(number, step.at, step.sender))
    elif last is not None and is_open and not is_for_sale:
        found.liquidations[-1] = last._replace(ended_number=number, ended_at=step.at)
