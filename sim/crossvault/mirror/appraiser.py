"""Margins of accounts, and the check of their initial margin."""

from __future__ import annotations

from crossvault.mirror import verdict
from crossvault.mirror.account import AccountId
from crossvault.mirror.store import Store
from crossvault.mirror.verdict import Standing


class Appraiser(Store):
    """Margins of accounts, and the check of their initial margin."""

    __slots__ = ()

    def initial_margin(self, account: AccountId, *, now: int) -> int:
        """Initial buffer of an account, at the last prices."""
        return verdict.initial_margin(self.ledger, account, now=now)

    def maintenance(self, account: AccountId, *, now: int) -> Standing:
        """Equity of an account, its maintenance requirement and buffer, and its initial buffer, at fresh prices or
        where it fails without them."""
        return verdict.maintenance(self.ledger, account, now=now)

    def equity(self, account: AccountId, *, now: int) -> int:
        """Equity of an account, at the last prices."""
        return verdict.equity(self.ledger, account, now=now)

    def require_initial(self, account: AccountId, *, now: int) -> None:
        """Requires an account to meet its initial margin requirement."""
        verdict.require_initial(self.ledger, account, now=now)

    def require_bidder(self, account: AccountId, *, now: int) -> None:
        """Requires a bidder for an account with positions at stale prices to meet its initial margin requirement,
        whatever those are worth."""
        verdict.require_bidder(self.ledger, account, now=now)
