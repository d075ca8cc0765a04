"""Refusals by the holdings and the margin of an account, or the tokens of the vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class TooManyPositions(Refusal):
    """A position would exceed the cap of positions of an account."""

    count: int
    cap: int


class TooManyOptions(Refusal):
    """An option would exceed the cap of options of an account in portfolio mode."""

    count: int
    cap: int


class InsufficientMargin(Refusal):
    """The margin balance of an account is below its initial margin requirement."""

    account: AccountId
    adjusted_equity_wad: int
    requirement_wad: int


class EquityFalls(Refusal):
    """A reduction leaves an account with less equity than it had, and less than nothing."""

    account: AccountId
    equity_wad: int
    least_wad: int


class BalanceFalls(Refusal):
    """A reduction leaves an account below maintenance with a lower margin balance per requirement."""

    account: AccountId
    balance_wad: int
    least_wad: int


class InsufficientCollateral(Refusal):
    """The balance of a collateral is below the amount to withdraw."""

    balance_raw: int
    amount_raw: int


class InsufficientLiquidity(Refusal):
    """The token balance of the vault is below the amount to pay."""

    held_raw: int
    amount_raw: int


class TransferMismatch(Refusal):
    """A token transfer moved a different amount than its argument."""

    expected_raw: int
    moved_raw: int


class SameAccount(Refusal):
    """Both sides of a transaction are the same account."""

    account: AccountId
