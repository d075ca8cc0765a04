"""An account valued from the books, by the judge's own arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.books import Books
from crossvault.judge.bracket import Bracket

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


class AccountValue(NamedTuple):
    """Equity, adjusted equity and requirements of an account [wad]; exact but for the stated errors of options."""

    equity: Bracket
    initial_equity: Bracket
    maintenance_equity: Bracket
    initial_requirement: Bracket
    maintenance_requirement: Bracket

    @property
    def initial_margin(self) -> Bracket:
        """Adjusted equity less requirement at initial margin."""
        return self.initial_equity.minus(self.initial_requirement)

    @property
    def maintenance_margin(self) -> Bracket:
        """Adjusted equity less requirement at maintenance margin."""
        return self.maintenance_equity.minus(self.maintenance_requirement)


def account_value(books: Books, account: AccountId, at: int) -> AccountValue:
    """An account valued at a time [unix seconds]."""
    raise NotImplementedError
