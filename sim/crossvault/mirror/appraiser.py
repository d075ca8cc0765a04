"""Margin checks and margin metrics of accounts."""

from __future__ import annotations

from crossvault.mirror import valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.store import Store
from crossvault.mirror.valuation import Metrics


class Appraiser(Store):
    """Margin checks and margin metrics of accounts."""

    __slots__ = ()

    def metrics(self, account: AccountId, *, now: int) -> Metrics:
        """Margin metrics of an account."""
        return valuation.metrics(self.ledger, account, now=now)

    def quotation(self, instrument: int, *, now: int) -> tuple[int, int]:
        """Mark price of an instrument, and the widest distance of a trade from it."""
        return valuation.quotation(self.ledger, instrument, now=now)

    def initial_margin(self, account: AccountId, *, now: int) -> int:
        """Initial buffer of an account, at the last prices."""
        return valuation.initial_margin(self.ledger, account, now=now)

    def maintenance(self, account: AccountId, *, now: int) -> tuple[int, int]:
        """Equity and maintenance buffer of an account, at fresh prices."""
        return valuation.maintenance(self.ledger, account, now=now)

    def require_initial(self, account: AccountId, *, now: int) -> None:
        """Requires an account to meet its initial margin requirement."""
        valuation.require_initial(self.ledger, account, now=now)

    def require_no_fall(self, account: AccountId, before_wad: int, *, now: int) -> None:
        """Requires an account whose initial buffer is not negative or has not fallen."""
        valuation.require_no_fall(self.ledger, account, before_wad, now=now)
