"""Refusals of the vault in the words and units of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from crossvault.differential.step import expiry_name, instrument_name
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.mirror.refusal import Refusal
from crossvault.scenario import parameter_fields, quantity
from crossvault.scenario.parameter_fields import SIZE

MOST = f"{parameter_fields.text(CAP, SIZE)} (2^96 - 1 wad)"

SENTENCES: Mapping[str, str] = {
    "TooManyPositions": "would be position {count} of the account: expected at most {cap}",
    "TooManyOptions": "would be option {count} of an account in portfolio mode: expected at most {cap}",
    "TooManyUnderlyings": "would be underlying {count}: expected at most {cap}",
    "TooManyCollaterals": "would be collateral {count}: expected at most {cap}",
    "TooManyExpiries": "would be open expiry {count} of the underlying: expected at most {cap}",
    "TooManyDecimals": "a token with {decimals} decimals: expected at most {cap}",
    "CapExceeded": "{what} of the whole vault would be {amount}: expected at most its cap of {cap}",
    "TokenListed": "{token} is listed already: expected another token",
    "InsufficientMargin": "the margin balance of {account}, {adjusted_equity_wad}, is below its initial margin"
    " requirement of {requirement_wad}",
    "EquityFalls": "the equity of {account} would be {equity_wad}: expected at least {least_wad}, as a reduction leaves"
    " no debt behind",
    "BalanceFalls": "{account} is below maintenance, and its margin balance would be {balance_wad}: expected at least"
    " {least_wad}, so that it does not fall by more than the requirement",
    "InsufficientLiquidity": "the vault holds less of the token than is to be paid: expected a smaller amount",
    "TransferMismatch": "the token moved another amount than it was to move, as a token with a fee on transfer does:"
    " it cannot be deposited",
    "ReentrancyGuardReentrantCall": "the token calls the vault during a transfer: it cannot be deposited",
    "SameAccount": "{account} is on both sides of the trade: expected another account",
    "NotAuthorized": "{sender} may not act for {account}: expected an account whose owner lets it (an actor of 'kind:"
    " stranger' does not)",
    "ExpiryListed": "expiry {expiry} of {underlying} is there twice: expected it once",
    "ExpiryOutOfRange": "expiry {expiry} is out of range: expected {low_at} to {high_at}, from half an hour to"
    " ten years ahead",
    "UnknownExpiry": "{underlying} has no open expiry {expiry}: expected it under 'expiries', before its settlement",
    "UnknownInstrument": "{instrument} cannot be traded: expected an open expiry, and for an option also 'options' of"
    " its underlying",
    "InstrumentExpired": "{instrument} has expired: its end was {expiry}, and now it is {now_at}: expected a later one",
    "StalePrice": "the price of {underlying} is older than its heartbeat of {heartbeat_secs}: published {published_at},"
    " expected a later one",
    "PriceFromFuture": "the price is of {published_at}, and now it is {now_at}: expected none from the future",
    "PriceGoesBackwards": "the price is of {published_at}, older than the last one of {last_at}: expected a later one",
    "PriceOutsideBand": "price {price_wad} is outside the trade band around the mark: expected {low_wad} to {high_wad}",
    "ZeroAmount": "the amount is zero: expected more than zero",
    "ZeroSize": "the size is zero: expected a size above or below zero",
    "ZeroPrice": "the price is zero: expected more than 0 USD",
    "AmountTooLarge": f"the amount is too large: expected at most {MOST}",
    "SizeTooLarge": f"the position would have a size of {{size_wad}}: expected at most {MOST}",
    "PriceTooLarge": "the price or premium {price_wad} is too large: expected at most {cap_wad}",
    "ConfidenceTooLarge": "confidence {confidence_wad} is above 100 %: expected 0 % to 100 %",
    "FullMulDivFailed": "a product of these numbers does not fit 256 bits: expected smaller prices, sizes or rates",
    "MagnitudeTooLarge": "a product of these numbers does not fit 256 bits: expected smaller prices, sizes or rates",
}

OTHERS = frozenset({
    # raised by doors that no opening calls: withdrawals, auctions, pauses, orders, batches, changes by others
    "InsufficientCollateral", "NotBatchable", "NotOwner", "NotPendingOwner", "NotGuardian", "NotFeeder", "VaultPaused",
    "NotScheduled", "TooEarly", "AnnouncementLapsed",
    "UnderLiquidation", "OutageGrace", "NotUnderLiquidation", "NotLiquidatable", "StillLiquidatable",
    "OwnBid", "BidTooDear", "AuctionSolvent", "AuctionInsolvent", "InsuranceExhausted", "DeficitOpen", "NotSettled",
    "FractionOutOfRange", "OrderExpired", "OrderCancelled", "OrderBelowFloor", "Overfilled", "InstrumentsDiffer",
    "NotOpposite", "LimitNotMet", "BadSignature", "FloorNotRaised", "OrderOfOtherEpoch", "OrderOfOtherVersion",
    "ERC20InsufficientBalance",
    # names are resolved before: a file cannot give the number of what it does not have
    "UnknownUnderlying", "UnknownCollateral", "UnknownCap",
    # of arguments that the bounds of the doors keep out
    "ExpOverflow", "LnWadUndefined",
})  # fmt: skip


class FileUnits(NamedTuple):
    """The names and the quote token in which a file is written."""

    underlyings: Sequence[str]
    quote: str


def sentence(refused: Refusal, units: FileUnits) -> str:
    """The sentence of a refusal in the units of a file; its name and numbers where it has none."""
    if isinstance(refused, ParameterOutOfRange):
        return parameter_fields.named(refused)
    known = SENTENCES.get(refused.name)
    if known is None:
        return str(refused)
    values = dict(zip(refused.fields, refused.args, strict=True))
    return known.format(**{name: _text(name, value, units) for name, value in values.items()})


def _text(name: str, value: Any, units: FileUnits) -> str:
    if name == "underlying":
        return units.underlyings[value] if value < len(units.underlyings) else str(value)
    if name == "instrument":
        return instrument_name(value, units.underlyings)
    if name == "expiry":
        return expiry_name(value)
    if name.endswith("_at"):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}" if value else "never"
    if name.endswith("_secs"):
        return quantity.duration_text(value)
    if name == "confidence_wad":
        return parameter_fields.text(value)
    if name == "size_wad":
        return parameter_fields.text(value, SIZE)
    if name.endswith("_wad"):
        return f"{_money(value)} {'USD' if name in ('price_wad', 'low_wad', 'high_wad', 'cap_wad') else units.quote}"
    return str(value)


def _money(wad: int) -> str:
    """An amount to six places, rounded down; in full where that is nothing."""
    shown = wad - wad % (WAD // 10**6)
    return quantity.plain(shown or wad, quantity.WAD_DECIMALS)
