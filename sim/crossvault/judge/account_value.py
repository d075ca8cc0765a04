"""An account valued from the books, by the judge's own arithmetic."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from crossvault.judge.bracket import Bracket
from crossvault.judge.exposures import ValuedAccount, valued
from crossvault.judge.portfolio_value import modelled_underlyings, portfolio_requirement
from crossvault.judge.rounding import WAD, ceiling
from crossvault.judge.standard_margin import standard_requirement

if TYPE_CHECKING:
    from crossvault.judge.books import Books
    from crossvault.mirror.account import AccountId

PORTFOLIO_MODE = 1
_NOTHING = Bracket(0, 0)
_NONE = _NOTHING, _NOTHING


class AccountValue:
    """Equity, adjusted equity and requirements of an account [wad]; exact but for the stated errors of options.

    Each is valued when it is first read: a requirement in portfolio mode costs a hundred times an equity.
    """

    def __init__(self, books: Books, account: AccountId, at: int) -> None:
        self._books, self._at = books, at
        self._held = valued(books, books.account(account), at)
        self._modelled = modelled_underlyings(books) if self._held.mode == PORTFOLIO_MODE else frozenset()

    @cached_property
    def equity(self) -> Bracket:
        """Cash, collateral at the index, profits and losses of perps and futures, and options at mark."""
        return equity(self._held)

    @cached_property
    def initial_equity(self) -> Bracket:
        """Adjusted equity at initial margin."""
        return adjusted_equity(self._held, True, self._modelled)

    @cached_property
    def maintenance_equity(self) -> Bracket:
        """Adjusted equity at maintenance margin."""
        return adjusted_equity(self._held, False, self._modelled)

    @cached_property
    def initial_requirement(self) -> Bracket:
        """Requirement at initial margin."""
        return standard_requirement(self._held, self._books.underlyings, True, self._modelled).plus(self._portfolio[0])

    @cached_property
    def maintenance_requirement(self) -> Bracket:
        """Requirement at maintenance margin."""
        return standard_requirement(self._held, self._books.underlyings, False, self._modelled).plus(self._portfolio[1])

    @cached_property
    def notional(self) -> int:
        """Sum of |size| * mark, for options |size| * index; each underlying and each option rounded up."""
        books = self._books.underlyings
        linear = sum(ceiling(each.gross, WAD) for each in self._held.exposures.values())
        return linear + sum(
            ceiling(abs(each.size) * books[each.underlying].price.index_wad, WAD) for each in self._held.options
        )

    @property
    def rise(self) -> Bracket:
        """How much more positions may be worth than they are valued at: nothing, at fresh prices [wad]."""
        return _NOTHING

    @property
    def left_numbers(self) -> frozenset[int]:
        """The collaterals at stale prices, by number: a solvent account keeps them when it is sold."""
        return frozenset(each.number for each in self._held.stale)

    @property
    def left_wad(self) -> int:
        """Their value at the last prices [wad]."""
        return sum(each.value_wad for each in self._held.stale)

    @property
    def left_credit_wad(self) -> int:
        """What they count at maintenance margin [wad]."""
        return sum(each.credit_wad for each in self._held.stale)

    @property
    def initial_margin(self) -> Bracket:
        """Adjusted equity less requirement at initial margin."""
        return self.initial_equity.minus(self.initial_requirement)

    @property
    def maintenance_margin(self) -> Bracket:
        """Adjusted equity less requirement at maintenance margin."""
        return self.maintenance_equity.minus(self.maintenance_requirement)

    @property
    def figures(self) -> tuple[Bracket, Bracket, Bracket, Bracket, Bracket]:
        """Equity, adjusted equity initial and maintenance, requirement initial and maintenance."""
        return (
            self.equity, self.initial_equity, self.maintenance_equity, self.initial_requirement,
            self.maintenance_requirement,
        )  # fmt: skip

    @cached_property
    def _portfolio(self) -> tuple[Bracket, Bracket]:
        """Requirements of portfolio margin, initial and maintenance."""
        return portfolio_requirement(self._books, self._held, self._at) if self._modelled else _NONE


def account_value(books: Books, account: AccountId, at: int) -> AccountValue:
    """An account valued at a time [unix seconds]."""
    return AccountValue(books, account, at)


def equity(held: ValuedAccount) -> Bracket:
    """Cash, collateral at the last index, profits and losses of perps and futures, and options at mark [wad]."""
    exact = sum(each.value_wad for each in held.collateral) + sum(each.value_wad for each in held.stale)
    exact += sum(each.gain + each.loss for each in held.exposures.values())
    total = Bracket(held.cash.low + exact, held.cash.high + exact)
    for each in held.options:
        total = total.plus(each.value)
    return total


def adjusted_equity(held: ValuedAccount, is_initial: bool, modelled: frozenset[int] = frozenset()) -> Bracket:
    """Cash, collateral up to its cap less its haircut, weighted profits, and losses [wad]; at initial at worse prices.

    Where portfolio margin has an underlying, its collateral has no haircut and its options count at mark. Collateral at
    a stale price counts nothing at initial, and what has not faded at maintenance.
    """
    exact = 0 if is_initial else sum(each.credit_wad for each in held.stale)
    for each in held.collateral:
        terms = each.book.terms
        counted = min(each.safe_wad if is_initial else each.value_wad, terms.cap_wad)
        haircut = terms.haircut_initial if is_initial else terms.haircut_maintenance
        exact += counted if each.book.underlying in modelled else counted * (WAD - haircut) // WAD
    for exposure in held.exposures.values():
        if is_initial:
            exact += exposure.safe_gain * exposure.book.risk.profit_weight // WAD + exposure.safe_loss
        else:
            exact += exposure.gain + exposure.loss
    total = Bracket(held.cash.low + exact, held.cash.high + exact)
    for option in held.options:
        if option.underlying in modelled:
            total = total.plus(option.worse(held.exposures[option.underlying]) if is_initial else option.value)
    return total
