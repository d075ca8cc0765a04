"""The rows of accounts over time: after each step that touches one, and each price or terms that it depends on."""

from __future__ import annotations

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, named_in
from crossvault.history.step_history import Row
from crossvault.mirror import account as accounts, cash, margin, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import to_wad
from crossvault.mirror.fixed import RAY, mul_div_down, mul_div_up
from crossvault.mirror.margin import UNBOUNDED, Book
from crossvault.mirror.standard import Level

MODES = {accounts.STANDARD: "standard", accounts.PORTFOLIO: "portfolio"}
_PRICES = frozenset({"PricePublished", "ForwardPublished", "SurfacePublished", "ExpirySettled"})
_TERMS = frozenset(
    {"RiskEnacted", "OptionsEnacted", "PortfolioEnacted", "HaircutEnacted", "DepegEnacted", "RulesEnacted"}
)


class AccountHistory:
    """The accounts of a model that hold something, by the underlyings that their margin depends on."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._depends: dict[AccountId, frozenset[int]] = {}

    def changed(self, step: Step, outcome: Outcome) -> dict[AccountId, str]:
        """The accounts whose margin an accepted step may change, and why: `step`, `price` or `terms`."""
        touched = dict.fromkeys((*step.accounts(), *named_in(outcome.events)), "step")
        for account in touched:
            self._note(account)
        names = {event.name for event in outcome.events}
        if names & _TERMS:
            self._depends = {account: self._underlyings(account) for account in self._depends}
            return {**dict.fromkeys(self._depends, "terms"), **touched}
        priced = {event.values[1] for event in outcome.events if event.name in _PRICES}
        if not priced:
            return touched
        repriced = (account for account, held in self._depends.items() if not held.isdisjoint(priced))
        return {**dict.fromkeys(repriced, "price"), **touched}

    def _note(self, account: AccountId) -> None:
        if found := self._underlyings(account):
            self._depends[account] = found
        else:
            self._depends.pop(account, None)

    def _underlyings(self, account: AccountId) -> frozenset[int]:
        state = self._model.vault.ledger
        holder = state.holders[account]
        found = {market.underlying_of(instrument) for instrument in accounts.instruments(holder)}
        if found and state.cash.terms.feed != cash.NO_FEED:
            found.add(state.cash.terms.feed)
        found |= {asset.underlying for place, asset in enumerate(state.assets) if holder.balances[place]}
        return frozenset(found)


def account_row(account: AccountId, because: str, at: int, model: Model, book: Book) -> Row:
    """The row of an account at a time [unix seconds], without step and time."""
    state = model.vault.ledger
    holder, sale = state.holders[account], state.sales[account]
    initial_wad, maintenance_wad = (margin.adjusted_equity(book, level) for level in Level)
    required, maintained = (margin.requirement(book, level) for level in Level)
    return (
        str(account), because, MODES[holder.mode], cash.present(state.cash, holder.principal, now=at),
        sum(holding.value_wad for holding in book.holdings), margin.equity(book),
        initial_wad, required, initial_wad - required, margin.free_collateral(book),
        maintenance_wad, maintained, maintenance_wad - maintained,
        bounded(margin.health(book)), bounded(margin.leverage(book)), bool(book.stale.underlying), sale.started_at != 0,
    )  # fmt: skip


def bounded(ratio_wad: int) -> int | None:
    """A ratio; None where there is no bound."""
    return None if ratio_wad >= UNBOUNDED else ratio_wad


def vault_figures(model: Model, outcome: Outcome) -> Row:
    """The figures of a row of the vault, without step and time."""
    found, pool = outcome.snapshot.globals, model.vault.ledger.cash
    held_wad = to_wad(found.cash_held_raw, pool.decimals)
    supplied_wad = mul_div_down(found.total_supply, found.supply_index, RAY)
    borrowed_wad = mul_div_up(found.total_borrow, found.borrow_index, RAY)
    return held_wad, supplied_wad, borrowed_wad, found.insurance_wad, found.deficit_wad, found.paused
