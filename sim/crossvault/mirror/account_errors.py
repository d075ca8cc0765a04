"""Every refusal because of what an account or the vault holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class TooManyPositions(Refusal):
    """An account would hold more positions than allowed."""

    count: int
    cap: int


class TooManyOptions(Refusal):
    """An account in portfolio mode would hold more options than allowed."""

    count: int
    cap: int


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
