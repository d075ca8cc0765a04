"""Margin metrics of accounts."""

from __future__ import annotations

from crossvault.mirror import valuation
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.store import Store
from crossvault.mirror.valuation import Metrics


class Teller(Store):
    """Margin metrics of accounts."""

    __slots__ = ()

    def metrics(self, account: AccountId, *, now: int) -> Metrics:
        """Margin metrics of an account."""
        return valuation.metrics(self.ledger, valuation.image(self.ledger, account), now=now)

    def metrics_of(self, held: Image, *, now: int) -> Metrics:
        """Margin metrics of holdings that no account needs to have, at any number of positions."""
        valuation.require_valid(self.ledger, held, now=now)
        return valuation.metrics(self.ledger, held, now=now)
