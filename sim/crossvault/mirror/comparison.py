"""Margin checks that compare an account with its state before a call."""

from __future__ import annotations

from crossvault.mirror import verdict
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.store import Store


class Comparison(Store):
    """Margin checks that compare an account with its state before a call."""

    __slots__ = ()

    def require_no_fall(self, account: AccountId, former: Image, *, now: int) -> None:
        """Requires an account whose initial buffer is not negative, or that gives nothing away that it needs."""
        verdict.require_no_fall(self.ledger, account, former, now=now)

    def require_no_rise(self, account: AccountId, former: Image, *, now: int) -> None:
        """Requires an account whose initial margin requirement has not risen in a pause."""
        verdict.require_no_rise(self.ledger, account, former, now=now)
