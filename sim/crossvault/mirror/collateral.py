"""Collateral: value, credit after haircut and cap, and transfers of tokens."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import account_errors, fixed, market, market_errors, number_errors
from crossvault.mirror.evm import StorageStruct, Token

MAX_COLLATERALS = 8
_MONTH_SECS = 30 * 24 * 60 * 60


class HaircutTerms(NamedTuple):
    """Haircut terms of a collateral."""

    haircut_initial: int = 0
    haircut_maintenance: int = 0
    cap_wad: int = 0
    stale_secs: int = 0


class Asset(StorageStruct):
    """Listed collateral."""

    __slots__ = ("decimals", "terms", "token", "total_raw", "underlying")
    zeros = {"token": "", "decimals": 0, "underlying": 0, "terms": HaircutTerms(), "total_raw": 0}
    token: str
    decimals: int
    underlying: int
    terms: HaircutTerms
    total_raw: int


def value(balance_raw: int, index_wad: int, decimals: int) -> int:
    """Value of a balance at the index price."""
    return fixed.mul_div_down(balance_raw, index_wad, 10**decimals)


def credit(value_wad: int, haircut_wad: int, cap_wad: int) -> int:
    """Credit of a value after cap and haircut."""
    return fixed.mul_div_down(fixed.min(value_wad, cap_wad), fixed.WAD - haircut_wad, fixed.WAD)


def faded(terms: HaircutTerms, age_secs: int, heartbeat_secs: int) -> int:
    """Part of a credit that a stale price has lost."""
    if age_secs <= heartbeat_secs:
        return 0
    late_secs = age_secs - heartbeat_secs
    if late_secs >= terms.stale_secs:
        return fixed.WAD
    return fixed.mul_div_up(fixed.WAD, late_secs, terms.stale_secs)


def to_wad(amount_raw: int, decimals: int) -> int:
    """Wad of a raw amount."""
    scale: int = 10 ** (fixed.MAX_DECIMALS - decimals)
    return amount_raw * scale


def require_amount(amount_raw: int, decimals: int) -> None:
    """Requires an amount above zero and within the cap."""
    if amount_raw == 0:
        raise number_errors.ZeroAmount
    if amount_raw > fixed.CAP:
        raise number_errors.AmountTooLarge(amount_raw, fixed.CAP)
    amount_wad = to_wad(amount_raw, decimals)
    if amount_wad > fixed.CAP:
        raise number_errors.AmountTooLarge(amount_wad, fixed.CAP)


def require_valid(terms: HaircutTerms) -> None:
    """Validates the haircut terms of a collateral."""
    market.require_within("haircutInitial", terms.haircut_initial, 0, fixed.WAD)
    market.require_within("haircutMaintenance", terms.haircut_maintenance, 0, terms.haircut_initial)
    market.require_within("staleSecs", terms.stale_secs, 0, _MONTH_SECS)


def require_decimals(token: Token) -> int:
    """Decimals of a token, required within the cap."""
    decimals = token.decimals()
    if decimals > fixed.MAX_DECIMALS:
        raise market_errors.TooManyDecimals(decimals, fixed.MAX_DECIMALS)
    return decimals


def pull(token: Token, payer: str, amount_raw: int, *, this: str) -> None:
    """Pulls tokens in, exactly the amount."""
    before = token.balance_of(this)
    token.transfer_from(payer, this, amount_raw, sender=this)
    moved = token.balance_of(this) - before
    if moved != amount_raw:
        raise account_errors.TransferMismatch(amount_raw, moved)


def push(token: Token, to: str, amount_raw: int, *, this: str) -> None:
    """Pushes tokens out, exactly the amount."""
    before = token.balance_of(this)
    if before < amount_raw:
        raise account_errors.InsufficientLiquidity(before, amount_raw)
    token.transfer(to, amount_raw, sender=this)
    moved = before - token.balance_of(this)
    if moved != amount_raw:
        raise account_errors.TransferMismatch(amount_raw, moved)
