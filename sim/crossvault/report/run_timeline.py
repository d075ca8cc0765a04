"""The events of a run as plain values: samples over time, and auctions from their start to their end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.fixed import WAD


class Sample(NamedTuple):
    """A moment: prices, health of every account with positions, and the insurance fund [all wad]."""

    at: int
    prices: tuple[int, ...]
    health: dict[AccountId, int]
    insurance_wad: int


class LargestLoss(NamedTuple):
    """The position with the largest loss: instrument, size, entry and mark [wad], loss [wad, negative].

    Options have no entry: their premium is cash, and the value of a short is its loss.
    """

    instrument: int
    size_wad: int
    entry_wad: int
    mark_wad: int
    loss_wad: int


@dataclass(frozen=True, slots=True)
class AcceptedBid:
    """A bid that was taken: which part, at what price; a price below zero is paid out by the insurance fund [wad]."""

    step: int
    at: int
    bidder: AccountId
    part_wad: int
    cost_wad: int
    discount_wad: int
    insolvent: bool


@dataclass(slots=True)
class Liquidation:
    """An auction of an account: its margin at maintenance at the start [wad], the purchases, the end."""

    step: int
    at: int
    account: AccountId
    equity_wad: int
    margin_balance_wad: int
    requirement_wad: int
    health_wad: int
    held: Image
    cause: LargestLoss | None
    purchases: list[AcceptedBid] = field(default_factory=list)
    insolvent_at: int | None = None
    ended_at: int | None = None
    ended_by: str = ""

    @property
    def sold_wad(self) -> int:
        """Part of the account that was sold in all."""
        left = WAD
        for purchase in self.purchases:
            left -= left * purchase.part_wad // WAD
        return WAD - left

    @property
    def price_wad(self) -> int:
        """Sum of the prices that bidders paid."""
        return sum(max(0, purchase.cost_wad) for purchase in self.purchases)

    @property
    def payout_wad(self) -> int:
        """Sum of the payouts of the insurance fund to bidders."""
        return sum(max(0, -purchase.cost_wad) for purchase in self.purchases)

    @property
    def value_wad(self) -> int:
        """Value of the parts that bidders paid for; a price is the value times a discount factor."""
        paid = (each for each in self.purchases if each.cost_wad > 0 and each.discount_wad > 0)
        return sum(each.cost_wad * WAD // each.discount_wad for each in paid)


class RefusalRow(NamedTuple):
    """The first of the refusals of one name: step, time, action, and the refusal as text."""

    step: int
    at: int
    action: str
    text: str


def merged(earlier: Sample, later: Sample) -> Sample:
    """Two samples as one: the later prices, and of every account the lower health."""
    health = dict(later.health)
    for account, wad in earlier.health.items():
        health[account] = min(wad, health.get(account, wad))
    return later._replace(health=health)
