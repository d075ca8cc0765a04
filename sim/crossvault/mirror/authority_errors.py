"""Every refusal because of the sender, a pause or the time lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


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
