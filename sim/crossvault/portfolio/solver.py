"""A margin question about one account: the state it starts from, and its margin after changes that are not kept.

A `MarginCase` is an account of a live model at a time, by one method of margin. Every solver takes one, and leaves the
model as it was. The interface of the solvers:

    solver.own_method(model, account) -> MarginMethod          the mode and the parameters in force
    solver.preset_method(preset, units) -> MarginMethod        portfolio margin of a preset, in their place
    solver.ISOLATED_METHOD, solver.STANDARD_METHOD             each position alone; standard margin
    solver.MarginCase(model, account, at, method)              between two steps of the model
        .margin(level, *changes) -> LevelMargin              equity, margin balance, requirement, buffer [wad]
    solver.deposit(raw), solver.trade(instrument, size)        changes; a negative deposit is a withdrawal
    solver_cash.cash_needed(case, level=MAINTENANCE) -> int    least deposit that meets a level now [raw]
    solver_cash.least_deposit(case, level, *changes) -> int    the same after changes, such as of prices
    solver_trades.largest_trade(case, instrument, side) -> SolvedTrade    by initial margin; side +1 or -1
    solver_trades.closing_trade(case, instrument) -> SolvedTrade | None   least reduction that meets maintenance
    solver_prices.liquidation_price(case, underlying) -> LiquidationPrice   both sides, the others still
    solver_prices.liquidation_shock(case, underlyings) -> LiquidationDistance   all moving together
    solver_prices.cash_until(case, underlying, price_wad) -> CashUntil   not liquidatable before that price
    solver_hedge.hedge(case, underlying) -> PerpHedge          the perp trades of least delta and least requirement

A size is in the instrument's unit [wad] and signed; a trade is at the mark price, or one wei where that is zero, and
the account pays no fee.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts, collateral, fixed, ledger, margin, ruleset, valuation
from crossvault.mirror.account import AccountId, Holder
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book
from crossvault.mirror.portfolio import PortfolioRisk
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.standard import Level
from crossvault.portfolio.sensitivity import Followers
from crossvault.scenario import rules
from crossvault.scenario.preset import Preset

Change = Callable[["MarginCase"], None]


class MarginMethod(NamedTuple):
    """A method of margin: its name, the mode of the account, and portfolio margin in place of that in force, if any."""

    name: str
    mode: int
    is_isolated: bool = False
    risk: PortfolioRisk | None = None
    rules: Rules | None = None


ISOLATED_METHOD = MarginMethod("isolated", accounts.STANDARD, is_isolated=True)
STANDARD_METHOD = MarginMethod("standard", accounts.STANDARD)


class LevelMargin(NamedTuple):
    """Margin of an account at one level [wad]; of isolated positions, the balance is the equity."""

    equity_wad: int
    margin_balance_wad: int
    requirement_wad: int

    @property
    def buffer_wad(self) -> int:
        """Margin balance less requirement [wad]."""
        return self.margin_balance_wad - self.requirement_wad


@dataclass(frozen=True, slots=True)
class MarginCase:
    """An account of a model at a time [unix seconds], not before its last step, by one method of margin.

    followers: by underlying, further ones whose prices move with it, such as feeds of collateral.
    """

    model: Model
    account: AccountId
    at: int
    method: MarginMethod
    followers: Followers = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The ledger of the model."""
        return self.model.vault.ledger

    @property
    def holder(self) -> Holder:
        """The account in the ledger."""
        return self.state.holders[self.account]

    def margin(self, level: Level, *changes: Change) -> LevelMargin:
        """Margin at a level after changes, at the last prints, however old. Raises what the vault refuses them with."""
        with self.trial(*changes):
            return self.figures(level)

    @contextmanager
    def trial(self, *changes: Change) -> Iterator[None]:
        """The method and changes, in force until the end of the block."""
        journal = self.model.journal
        assert not journal.entries, "a margin case starts between two steps"
        try:
            impose(self.state, self.holder, self.method)
            for change in changes:
                change(self)
            yield
        finally:
            journal.undo()

    def figures(self, level: Level) -> LevelMargin:
        """Margin at a level, within a trial."""
        book = self.book()
        equity_wad = margin.equity(book)
        if self.method.is_isolated:
            return LevelMargin(equity_wad, equity_wad, self._isolated_requirement(book, level))
        return LevelMargin(equity_wad, margin.adjusted_equity(book, level), margin.requirement(book, level))

    def book(self) -> Book:
        """The account valued, within a trial."""
        return valuation.book(self.state, self.account, now=self.at)

    def position_alone(self, instrument: int) -> Book:
        """One position valued without cash and collateral, within a trial."""
        holder = self.holder
        held, principal = holder.words, holder.principal
        balances = [holder.balances[number] for number in range(len(self.state.assets))]
        size = accounts.entry(holder, instrument).size
        holder.words, holder.principal = (accounts.word_of(instrument, size),), 0
        for number in range(len(balances)):
            holder.balances[number] = 0
        found = self.book()
        holder.words, holder.principal = held, principal
        for number, balance_raw in enumerate(balances):
            holder.balances[number] = balance_raw
        return found

    def _isolated_requirement(self, book: Book, level: Level) -> int:
        """Capital of every position alone, and the haircut of the collateral, which no position shares [wad]."""
        total = haircut(book, level)
        for instrument in accounts.instruments(self.holder):
            alone = self.position_alone(instrument)
            total += margin.equity(alone) - margin.margin(alone, level)
        return total


def impose(state: State, holder: Holder, method: MarginMethod) -> None:
    """Puts a method into force for one account; portfolio margin of a preset, for every underlying."""
    holder.mode = method.mode
    if method.rules is not None and method.risk is not None:
        ruleset.set_rules(state.model, method.rules)
        for number in range(len(state.risks)):
            ruleset.set_risk(state.model, number, method.risk)


def own_method(model: Model, account: AccountId) -> MarginMethod:
    """The method of an account as it is."""
    mode = model.vault.ledger.holders[account].mode
    return STANDARD_METHOD if mode == accounts.STANDARD else MarginMethod("portfolio", mode)


def preset_method(preset: Preset, units: Sequence[str]) -> MarginMethod:
    """Portfolio margin of a preset, for underlyings in this order. Raises FieldError."""
    assert preset.portfolio_risk is not None and preset.rules is not None
    parameters = rules.rules(preset.rules, units)
    return MarginMethod(preset.name, accounts.PORTFOLIO, risk=preset.portfolio_risk, rules=parameters)


def haircut(book: Book, level: Level) -> int:
    """Value of the collateral less its margin balance [wad]."""
    bare = Book(0, book.holdings, [], [])
    return margin.equity(bare) - margin.adjusted_equity(bare, level)


def deposit(amount_raw: int) -> Change:
    """A deposit of the quote token [raw]; below zero, a withdrawal."""

    def deposited(case: MarginCase) -> None:
        delta_wad = collateral.to_wad(amount_raw, case.state.cash.decimals)
        ledger.add_cash(case.state, case.account, delta_wad, now=case.at)

    return deposited


def trade(instrument: int, size: int) -> Change:
    """A trade at the mark price [wad]; none at size zero. Raises what the vault refuses its instrument or size with."""

    def traded(case: MarginCase) -> None:
        if size == 0:
            return
        price_wad = trade_price(case, instrument)
        case.model.vault.require_terms(instrument, size, price_wad, now=case.at)
        quote = fixed.mul_div_ceil(size, price_wad, fixed.WAD)
        ledger.fill(case.state, case.account, instrument, size, -quote, now=case.at)

    return traded


def trade_price(case: MarginCase, instrument: int) -> int:
    """Price of a trade: the mark, and one wei where that is zero [wad]."""
    return fixed.max(1, mark(case.model, instrument, case.at))
