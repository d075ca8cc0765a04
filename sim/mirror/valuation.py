"""An account valued from the ledger."""

from __future__ import annotations

from typing import NamedTuple

from sim.mirror import cash, collateral, errors, ledger, margin, market, oracle, standard
from sim.mirror.account import AccountId, Holder
from sim.mirror.ledger import State
from sim.mirror.margin import Book, Holding
from sim.mirror.standard import Exposure, Level


class Metrics(NamedTuple):
    """What an account is told about its margin."""

    equity_wad: int
    initial_equity_wad: int
    maintenance_equity_wad: int
    initial_requirement_wad: int
    maintenance_requirement_wad: int
    health_wad: int
    free_collateral_wad: int
    leverage_wad: int
    stale_underlying: int


def book(self: State, account: AccountId, *, now: int) -> Book:
    """An account, valued at the prices of now."""
    holder = self.holders[account]
    valued = Book(
        cash_wad=cash.present(self.cash, holder.principal),
        holdings=[Holding() for _ in self.assets],
        exposures=[Exposure() for _ in self.risks],
    )
    value_balances(self, holder, valued, now=now)
    value_positions(self, holder, valued, now=now)
    return valued


def value_balances(self: State, holder: Holder, valued: Book, *, now: int) -> None:
    """Adds the collateral of an account to its book."""
    for i, holding in enumerate(valued.holdings):
        balance_raw = holder.balances[i]
        if balance_raw == 0:
            continue
        asset = self.assets[i]
        exposure = load(self, valued, asset.underlying, now=now)
        decimals = asset.decimals
        holding.value_wad = collateral.value(balance_raw, exposure.index_wad, decimals)
        holding.terms = asset.terms
        exposure.base_wad += collateral.to_wad(balance_raw, decimals)


def value_positions(self: State, holder: Holder, valued: Book, *, now: int) -> None:
    """Adds the positions of an account to its book."""
    if not holder.instruments:
        return
    for instrument in holder.instruments:
        underlying = market.underlying_of(instrument)
        exposure = load(self, valued, underlying, now=now)
        position = holder.positions[instrument]
        mark_wad = oracle.mark(exposure.index_wad, self.prices[underlying].premium, exposure.risk.mark_band)
        standard.absorb(exposure, position.size, position.quote, mark_wad)
    feed = self.cash.terms.feed
    if feed == cash.NO_FEED:
        return
    valued.depeg_rate_wad = cash.depeg_rate(self.cash.terms, load(self, valued, feed, now=now).index_wad)


def load(self: State, valued: Book, underlying: int, *, now: int) -> Exposure:
    """The exposure of a book to an underlying, read from the ledger at first use."""
    exposure = valued.exposures[underlying]
    if exposure.risk.heartbeat_secs != 0:
        return exposure
    price = self.prices[underlying]
    exposure.risk = self.risks[underlying]
    exposure.index_wad = price.index
    exposure.confidence_wad = price.confidence
    if valued.stale_underlying == 0 and not oracle.is_fresh(price.published_at, exposure.risk.heartbeat_secs, now=now):
        valued.stale_underlying = underlying + 1
    return exposure


def fresh_book(self: State, account: AccountId, *, now: int) -> Book:
    """An account, valued at prices of which none is too old."""
    valued = book(self, account, now=now)
    if valued.stale_underlying != 0:
        ledger.require_fresh(self, valued.stale_underlying - 1, now=now)
    return valued


def require_initial(self: State, account: AccountId, *, now: int) -> None:
    """Refuses an account that fails initial margin."""
    valued = fresh_book(self, account, now=now)
    adjusted = margin.adjusted_equity(valued, Level.INITIAL)
    required = margin.requirement(valued, Level.INITIAL)
    if adjusted < required:
        raise errors.InsufficientMargin(account, adjusted, required)


def require_no_fall(self: State, account: AccountId, before_wad: int, *, now: int) -> None:
    """Refuses an account that fails initial margin and was no worse before."""
    valued = book(self, account, now=now)
    adjusted = margin.adjusted_equity(valued, Level.INITIAL)
    required = margin.requirement(valued, Level.INITIAL)
    left = adjusted - required
    if left < 0 and left < before_wad:
        raise errors.InsufficientMargin(account, adjusted, required)


def initial_margin(self: State, account: AccountId, *, now: int) -> int:
    """Margin of an account at initial, at the last prices."""
    return margin.margin(book(self, account, now=now), Level.INITIAL)


def maintenance(self: State, account: AccountId, *, now: int) -> tuple[int, int]:
    """Equity of an account and its margin at maintenance, at prices of which none is too old."""
    valued = fresh_book(self, account, now=now)
    return margin.equity(valued), margin.margin(valued, Level.MAINTENANCE)


def metrics(self: State, account: AccountId, *, now: int) -> Metrics:
    """What an account is told about its margin."""
    valued = book(self, account, now=now)
    return Metrics(
        margin.equity(valued),
        margin.adjusted_equity(valued, Level.INITIAL),
        margin.adjusted_equity(valued, Level.MAINTENANCE),
        margin.requirement(valued, Level.INITIAL),
        margin.requirement(valued, Level.MAINTENANCE),
        margin.health(valued),
        margin.free_collateral(valued),
        margin.leverage(valued),
        valued.stale_underlying,
    )
