"""Views of the state and the parameters of the vault."""

from __future__ import annotations

from collections.abc import Iterable

from crossvault.mirror import account as accounts, lens, parameters
from crossvault.mirror.account import AccountId
from crossvault.mirror.lens import AccountState, CurveState, Globals
from crossvault.mirror.parameters import ParameterSet
from crossvault.mirror.store import Store


class Registry(Store):
    """Views of the state and the parameters of the vault."""

    __slots__ = ()

    def snapshot(self, ids: Iterable[AccountId]) -> tuple[Globals, tuple[AccountState, ...]]:
        """State of the vault and of some accounts."""
        roles = self.owner, self.pending_owner, self.guardian, self.paused
        return lens.globals(self.ledger, *roles, tokens=self.tokens, this=self.this), lens.states(self.ledger, ids)

    def curves(self) -> tuple[CurveState, ...]:
        """State of the expiries that have not settled, by underlying and in the order they are stored."""
        return lens.curves(self.ledger)

    def is_authorized(self, account: AccountId, sender: str) -> bool:
        """Whether a sender may act for an account, in one scope at least."""
        return accounts.is_authorized(self.ledger.holders[account], account, sender)

    def scopes_of(self, account: AccountId, sender: str) -> int:
        """What a sender may do for an account: a sum of TRADE, DEPOSIT and WITHDRAW."""
        return accounts.scopes_of(self.ledger.holders[account], account, sender)

    def parameters(self) -> ParameterSet:
        """Every parameter in force."""
        return parameters.sheet(self.ledger, self.delay_secs)
