"""The other half of the vault: governance, prices and views, reached only through it, on its storage."""

from __future__ import annotations

from collections.abc import Iterable

from sim.mirror import account as accounts
from sim.mirror import lens
from sim.mirror.account import AccountId
from sim.mirror.appraiser import Appraiser
from sim.mirror.feed import Feed
from sim.mirror.governance import Governance
from sim.mirror.lens import AccountState, Globals


class Registry(Governance, Feed, Appraiser):
    """The other half of the vault: governance, prices and views, reached only through it, on its storage."""

    __slots__ = ()

    def snapshot(self, ids: Iterable[AccountId]) -> tuple[Globals, tuple[AccountState, ...]]:
        """State of the vault and of some accounts."""
        roles = self.owner, self.pending_owner, self.guardian, self.paused
        return lens.globals(self.ledger, *roles, tokens=self.tokens, this=self.this), lens.states(self.ledger, ids)

    def is_authorized(self, account: AccountId, sender: str) -> bool:
        """Whether a sender may act for an account."""
        return accounts.is_authorized(self.ledger.holders[account], account, sender)
