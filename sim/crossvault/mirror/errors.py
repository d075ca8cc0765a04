"""Every refusal of the vault, by the state of the world that caused it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal as Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


# numbers


class FullMulDivFailed(Refusal):
    """A product divided by a third number does not fit 256 bits, or the divisor is zero (raised by Solady)."""


class ExpOverflow(Refusal):
    """An exponential does not fit a signed 256-bit number (raised by Solady)."""


class LnWadUndefined(Refusal):
    """A number that is not above zero, or does not fit a signed one, has no logarithm (raised by Solady)."""


class MagnitudeTooLarge(Refusal):
    """A magnitude does not fit a signed 256-bit number."""

    magnitude: int


# bounds at the door


class ZeroAmount(Refusal):
    """An amount is zero where something must move."""


class ZeroSize(Refusal):
    """A size is zero where a position must change."""


class ZeroPrice(Refusal):
    """A price is zero."""


class AmountTooLarge(Refusal):
    """An amount is above the cap of all amounts."""

    amount_wad: int
    cap_wad: int


class SizeTooLarge(Refusal):
    """A position would be larger than the cap of all sizes."""

    size_wad: int
    cap_wad: int


class PriceTooLarge(Refusal):
    """A price is above the cap of all prices."""

    price_wad: int
    cap_wad: int


class ConfidenceTooLarge(Refusal):
    """A confidence is above one."""

    confidence_wad: int
    cap_wad: int


class FractionOutOfRange(Refusal):
    """A fraction is zero or above one."""

    fraction_wad: int
    cap_wad: int


class ParameterOutOfRange(Refusal):
    """A parameter is outside its range."""

    name: str
    value: int
    low: int
    high: int


class TooManyPositions(Refusal):
    """An account would hold more positions than allowed."""

    count: int
    cap: int


class TooManyOptions(Refusal):
    """An account in portfolio mode would hold more options than allowed."""

    count: int
    cap: int


class TooManyUnderlyings(Refusal):
    """More underlyings would be listed than allowed."""

    count: int
    cap: int


class TooManyCollaterals(Refusal):
    """More collaterals would be listed than allowed."""

    count: int
    cap: int


class TooManyDecimals(Refusal):
    """A token has more decimals than allowed."""

    decimals: int
    cap: int


class UnknownUnderlying(Refusal):
    """No underlying has this number."""

    underlying: int


class UnknownCollateral(Refusal):
    """No collateral has this number."""

    collateral: int


class UnknownInstrument(Refusal):
    """No instrument has this number."""

    instrument: int


class TooManyExpiries(Refusal):
    """More expiries of an underlying would be open than allowed."""

    count: int
    cap: int


class UnknownExpiry(Refusal):
    """No instrument of the underlying ends then."""

    underlying: int
    expiry: int


class ExpiryListed(Refusal):
    """An expiry is listed already."""

    underlying: int
    expiry: int


class ExpiryOutOfRange(Refusal):
    """An expiry is too near or too far to be listed."""

    expiry: int
    low_at: int
    high_at: int


class InstrumentExpired(Refusal):
    """An instrument has ended."""

    instrument: int
    expiry: int
    now_at: int


class NotSettled(Refusal):
    """It is not known yet what an expiry settles at."""

    underlying: int
    expiry: int


class TokenListed(Refusal):
    """A token is listed already."""

    token: str


# authority and governance


class NotBatchable(Refusal):
    """A call of a batch is of no door that may be batched."""

    place: int


class NotOwner(Refusal):
    """The sender is not the owner of the vault."""

    sender: str


class NotPendingOwner(Refusal):
    """The sender was not offered the ownership of the vault."""

    sender: str


class NotGuardian(Refusal):
    """The sender is neither the guardian nor the owner."""

    sender: str


class NotFeeder(Refusal):
    """The sender may not publish prices."""

    sender: str


class NotAuthorized(Refusal):
    """The sender is neither the owner nor an operator of the account."""

    account: AccountId
    sender: str


class VaultPaused(Refusal):
    """The vault is paused."""


class NotScheduled(Refusal):
    """No such change was scheduled."""


class TooEarly(Refusal):
    """A scheduled change may not take effect yet."""

    now_at: int
    effective_at: int


# prices


class StalePrice(Refusal):
    """A price is older than its heartbeat: the index where the expiry is 0, else the forward or the surface of it."""

    underlying: int
    expiry: int
    published_at: int
    heartbeat_secs: int


class PriceFromFuture(Refusal):
    """A price claims to be from the future."""

    published_at: int
    now_at: int


class PriceGoesBackwards(Refusal):
    """A price is older than the one it would replace."""

    published_at: int
    last_at: int


class PriceOutsideBand(Refusal):
    """A trade's price is too far from the mark."""

    price_wad: int
    low_wad: int
    high_wad: int


# money


class InsufficientMargin(Refusal):
    """An account holds less than it must."""

    account: AccountId
    adjusted_equity_wad: int
    requirement_wad: int


class InsufficientCollateral(Refusal):
    """An account holds less of a collateral than is asked of it."""

    balance_raw: int
    amount_raw: int


class InsufficientLiquidity(Refusal):
    """The vault holds less of a token than is asked of it."""

    held_raw: int
    amount_raw: int


class TransferMismatch(Refusal):
    """A token moved another amount than it was asked to."""

    expected_raw: int
    moved_raw: int


class SameAccount(Refusal):
    """Both sides of a transaction are the same account."""

    account: AccountId


# liquidation


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


# orders
