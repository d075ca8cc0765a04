"""Roles of the vault and its own terms: two-step owner, guardian that pauses and cancels, changes after a delay."""

from __future__ import annotations

from crossvault.mirror import authority_errors, cash, liquidation
from crossvault.mirror.evm import ZERO_ADDRESS
from crossvault.mirror.store import Store


class Governance(Store):
    """Roles of the vault and its own terms: two-step owner, guardian that pauses and cancels, changes after a delay."""

    __slots__ = ()

    def offer_ownership(self, to: str, *, sender: str) -> None:
        """Offers the ownership of the vault."""
        self.require_owner(sender)
        self.pending_owner = to
        self.emit("OwnershipOffered", sender, to)

    def accept_ownership(self, *, sender: str) -> None:
        """Accepts the ownership of the vault."""
        if sender != self.pending_owner:
            raise authority_errors.NotPendingOwner(sender)
        self.owner = sender
        self.pending_owner = ZERO_ADDRESS
        self.emit("OwnershipAccepted", sender)

    def schedule_guardian(self, to: str, *, sender: str, now: int) -> None:
        """Announces a guardian."""
        self.require_owner(sender)
        due_at = self.schedule(("guardian", to), now=now)
        self.emit("GuardianScheduled", sender, to, due_at)

    def set_guardian(self, to: str, *, sender: str, now: int) -> None:
        """Sets the guardian, who can pause and cancel announced changes."""
        self.require_owner(sender)
        if self.guardian != ZERO_ADDRESS:
            self.admit(("guardian", to), now=now)
        self.guardian = to
        self.emit("GuardianSet", sender, to)

    def schedule_feeder(self, feeder: str, *, sender: str, now: int) -> None:
        """Announces a feeder."""
        self.require_owner(sender)
        due_at = self.schedule(("feeder", feeder), now=now)
        self.emit("FeederScheduled", sender, feeder, due_at)

    def set_feeder(self, feeder: str, allowed: bool, *, sender: str, now: int) -> None:
        """Allows or forbids a feeder to publish prices."""
        self.require_owner(sender)
        if allowed:
            self.admit(("feeder", feeder), now=now)
        self.is_feeder[feeder] = allowed
        self.emit("FeederSet", sender, feeder, allowed)

    def pause(self, *, sender: str) -> None:
        """Pauses new risk, withdrawals and liquidations."""
        self.require_guardian(sender)
        self.paused = True
        self.emit("Paused", sender)

    def unpause(self, *, sender: str, now: int) -> None:
        """Unpauses the vault."""
        self.require_owner(sender)
        if self.paused:
            self.open_since = now
        if self.paused:
            self.ledger.biddable_since = now
        self.paused = False
        self.emit("Unpaused", sender)

    def seal(self, *, sender: str) -> None:
        """Seals the vault: from now on what is added waits for its delay."""
        self.require_owner(sender)
        self.is_sealed = True
        self.emit("Sealed", sender)

    def cancel_changes(self, *, sender: str, now: int) -> None:
        """Cancels every change that is announced."""
        self.require_guardian(sender)
        self.cancelled_at = now
        self.emit("ChangesCancelled", sender)

    def schedule_auction(self, terms: liquidation.AuctionTerms, *, sender: str, now: int) -> None:
        """Announces new auction terms."""
        self.require_owner(sender)
        liquidation.require_valid(terms)
        due_at = self.schedule(("auction", terms), now=now)
        self.emit("AuctionScheduled", sender, terms, due_at)

    def enact_auction(self, terms: liquidation.AuctionTerms, *, sender: str, now: int) -> None:
        """Puts announced auction terms into force."""
        self.require_owner(sender)
        self.enact(("auction", terms), now=now)
        self.ledger.terms = terms
        self.emit("AuctionEnacted", sender, terms)

    def schedule_depeg(self, terms: cash.DepegTerms, *, sender: str, now: int) -> None:
        """Announces new terms of the quote token."""
        self.require_owner(sender)
        cash.require_valid(terms, len(self.ledger.risks))
        due_at = self.schedule(("depeg", terms), now=now)
        self.emit("DepegScheduled", sender, terms, due_at)

    def enact_depeg(self, terms: cash.DepegTerms, *, sender: str, now: int) -> None:
        """Puts announced terms of the quote token into force."""
        self.require_owner(sender)
        self.enact(("depeg", terms), now=now)
        if self.ledger.cash.terms.feed != terms.feed:
            self.ledger.biddable_since = now
        self.ledger.cash.terms = terms
        self.emit("DepegEnacted", sender, terms)

    def schedule_interest(self, interest: cash.Interest, *, sender: str, now: int) -> None:
        """Announces a new interest rate model."""
        self.require_owner(sender)
        cash.require_valid_interest(interest)
        due_at = self.schedule(("interest", interest), now=now)
        self.emit("InterestScheduled", sender, interest, due_at)

    def enact_interest(self, interest: cash.Interest, *, sender: str, now: int) -> None:
        """Puts an announced interest rate model into force."""
        self.require_owner(sender)
        self.enact(("interest", interest), now=now)
        self.accrue(sender=sender, now=now)
        self.ledger.cash.interest = interest
        self.emit("InterestEnacted", sender, interest)
