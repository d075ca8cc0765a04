"""Steps through the doors of accounts and prices: deposits, trades, settlement, liquidation, publication."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.differential.step import Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.mirror.surface import Svi


def set_operator(at: int, sender: str, *, account: AccountId, operator: str, allowed: bool) -> Step:
    """Permission, or its end, of an operator to act for an account."""
    return Step(at, sender, "set_operator", {"account": account, "operator": operator, "allowed": allowed})


def set_scopes(at: int, sender: str, *, account: AccountId, operator: str, scopes: int) -> Step:
    """Scopes in which an operator may act for an account; 0: none."""
    return Step(at, sender, "set_scopes", {"account": account, "operator": operator, "scopes": scopes})


def set_mode(at: int, sender: str, *, account: AccountId, mode: int) -> Step:
    """Choice of standard or portfolio margin for an account."""
    return Step(at, sender, "set_mode", {"account": account, "mode": mode})


def deposit_cash(at: int, sender: str, *, account: AccountId, amount_raw: int) -> Step:
    """Deposit of quote tokens into an account."""
    return Step(at, sender, "deposit_cash", {"account": account, "amount_raw": amount_raw})


def withdraw_cash(at: int, sender: str, *, account: AccountId, amount_raw: int, to: str) -> Step:
    """Withdrawal or loan of quote tokens from an account."""
    return Step(at, sender, "withdraw_cash", {"account": account, "amount_raw": amount_raw, "to": to})


def deposit_collateral(at: int, sender: str, *, account: AccountId, collateral: int, amount_raw: int) -> Step:
    """Deposit of a collateral token into an account."""
    return Step(
        at, sender, "deposit_collateral", {"account": account, "collateral": collateral, "amount_raw": amount_raw}
    )


def withdraw_collateral(at: int, sender: str, *, account: AccountId, collateral: int, amount_raw: int, to: str) -> Step:
    """Withdrawal of a collateral token from an account."""
    return Step(
        at,
        sender,
        "withdraw_collateral",
        {"account": account, "collateral": collateral, "amount_raw": amount_raw, "to": to},
    )


def fund_insurance(at: int, sender: str, *, amount_raw: int) -> Step:
    """Gift of quote tokens to the insurance fund."""
    return Step(at, sender, "fund_insurance", {"amount_raw": amount_raw})


def trade(
    at: int, sender: str, *, maker: AccountId, taker: AccountId, instrument: int, size: int, price_wad: int
) -> Step:
    """Trade between two accounts; a positive size is bought by the taker."""
    return Step(
        at,
        sender,
        "trade",
        {"maker": maker, "taker": taker, "instrument": instrument, "size": size, "price_wad": price_wad},
    )


def settle(at: int, sender: str, *, underlying: int, expiry: int, accounts: Sequence[AccountId]) -> Step:
    """Settlement of an ended expiry in some accounts."""
    return Step(at, sender, "settle", {"underlying": underlying, "expiry": expiry, "accounts": accounts})


def batch(at: int, sender: str, *, calls: Sequence[Call]) -> Step:
    """Several calls as one, whose margin is checked at the end."""
    return Step(at, sender, "batch", {"calls": calls})


def start_liquidation(at: int, sender: str, *, account: AccountId) -> Step:
    """Start of the auction of an account below maintenance margin."""
    return Step(at, sender, "start_liquidation", {"account": account})


def declare_insolvent(at: int, sender: str, *, account: AccountId) -> Step:
    """Start of the second auction, which pays bidders from the insurance fund."""
    return Step(at, sender, "declare_insolvent", {"account": account})


def bid(at: int, sender: str, *, account: AccountId, bidder: AccountId, fraction_wad: int, limit_wad: int) -> Step:
    """Bid for a fraction of the account on sale, at most at a limit."""
    return Step(
        at, sender, "bid", {"account": account, "bidder": bidder, "fraction_wad": fraction_wad, "limit_wad": limit_wad}
    )


def end_liquidation(at: int, sender: str, *, account: AccountId) -> Step:
    """End of the auction of an account that has its margin with buffer again."""
    return Step(at, sender, "end_liquidation", {"account": account})


def publish_price(
    at: int, sender: str, *, underlying: int, index_wad: int, premium_wad: int, confidence_wad: int, published_at: int
) -> Step:
    """Index price and premium of an underlying, as published at a time."""
    return Step(
        at,
        sender,
        "publish_price",
        {
            "underlying": underlying,
            "index_wad": index_wad,
            "premium_wad": premium_wad,
            "confidence_wad": confidence_wad,
            "published_at": published_at,
        },
    )


def publish_forward(
    at: int,
    sender: str,
    *,
    underlying: int,
    expiry: int,
    forward_wad: int,
    rate_wad: int,
    confidence_wad: int,
    published_at: int,
) -> Step:
    """Forward price and interest rate of an expiry, as published at a time."""
    return Step(
        at,
        sender,
        "publish_forward",
        {
            "underlying": underlying,
            "expiry": expiry,
            "forward_wad": forward_wad,
            "rate_wad": rate_wad,
            "confidence_wad": confidence_wad,
            "published_at": published_at,
        },
    )


def publish_surface(
    at: int, sender: str, *, underlying: int, expiry: int, svi: Svi, confidence_wad: int, published_at: int
) -> Step:
    """Implied volatility surface of an expiry, as published at a time."""
    return Step(
        at,
        sender,
        "publish_surface",
        {
            "underlying": underlying,
            "expiry": expiry,
            "svi": svi,
            "confidence_wad": confidence_wad,
            "published_at": published_at,
        },
    )
