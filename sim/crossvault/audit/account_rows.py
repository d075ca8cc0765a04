"""The accounts of a vault by health: margin metrics, auction, and the nearest move of a price that liquidates them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import account as accounts, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics
from crossvault.portfolio.distance import distances_of


class NearestLiquidation(NamedTuple):
    """The least move of one underlying alone at which the maintenance buffer is below zero [wad, relative]."""

    underlying: int
    shock: int


class AccountRow(NamedTuple):
    """An account: its margin metrics, whether it is for sale, and its nearest liquidation, where one was searched."""

    account: AccountId
    metrics: Metrics
    on_sale: bool
    nearest: NearestLiquidation | None = None


def account_rows(model: Model, accounts: Iterable[AccountId], at: int, top: int) -> list[AccountRow]:
    """The accounts that hold anything, by health, at a time; the first `top` of them with their nearest liquidation."""
    found = []
    for account in accounts:
        try:
            [metrics] = model.metrics([account], at)
        except Refusal:  # the account cannot be valued now
            continue
        sale = model.vault.ledger.sales[account].started_at != 0
        if any(metrics[:5]) or sale:
            found.append(AccountRow(account, metrics, sale))
    found.sort(key=lambda each: (each.metrics.health_wad, str(each.account)))
    return [each._replace(nearest=nearest(model, each.account, at)) for each in found[:top]] + found[top:]


def nearest(model: Model, account: AccountId, at: int) -> NearestLiquidation | None:
    """The least move of an underlying that an account depends on; none where no move liquidates it."""
    moves: list[NearestLiquidation] = []
    for underlying in _underlyings(model, account):
        found = distances_of(model, account, underlying, at)
        moves += [NearestLiquidation(underlying, shock) for shock in found if shock is not None]
    return min(moves, key=lambda each: abs(each.shock), default=None)


def _underlyings(model: Model, account: AccountId) -> Sequence[int]:
    """The underlyings whose prices an account depends on."""
    ledger = model.vault.ledger
    holder = ledger.holders[account]
    found = {market.underlying_of(instrument) for instrument in accounts.instruments(holder)}
    found |= {asset.underlying for number, asset in enumerate(ledger.assets) if holder.balances[number]}
    return sorted(found)
