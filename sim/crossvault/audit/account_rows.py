"""How the accounts of a vault stand: what they have, what is asked of them, and how far they are from being closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics
from crossvault.portfolio.distance import distances_of


class NearestLiquidation(NamedTuple):
    """The least move of one underlying alone at which maintenance margin is zero [wad, relative]."""

    underlying: int
    shock: int


class AccountRow(NamedTuple):
    """An account: what it is told, whether it is for sale, and its nearest liquidation, where one was looked for."""

    account: AccountId
    metrics: Metrics
    on_sale: bool
    nearest: NearestLiquidation | None = None

    @property
    def left_wad(self) -> int:
        """Margin at maintenance: what is counted less what is required."""
        return self.metrics.maintenance_equity_wad - self.metrics.maintenance_requirement_wad


def standings(model: Model, accounts: Iterable[AccountId], at: int, top: int) -> list[AccountRow]:
    """The accounts that hold anything, by health, at a time; of so many of them the nearest liquidation as well."""
    found = []
    for account in accounts:
        try:
            [metrics] = model.metrics([account], at)
        except Refusal:  # nothing is told of it now
            continue
        sale = model.vault.ledger.sales[account].started_at != 0
        if any(metrics[:5]) or sale:
            found.append(AccountRow(account, metrics, sale))
    found.sort(key=lambda each: (each.metrics.health_wad, str(each.account)))
    return [each._replace(nearest=nearest(model, each, at)) for each in found[:top]] + found[top:]


def nearest(model: Model, standing: AccountRow, at: int) -> NearestLiquidation | None:
    """The least move of an underlying that an account holds; none where no move closes it."""
    moves: list[NearestLiquidation] = []
    for underlying in _holds(model, standing.account):
        found = distances_of(model, standing.account, underlying, at)
        moves += [NearestLiquidation(underlying, shock) for shock in found if shock is not None]
    return min(moves, key=lambda each: abs(each.shock), default=None)


def _holds(model: Model, account: AccountId) -> Sequence[int]:
    """The underlyings whose prices an account depends on."""
    ledger = model.vault.ledger
    holder = ledger.holders[account]
    found = {market.underlying_of(instrument) for instrument in holder.instruments}
    found |= {asset.underlying for number, asset in enumerate(ledger.assets) if holder.balances[number]}
    return sorted(found)
