"""Every reason why an order is not filled, or a floor under orders not raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class OrderExpired(Refusal):
    """An order is good no longer."""

    now_at: int
    expires_at: int


class OrderCancelled(Refusal):
    """An order was cancelled."""

    account: AccountId
    salt: int


class OrderBelowFloor(Refusal):
    """An order was cancelled with all below a floor."""

    salt: int
    floor: int


class Overfilled(Refusal):
    """Less is left of an order than would be filled."""

    size_wad: int
    rest_wad: int


class InstrumentsDiffer(Refusal):
    """Two orders are for two instruments."""

    maker_instrument: int
    taker_instrument: int


class NotOpposite(Refusal):
    """Two orders both buy or both sell."""

    maker_size: int
    taker_size: int


class LimitNotMet(Refusal):
    """A price is worse than an order allows."""

    price_wad: int
    limit_wad: int


class BadSignature(Refusal):
    """The owner of the account did not sign this order for this contract and chain."""

    account: AccountId


class FloorNotRaised(Refusal):
    """A floor would not rise."""

    salt: int
    floor: int
