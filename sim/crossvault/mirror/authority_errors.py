"""Refusals by the sender, the pause and the time lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.mirror.refusal import Refusal

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class NotBatchable(Refusal):
    """A call of a batch is to a door that may not be batched."""

    place: int


class NotOwner(Refusal):
    """The sender is not the owner of the vault."""

    sender: str


class NotPendingOwner(Refusal):
    """The sender is not the proposed owner of the vault."""

    sender: str


class NotGuardian(Refusal):
    """The sender is neither the guardian nor the owner."""

    sender: str


class NotFeeder(Refusal):
    """The sender may not publish prices."""

    sender: str


class NotAuthorized(Refusal):
    """The sender may not do this for the account: it is neither the owner nor an operator with that scope."""

    account: AccountId
    sender: str


class VaultPaused(Refusal):
    """The vault is paused."""


class NotScheduled(Refusal):
    """The change is not scheduled."""


class TooEarly(Refusal):
    """A scheduled change may not take effect yet."""

    now_at: int
    effective_at: int


class AnnouncementLapsed(Refusal):
    """The time in which a scheduled change may take effect is over."""

    now_at: int
    lapses_at: int
