"""Every refusal of a liquidation, an auction or the insurance fund."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class UnderLiquidation(Refusal):
    """The account is being liquidated."""

    account: AccountId


class NotUnderLiquidation(Refusal):
    """The account is not being liquidated."""

    account: AccountId


class NotLiquidatable(Refusal):
    """The account holds what it must."""

    account: AccountId
    margin_wad: int


class StillLiquidatable(Refusal):
    """The account still holds less than it must."""

    account: AccountId
    margin_wad: int


class OwnBid(Refusal):
    """The owner of an account may not buy it below its value."""

    account: AccountId
    bidder: AccountId


class BidTooDear(Refusal):
    """A bid costs more than the bidder's limit."""

    cost_wad: int
    limit_wad: int


class AuctionSolvent(Refusal):
    """The auction of a solvent account goes on."""

    value_wad: int
    discount_wad: int


class AuctionInsolvent(Refusal):
    """The auction of a solvent account has run out of value."""

    value_wad: int
    discount_wad: int


class InsuranceExhausted(Refusal):
    """The insurance fund holds less than is asked of it."""

    insurance_wad: int
    needed_wad: int


class DeficitOpen(Refusal):
    """Open deficits are larger than the insurance fund."""

    deficit_wad: int
    insurance_wad: int
