"""The rows of positions and of collateral over time."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.differential.model import Model
from crossvault.differential.story import due_funding, mark
from crossvault.history.money_book import MoneyBook
from crossvault.history.step_history import Row, named_instrument
from crossvault.mirror import account as accounts, collateral, fixed, market
from crossvault.mirror.account import AccountId

KINDS = {market.PERP: "perp", market.FUTURE: "future", market.CALL: "call", market.PUT: "put"}


class PositionHistory:
    """The positions of a model that plays a record. money: what they cost."""

    def __init__(self, model: Model, money: MoneyBook) -> None:
        self._model, self._money = model, money
        self._held: dict[AccountId, tuple[int, ...]] = {}
        self._collateral: dict[AccountId, tuple[int, ...]] = {}
        self._marks: dict[int, int] = {}
        self._marked_in = 0

    def rows(self, account: AccountId, at: int) -> Iterator[Row]:
        """The positions of an account at a time [unix seconds], without step and time; once more as it closes one."""
        state = self._model.vault.ledger
        held = accounts.instruments(state.holders[account])
        closed = [each for each in self._held.get(account, ()) if each not in held]
        self._held[account] = held
        for instrument in (*held, *closed):
            yield str(account), *self._position(account, instrument, at)
        balances = tuple(state.holders[account].balances[number] for number in range(len(state.assets)))
        before = self._collateral.get(account, (0,) * len(balances))
        self._collateral[account] = balances
        for number, balance_raw in enumerate(balances):
            if balance_raw or (number < len(before) and before[number]):
                yield str(account), *self._balance(number, balance_raw)

    def _position(self, account: AccountId, instrument: int, at: int) -> Row:
        state = self._model.vault.ledger
        position = accounts.entry(state.holders[account], instrument)
        known = self._money.account(account).positions.get(instrument)
        mark_wad, due_wad = self._mark(instrument, at), due_funding(self._model, account, instrument, at)
        value_wad = fixed.mul_div_floor(position.size, mark_wad, fixed.WAD) + position.quote + due_wad
        return (
            named_instrument(instrument, state.names), KINDS[market.kind_of(instrument)],
            state.names[market.underlying_of(instrument)], market.expiry_of(instrument) or None,
            market.strike_of(instrument) or None, position.size, position.quote, known.cost if known else 0,
            mark_wad, due_wad, value_wad,
        )  # fmt: skip

    def _balance(self, number: int, balance_raw: int) -> Row:
        state = self._model.vault.ledger
        asset = state.assets[number]
        price_wad = state.prices[asset.underlying].index
        figures = (collateral.to_wad(balance_raw, asset.decimals), None, None, price_wad, None)
        value_wad = collateral.value(balance_raw, price_wad, asset.decimals)
        return (asset.token, "collateral", state.names[asset.underlying], None, None, *figures, value_wad)

    def _mark(self, instrument: int, at: int) -> int:
        """Mark price of an instrument; that of an option takes time, and of a step it is the same for all accounts."""
        if self._marked_in != self._model.steps:
            self._marked_in = self._model.steps
            self._marks.clear()
        if instrument not in self._marks:
            self._marks[instrument] = mark(self._model, instrument, at)
        return self._marks[instrument]
