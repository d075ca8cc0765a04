"""Everything the vault stores about money, and how it moves between accounts."""

from __future__ import annotations

from functools import partial

from sim.mirror import account as accounts
from sim.mirror import cash, errors, fixed, oracle
from sim.mirror.account import AccountId, Holder
from sim.mirror.cash import Pool
from sim.mirror.collateral import Asset
from sim.mirror.evm import Map, Stored
from sim.mirror.liquidation import Sale, Terms
from sim.mirror.market import Risk
from sim.mirror.oracle import Price


class State(Stored):
    """Everything the vault stores about money."""

    __slots__ = ("assets", "cash", "holders", "names", "prices", "risks", "sales", "terms")
    zeros = {
        "cash": Pool,
        "terms": Terms(),
        "names": (),
        "risks": (),
        "prices": lambda journal: Map(journal, partial(Price, journal)),
        "assets": (),
        "holders": lambda journal: Map(journal, partial(Holder, journal)),
        "sales": lambda journal: Map(journal, partial(Sale, journal)),
    }
    cash: Pool
    terms: Terms
    names: tuple[str, ...]
    risks: tuple[Risk, ...]
    prices: Map[int, Price]
    assets: tuple[Asset, ...]
    holders: Map[AccountId, Holder]
    sales: Map[AccountId, Sale]


def require_fresh(self: State, underlying: int, *, now: int) -> None:
    """Refuses a price that is too old."""
    published_at = self.prices[underlying].published_at
    heartbeat_secs = self.risks[underlying].heartbeat_secs
    if oracle.is_fresh(published_at, heartbeat_secs, now=now):
        return
    raise errors.StalePrice(underlying, published_at, heartbeat_secs)


def require_idle(self: State, account: AccountId) -> None:
    """Refuses an account that is being liquidated."""
    if self.sales[account].started_at != 0:
        raise errors.UnderLiquidation(account)


def add_cash(self: State, account: AccountId, delta_wad: int) -> None:
    """Moves cash into or out of an account."""
    holder = self.holders[account]
    holder.principal = cash.moved(self.cash, holder.principal, delta_wad)


def fill(self: State, account: AccountId, instrument: int, size_delta: int, quote_delta: int) -> None:
    """Changes a position of an account; what its closing sets free becomes cash."""
    add_cash(self, account, accounts.fill(self.holders[account], instrument, size_delta, quote_delta))


def move_part(self: State, source: AccountId, target: AccountId, fraction_wad: int, reserved_wad: int) -> None:
    """Moves part of everything from one account to another, but for reserved cash."""
    giver = self.holders[source]
    taker = self.holders[target]
    cash_wad = cash.present(self.cash, giver.principal) - reserved_wad
    cash_part = fixed.part(cash_wad, fraction_wad)
    add_cash(self, source, -cash_part)
    add_cash(self, target, cash_part)
    for i in range(len(self.assets)):
        raw_part = fixed.mul_div_down(giver.balances[i], fraction_wad, fixed.WAD)
        if raw_part == 0:
            continue
        giver.balances[i] -= raw_part
        taker.balances[i] += raw_part
    for instrument in giver.instruments:
        position = giver.positions[instrument]
        size_part = fixed.part(position.size, fraction_wad)
        quote_part = fixed.part(position.quote, fraction_wad)
        fill(self, source, instrument, -size_part, -quote_part)
        fill(self, target, instrument, size_part, quote_part)
