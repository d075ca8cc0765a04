"""The judge of accounts: every margin that a door asks for, and every figure that an account is told."""

from __future__ import annotations

from crossvault.mirror import valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.store import Store
from crossvault.mirror.valuation import Metrics


class Appraiser(Store):
    """The judge of accounts: every margin that a door asks for, and every figure that an account is told."""

    __slots__ = ()

    def metrics(self, account: AccountId, *, now: int) -> Metrics:
        """What an account is told about its margin."""
        return valuation.metrics(self.ledger, account, now=now)

    def quotation(self, instrument: int, *, now: int) -> tuple[int, int]:
        """Mark of an instrument, and how far from it a trade may be."""
        return valuation.quotation(self.ledger, instrument, now=now)

    def initial_margin(self, account: AccountId, *, now: int) -> int:
        """Margin of an account at initial, at the last prices."""
        return valuation.initial_margin(self.ledger, account, now=now)

    def maintenance(self, account: AccountId, *, now: int) -> tuple[int, int]:
        """Equity of an account and its margin at maintenance, at prices of which none is too old."""
        return valuation.maintenance(self.ledger, account, now=now)

    def require_initial(self, account: AccountId, *, now: int) -> None:
        """Refuses an account that fails initial margin."""
        valuation.require_initial(self.ledger, account, now=now)

    def require_no_fall(self, account: AccountId, before_wad: int, *, now: int) -> None:
        """Refuses an account that fails initial margin and was no worse before."""
        valuation.require_no_fall(self.ledger, account, before_wad, now=now)
