"""A trial of liquidation: a rich stranger starts, bids and closes on a model, which then is as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from crossvault.differential import doors
from crossvault.differential.attempt import Attempt, attempts
from crossvault.differential.step import Step, account_id
from crossvault.judge.rounding import WAD
from crossvault.judge.usable_prices import PORTFOLIO

if TYPE_CHECKING:
    from crossvault.differential.model import Model
    from crossvault.judge.books import CashBook, SaleBook
    from crossvault.mirror.account import AccountId

STRANGER = "a rich stranger"
_WEALTH = 2**96 // WAD  # whole units: the most that one deposit may have
_DEPOSITS = 4
_ANY_PRICE = 2**255 - 1


class TrialResult(NamedTuple):
    """The result of a trial: the door that refused it and the refusal's name; both empty where the sale was closed."""

    door: str = ""
    refusal: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether the account was sold and its auction is over."""
        return not self.door


def sold_to_stranger(model: Model, account: AccountId, sale: SaleBook, cash: CashBook, at: int) -> TrialResult:
    """Sells an account to a stranger that has all it takes, in calls of one second, and takes everything back."""
    bidder = account_id(STRANGER)
    with attempts(model) as attempt:
        for step in _funding(cash, bidder, at):
            if refused := attempt(step):
                return TrialResult(step.action, refused.name)
        start = doors.start_liquidation(at, STRANGER, account=account)
        if not sale.started_at and (refused := attempt(start)):
            return TrialResult(start.action, refused.name)
        found = _bought(attempt, account, bidder, at)
        if found.is_closed and model.vault.ledger.sales[account].started_at:
            return TrialResult("end_liquidation", "the auction goes on")
    return found


def _bought(attempt: Attempt, account: AccountId, bidder: AccountId, at: int) -> TrialResult:
    """Bids for all that is sold; an auction that has run out of value is declared insolvent first.

    Where the margin of what it buys is beyond all cash in standard mode, the stranger bids in portfolio mode.
    """
    whole = doors.bid(at, STRANGER, account=account, bidder=bidder, fraction_wad=WAD, limit_wad=_ANY_PRICE)
    refused = attempt(whole)
    if refused and refused.name == "AuctionInsolvent":
        declared = doors.declare_insolvent(at, STRANGER, account=account)
        if refused := attempt(declared):
            return TrialResult(declared.action, refused.name)
        refused = attempt(whole)
    if refused and refused.name == "InsufficientMargin":
        attempt(doors.set_mode(at, STRANGER, account=bidder, mode=PORTFOLIO))
        refused = attempt(whole)
    return TrialResult(whole.action, refused.name) if refused else TrialResult()


def _funding(cash: CashBook, bidder: AccountId, at: int) -> Iterator[Step]:
    amount_raw = _WEALTH * 10**cash.decimals
    for _ in range(_DEPOSITS):
        yield doors.mint(at, STRANGER, token=cash.token, to=STRANGER, amount_raw=amount_raw)
        yield doors.deposit_cash(at, STRANGER, account=bidder, amount_raw=amount_raw)
