"""One executed step as the rules see it: the books before and after it, and accounts valued from either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crossvault.differential.step import Outcome, Step
from crossvault.judge.account_value import AccountValue
from crossvault.judge.auction_clocks import AuctionClocks
from crossvault.judge.books import Books
from crossvault.judge.rulebook import RuleBook
from crossvault.judge.valuer import Valuer

if TYPE_CHECKING:
    from crossvault.differential.model import Model
    from crossvault.mirror.account import AccountId


PORTFOLIO_SHARE = 24  # one of so many steps values requirements in portfolio mode
_WHOLE = 50  # steps of a story or walk at which every check is due


@dataclass(slots=True)
class Moment:
    """One executed step. number: of the step, from 1. rulebook: the state of rights before it, from steps alone.

    persons: by owner, the person behind it, where several belong together. donated: tokens that were sent to the vault
    without a call, before this step, raw by token. model: for shown figures only (V29, V37) and for trials that are
    taken back (V21); a rule values by `value_*`. clocks: of auctions, up to this step. noted: what a rule has worked
    out for others of the step.
    """

    step: Step
    outcome: Outcome
    before: Books
    after: Books
    rulebook: RuleBook
    number: int
    model: Model
    persons: Mapping[str, str] = field(default_factory=dict)
    donated: Mapping[str, int] = field(default_factory=dict)
    full: bool = False
    clocks: AuctionClocks = field(default_factory=AuctionClocks)
    valuer: Valuer = field(default_factory=Valuer)
    noted: dict[str, Any] = field(default_factory=dict)
    _changed: list[AccountId] | None = None
    _rulebook_after: RuleBook | None = None

    @property
    def at(self) -> int:
        """The time of the step [unix seconds]."""
        return self.step.at

    @property
    def accepted(self) -> bool:
        """Whether the step was accepted."""
        return self.outcome.refusal is None

    @property
    def touched(self) -> Sequence[AccountId]:
        """The accounts that the step names."""
        return self.step.accounts()

    @property
    def changed(self) -> Sequence[AccountId]:
        """The accounts whose stored state is another than before."""
        if self._changed is None:
            before, after, found = self.before.accounts, self.after.accounts, []
            if before is not after:
                found += [each for each, book in after.items() if before.get(each) is not book]
                found += [each for each in before if each not in after]
            self._changed = found
        return self._changed

    @property
    def rulebook_after(self) -> RuleBook:
        """The state of rights after the step."""
        if self._rulebook_after is None:
            self._rulebook_after = self.rulebook.after(self.step, self.outcome)
        return self._rulebook_after

    def value_before(self, account: AccountId) -> AccountValue:
        """An account as it was before the step, valued at the time of the step."""
        return self.valuer.value(self.before, account, self.at)

    def value_after(self, account: AccountId) -> AccountValue:
        """An account after the step."""
        return self.valuer.value(self.after, account, self.at)

    def person(self, account: AccountId) -> str:
        """The person behind an account."""
        return self.persons.get(account.owner, account.owner)

    def is_sampled(self, share: int) -> bool:
        """Whether a dear check is due: at each step in full or of a short story, else at one of `share` steps."""
        return self.full or share <= 1 or self.number <= _WHOLE or self.number % share == 0

    def is_dear(self, account: AccountId) -> bool:
        """Whether an account's requirement is that of portfolio margin, a hundred times as dear, and is not due."""
        return self.after.account(account).mode == 1 and not self.is_sampled(PORTFOLIO_SHARE)
