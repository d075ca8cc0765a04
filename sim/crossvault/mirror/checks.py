"""Margin checks of the accounts that a call touches, at once or at the end of a batch."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.mirror import account as accounts, authority_errors
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.appraiser import Appraiser
from crossvault.mirror.evm import Call, ReentrancyGuardReentrantCall

_ACCOUNTS = "maker", "taker"  # arguments of a trade; the other doors take one account


class Checks(Appraiser):
    """Margin checks of the accounts that a call touches, at once or at the end of a batch."""

    __slots__ = ()

    def batch(self, calls: Sequence[Call], *, sender: str, now: int) -> None:
        """Makes several calls as one, and checks the margin of every touched account at the end."""
        if self.entered:
            raise ReentrancyGuardReentrantCall
        named, formers = self.named(calls)
        self.deferring = True
        for i, call in enumerate(calls):
            if not self.is_batchable(call.action):
                raise authority_errors.NotBatchable(i)
            getattr(self, call.action)(**call.args, sender=sender, now=now)
        self.deferring = False
        for account, former in zip(named, formers, strict=True):
            touch = self.touches[account]
            if touch.touched:
                self.check(account, touch.rising, former, now=now)
            if touch.traded:
                self.require_no_rise(account, former, now=now)
            touch.clear()
        self.emit("Batched", sender, len(calls))

    def named(self, calls: Sequence[Call]) -> tuple[list[AccountId], list[Image]]:
        """Accounts whose margin a batch may change, and their states before it."""
        named: list[AccountId] = []
        formers: list[Image] = []
        for call in calls:
            for place in _ACCOUNTS[: self.accounts_of(call.action)]:
                account = call.args.get(place) or call.args["account"]
                if self.touches[account].named:
                    continue
                self.touches[account].named = True
                named.append(account)
                formers.append(accounts.image(self.ledger.holders[account], len(self.ledger.assets)))
        return named, formers

    def is_batchable(self, selector: str) -> bool:
        """Whether a door may be called in a batch."""
        raise NotImplementedError

    def accounts_of(self, selector: str) -> int:
        """How many of the first arguments of a door are accounts whose margin a batch checks."""
        raise NotImplementedError

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
