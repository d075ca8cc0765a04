"""Refusals of orders and of their cancellation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class OrderExpired(Refusal):
    """The order has expired."""

    now_at: int
    expires_at: int


class OrderCancelled(Refusal):
    """The order is cancelled."""

    account: AccountId
    salt: int


class OrderBelowFloor(Refusal):
    """The salt of the order is below the floor of its account."""

    salt: int
    floor: int


class Overfilled(Refusal):
    """The fill is larger than the rest of the order."""

    size_wad: int
    rest_wad: int


class InstrumentsDiffer(Refusal):
    """Two orders have different instruments."""

    maker_instrument: int
    taker_instrument: int


class NotOpposite(Refusal):
    """Two orders both buy or both sell."""

    maker_size: int
    taker_size: int


class LimitNotMet(Refusal):
    """The limits of two orders do not cross."""

    maker_limit_wad: int
    taker_limit_wad: int


class BadSignature(Refusal):
    """The owner of the account did not sign this order for this contract and chain."""

    account: AccountId


class FloorNotRaised(Refusal):
    """The new floor is not above the old one."""

    salt: int
    floor: int


class OrderOfOtherEpoch(Refusal):
    """The order is of another epoch than the present one of its account."""

    epoch: int
    current: int


class OrderOfOtherVersion(Refusal):
    """The owner of the account signed the order in the form of another version."""

    version: int
    current: int
