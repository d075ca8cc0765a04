"""Margin checks of the accounts that a call touches, at once or at the end of a batch."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.mirror import authority_errors
from crossvault.mirror.account import AccountId
from crossvault.mirror.appraiser import Appraiser
from crossvault.mirror.evm import Call, ReentrancyGuardReentrantCall


class Checks(Appraiser):
    """Margin checks of the accounts that a call touches, at once or at the end of a batch."""

    __slots__ = ()

    def batch(self, calls: Sequence[Call], *, sender: str, now: int) -> None:
        """Makes several calls as one, and checks the margin of every touched account at the end."""
        if self.entered:
            raise ReentrancyGuardReentrantCall
        self.deferring = True
        for i, call in enumerate(calls):
            if not self.is_batchable(call.action):
                raise authority_errors.NotBatchable(i)
            getattr(self, call.action)(**call.args, sender=sender, now=now)
        self.deferring = False
        for account in self.touched:
            touch = self.touches[account]
            self.check(account, touch.rising, touch.before_wad, now=now)
            touch.clear()
        self.touched = ()
        self.emit("Batched", sender, len(calls))

    def is_batchable(self, selector: str) -> bool:
        """Whether a door may be called in a batch."""
        raise NotImplementedError

    def begin(self, account: AccountId, rising: bool, *, now: int) -> int:
        """Initial buffer of an account before a call that touches it; in a batch, before the first such call."""
        if not self.deferring:
            return 0 if rising else self.initial_margin(account, now=now)
        touch = self.touches[account]
        if rising:
            touch.rising = True
        if touch.noted:
            return 0
        touch.noted = True
        touch.before_wad = self.initial_margin(account, now=now)
        self.touched = (*self.touched, account)
        return 0

    def check(self, account: AccountId, rising: bool, before_wad: int, *, now: int) -> None:
        """Checks the margin of an account after a call that touched it; in a batch, later."""
        if self.deferring:
            return
        if rising:
            return self.require_initial(account, now=now)
        self.require_no_fall(account, before_wad, now=now)
