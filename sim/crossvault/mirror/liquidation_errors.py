"""Refusals of liquidations, auctions and the insurance fund."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class UnderLiquidation(Refusal):
    """The account is in liquidation."""

    account: AccountId


class OutageGrace(Refusal):
    """An outage has ended, and until the end of the grace time no solvent account that it kept from being sold is."""

    account: AccountId
    until_at: int


class NotUnderLiquidation(Refusal):
    """The account is not in liquidation."""

    account: AccountId


class NotLiquidatable(Refusal):
    """The account meets its maintenance margin requirement, or in an auction its buffer margin."""

    account: AccountId
    margin_wad: int


class StillLiquidatable(Refusal):
    """The buffer margin of the account is still negative."""

    account: AccountId
    margin_wad: int


class OwnBid(Refusal):
    """The owner of an account, its operators and their accounts may not buy it below its value."""

    account: AccountId
    bidder: AccountId


class BidTooDear(Refusal):
    """The cost of a bid is above the bidder's limit."""

    cost_wad: int
    limit_wad: int


class AuctionSolvent(Refusal):
    """The auction of a solvent account has value left."""

    value_wad: int
    discount_wad: int


class AuctionInsolvent(Refusal):
    """The auction of a solvent account has run out of value."""

    value_wad: int
    discount_wad: int


class InsuranceExhausted(Refusal):
    """The insurance fund holds less than it needs to pay."""

    insurance_wad: int
    needed_wad: int


class DeficitOpen(Refusal):
    """Open deficits are larger than the insurance fund."""

    deficit_wad: int
    insurance_wad: int
