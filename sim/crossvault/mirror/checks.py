"""Margin checks of the accounts that a call touches, at once or at the end of a batch."""

from __future__ import annotations

from crossvault.mirror import account as accounts, caps, cash
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.appraiser import Appraiser
from crossvault.mirror.comparison import Comparison


class Checks(Appraiser, Comparison):
    """Margin checks of the accounts that a call touches, at once or at the end of a batch."""

    __slots__ = ()

    def begin(self, account: AccountId, rising: bool) -> Image | None:
        """State of an account before a call that touches it, where its check needs one."""
        if not self.deferring:
            return None if rising else accounts.image(self.ledger.holders[account], len(self.ledger.assets))
        self.touches[account].touched = True
        if rising:
            self.touches[account].rising = True
        return None

    def check(self, account: AccountId, rising: bool, former: Image | None, *, now: int) -> None:
        """Checks the margin of an account after a call that touched it; in a batch, later."""
        if self.deferring:
            return
        if rising:
            return self.require_initial(account, now=now)
        assert former is not None  # begin returns one where the risk does not rise
        self.require_no_fall(account, former, now=now)

    def check_pause(self, account: AccountId, former: Image | None, *, now: int) -> None:
        """Checks that a trade in a pause raised no requirement of an account; in a batch, later."""
        if not self.paused:
            return
        if self.deferring:
            self.touches[account].traded = True
        else:
            assert former is not None  # begin returns one where the risk does not rise, as in a pause
            self.require_no_rise(account, former, now=now)

    def require_borrowable(self, account: AccountId, before: int) -> None:
        """Requires debts of all accounts within their cap where an account now owes more than before."""
        principal = self.ledger.holders[account].principal
        if principal >= 0 or principal >= before:
            return
        caps.require_room(self.ledger.caps, caps.BORROWING, 0, 0, cash.borrowed(self.ledger.cash))
