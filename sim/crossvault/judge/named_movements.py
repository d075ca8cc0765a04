"""The movements of money that a step names: accounts, wallets and the insurance fund as they are due after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from crossvault.differential.step import VAULT
from crossvault.judge.books import AccountBook, CashBook, PositionBook
from crossvault.judge.marks import PERP, decoded, funding_due, funding_index
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import RAY, WAD, ceiling
from crossvault.judge.rulebook import ALL_SCOPES, with_scopes
from crossvault.judge.settlement_worth import settlement_worth
from crossvault.judge.trade_rules import fill_price

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


def moved_principal(pool: CashBook, principal: int, delta_wad: int) -> int:
    """A principal after its cash moved, at the indexes as stored; each conversion is rounded down."""
    if delta_wad == 0:
        return principal
    later_wad = principal * (pool.supply_index if principal > 0 else pool.borrow_index) // RAY + delta_wad
    return later_wad * RAY // (pool.borrow_index if later_wad < 0 else pool.supply_index)


class AccountDraft:
    """An account as it is due after a step."""

    __slots__ = ("balances", "mode", "operators", "positions", "principal")

    def __init__(self, book: AccountBook, collaterals: int) -> None:
        self.principal, self.mode = book.principal, book.mode
        self.balances = [*book.balances, *[0] * (collaterals - len(book.balances))]
        self.positions = {each.instrument: each for each in book.positions}
        self.operators = book.operators


class NamedMovements:
    """What a step moves by its arguments, and by the indexes and prices of its time.

    accounts: drafts of those that it names. wallets: change by token and holder [raw]. insurance_wad: gifts to it.
    """

    def __init__(self, moment: Moment) -> None:
        self.accounts: dict[AccountId, AccountDraft] = {}
        self.wallets: Counter[tuple[str, str]] = Counter()
        self.insurance_wad = 0
        self._moment = moment
        self._pool = moment.after.cash
        self._apply(moment.step.sender, moment.step.action, moment.step.args)

    def _apply(self, sender: str, action: str, args: Mapping[str, Any]) -> None:
        if action == "batch":
            for call in args["calls"]:
                self._apply(sender, call.action, call.args)
        elif action in _MOVES:
            _MOVES[action](self, sender, **args)

    def _draft(self, account: AccountId) -> AccountDraft:
        if account not in self.accounts:
            book = self._moment.before.account(account)
            self.accounts[account] = AccountDraft(book, len(self._moment.after.collaterals))
        return self.accounts[account]

    def _pay(self, token: str, payer: str, to: str, amount_raw: int) -> None:
        self.wallets[token, payer] -= amount_raw
        self.wallets[token, to] += amount_raw

    def _move_cash(self, draft: AccountDraft, delta_wad: int) -> None:
        draft.principal = moved_principal(self._pool, draft.principal, delta_wad)

    def _quote_wad(self, amount_raw: int) -> int:
        scaled: int = amount_raw * 10 ** (18 - self._pool.decimals)
        return scaled

    def deposit_cash(self, sender: str, account: AccountId, amount_raw: int) -> None:
        """Tokens of the sender become cash."""
        self._pay(self._pool.token, sender, VAULT, amount_raw)
        self._move_cash(self._draft(account), self._quote_wad(amount_raw))

    def withdraw_cash(self, sender: str, account: AccountId, amount_raw: int, to: str) -> None:
        """Cash becomes tokens of the receiver."""
        self._pay(self._pool.token, VAULT, to, amount_raw)
        self._move_cash(self._draft(account), -self._quote_wad(amount_raw))

    def deposit_collateral(self, sender: str, account: AccountId, collateral: int, amount_raw: int) -> None:
        """Tokens of the sender become a balance."""
        self._pay(self._moment.after.collaterals[collateral].token, sender, VAULT, amount_raw)
        self._draft(account).balances[collateral] += amount_raw

    def withdraw_collateral(
        self, sender: str, account: AccountId, collateral: int, amount_raw: int, to: str
    ) -> None:  # fmt: skip
        """A balance becomes tokens of the receiver."""
        self._pay(self._moment.after.collaterals[collateral].token, VAULT, to, amount_raw)
        self._draft(account).balances[collateral] -= amount_raw

    def fund_insurance(self, sender: str, amount_raw: int) -> None:
        """Tokens of the sender go to the insurance fund."""
        self._pay(self._pool.token, sender, VAULT, amount_raw)
        self.insurance_wad += self._quote_wad(amount_raw)

    def trade(
        self, sender: str, maker: AccountId, taker: AccountId, instrument: int, size: int, price_wad: int
    ) -> None:  # fmt: skip
        """The taker changes by (size, -size * price), rounded up, the maker by the opposite."""
        quote = ceiling(size * price_wad, WAD)
        self._fill(maker, instrument, -size, quote)
        self._fill(taker, instrument, size, -quote)

    def fill(self, sender: str, matches: tuple[Any, ...]) -> None:
        """Each pair of orders trades at the middle of their limits."""
        for pair in matches:
            size = pair.size_wad if pair.taker.size > 0 else -pair.size_wad
            maker, taker = pair.maker.account, pair.taker.account
            self.trade(sender, maker, taker, pair.taker.instrument, size, fill_price(pair))

    def settle(self, sender: str, underlying: int, expiry: int, accounts: tuple[AccountId, ...]) -> None:
        """Each position of the expiry becomes cash of its value, rounded down."""
        for account in accounts:
            draft = self._draft(account)
            for position in list(draft.positions.values()):
                if decoded(position.instrument)[::2] == (underlying, expiry):
                    worth_wad = settlement_worth(self._moment.after, position.instrument)
                    del draft.positions[position.instrument]
                    self._move_cash(draft, position.size * worth_wad // WAD + position.quote)

    def set_mode(self, sender: str, account: AccountId, mode: int) -> None:
        """The margin mode."""
        self._draft(account).mode = mode

    def set_operator(self, sender: str, account: AccountId, operator: str, allowed: bool) -> None:
        """An operator of the account with all scopes, or with none."""
        self.set_scopes(sender, account, operator, ALL_SCOPES if allowed else 0)

    def set_scopes(self, sender: str, account: AccountId, operator: str, scopes: int) -> None:
        """An operator of the account with some scopes."""
        draft = self._draft(account)
        draft.operators = with_scopes(draft.operators, operator, scopes)

    def transfer(self, sender: str, token: str, to: str, amount_raw: int) -> None:
        """Tokens of the sender; a token with a fee keeps a hundredth."""
        self._pay(token, sender, to, amount_raw)
        kinds = {spec.name: spec.kind for spec in self._moment.model.world.tokens}
        if kinds[token] == "fee":
            self.wallets[token, to] -= amount_raw // 100

    def mint(self, sender: str, token: str, to: str, amount_raw: int) -> None:
        """New tokens."""
        self.wallets[token, to] += amount_raw

    def _fill(self, account: AccountId, instrument: int, size_delta: int, quote_delta: int) -> None:
        """One side of a trade: quote and funding of a perp or future, the premium of an option in cash."""
        draft, (underlying, kind, _, strike) = self._draft(account), decoded(instrument)
        held = draft.positions.get(instrument, PositionBook(instrument, 0, 0, 0))
        size = held.size + size_delta
        if strike:
            self._move_cash(draft, quote_delta)
            quote = index_ray = 0
        else:
            book = self._moment.before.underlyings[underlying]
            index_ray = funding_index(book, self._moment.at) if kind == PERP else 0
            quote = held.quote + quote_delta + funding_due(held.size, index_ray - held.funding_index)
        if size:
            draft.positions[instrument] = PositionBook(instrument, size, quote, index_ray)
            return
        draft.positions.pop(instrument, None)
        self._move_cash(draft, quote)


_MOVES: Mapping[str, Callable[..., None]] = {
    each.__name__: each
    for each in (
        NamedMovements.deposit_cash, NamedMovements.withdraw_cash, NamedMovements.deposit_collateral,
        NamedMovements.withdraw_collateral, NamedMovements.fund_insurance, NamedMovements.trade, NamedMovements.fill,
        NamedMovements.settle, NamedMovements.set_mode, NamedMovements.set_operator,
        NamedMovements.set_scopes, NamedMovements.transfer, NamedMovements.mint,
    )
}  # fmt: skip


def names_movement(action: str) -> bool:
    """Whether a call of a door can name a movement."""
    return action == "batch" or action in _MOVES
