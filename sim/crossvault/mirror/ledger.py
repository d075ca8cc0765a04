"""Stored state of the vault's money, and its movements between accounts."""

from __future__ import annotations

from functools import partial

from crossvault.mirror import (
    account as accounts,
    caps,
    cash,
    fixed,
    funding,
    liquidation_errors,
    market,
    market_errors,
    option,
    oracle,
    price_errors,
)
from crossvault.mirror.account import AccountId, Entry, Holder
from crossvault.mirror.cash import Pool
from crossvault.mirror.collateral import Asset
from crossvault.mirror.evm import StorageMap, StorageStruct
from crossvault.mirror.funding import Track
from crossvault.mirror.liquidation import AuctionTerms, Sale
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.oracle import Curve, Price, PriceGuard
from crossvault.mirror.ruleset import StoredModel


class State(StorageStruct):
    """Stored state of the vault's money."""

    __slots__ = (
        "assets",
        "biddable_since",
        "caps",
        "cash",
        "curves",
        "expiries",
        "fresh_since",
        "guards",
        "holders",
        "model",
        "names",
        "option_risks",
        "prices",
        "risks",
        "sales",
        "surface_since",
        "terms",
        "tracks",
    )  # fmt: skip
    zeros = {
        "cash": Pool,
        "terms": AuctionTerms(),
        "names": (),
        "risks": (),
        "option_risks": lambda journal: StorageMap(journal, OptionRisk),
        "model": StoredModel,
        "guards": lambda journal: StorageMap(journal, PriceGuard),
        "prices": lambda journal: StorageMap(journal, partial(Price, journal)),
        "tracks": lambda journal: StorageMap(journal, partial(Track, journal)),
        "expiries": lambda journal: StorageMap(journal, tuple),
        "curves": lambda journal: StorageMap(journal, partial(Curve, journal)),
        "assets": (),
        "holders": lambda journal: StorageMap(journal, partial(Holder, journal)),
        "sales": lambda journal: StorageMap(journal, partial(Sale, journal)),
        "fresh_since": lambda journal: StorageMap(journal, int),
        "surface_since": lambda journal: StorageMap(journal, int),
        "biddable_since": 0,
        "caps": caps.CapBook,
    }
    cash: Pool
    terms: AuctionTerms
    names: tuple[str, ...]
    risks: tuple[MarketRisk, ...]
    option_risks: StorageMap[int, OptionRisk]
    model: StoredModel
    guards: StorageMap[int, PriceGuard]
    prices: StorageMap[int, Price]
    tracks: StorageMap[int, Track]
    expiries: StorageMap[int, tuple[int, ...]]
    curves: StorageMap[int, Curve]
    assets: tuple[Asset, ...]
    holders: StorageMap[AccountId, Holder]
    sales: StorageMap[AccountId, Sale]
    fresh_since: StorageMap[int, int]
    surface_since: StorageMap[int, int]
    biddable_since: int
    caps: caps.CapBook


def require_fresh(self: State, underlying: int, *, now: int) -> None:
    """Requires a fresh price of an underlying."""
    published_at = self.prices[underlying].published_at
    heartbeat_secs = self.risks[underlying].heartbeat_secs
    if oracle.is_fresh(published_at, heartbeat_secs, now=now):
        return
    raise price_errors.StalePrice(underlying, 0, published_at, heartbeat_secs)


def require_idle(self: State, account: AccountId) -> None:
    """Requires an account that is not in liquidation."""
    if self.sales[account].started_at != 0:
        raise liquidation_errors.UnderLiquidation(account)


def require_traded(self: State, instrument: int, *, now: int) -> None:
    """Requires an instrument that is listed and has not ended."""
    market.require_formed(instrument, len(self.risks))
    kind = market.kind_of(instrument)
    if kind == market.PERP:
        return
    underlying = market.underlying_of(instrument)
    expiry = market.expiry_of(instrument)
    offered = kind == market.FUTURE or self.option_risks[underlying].heartbeat_secs != 0
    if not offered or self.curves[market.term_of(underlying, expiry)].listed_at == 0:
        raise market_errors.UnknownInstrument(instrument)
    if now >= expiry:
        raise market_errors.InstrumentExpired(instrument, expiry, now)


def add_cash(self: State, account: AccountId, delta_wad: int, *, now: int) -> None:
    """Moves cash into or out of an account."""
    if delta_wad == 0:
        return
    holder = self.holders[account]
    before = holder.principal
    holder.principal = cash.moved(self.cash, before, delta_wad, now=now)
    cash.record(self.cash, before, holder.principal)


def funding_index(self: State, instrument: int, *, now: int) -> int:
    """Present funding index of an instrument; 0 where there is no funding."""
    if market.kind_of(instrument) != market.PERP:
        return 0
    underlying = market.underlying_of(instrument)
    track = self.tracks[underlying]
    if now == track.updated_at:
        return track.index
    price = self.prices[underlying]
    risk = self.risks[underlying]
    if risk.funding_cap == 0 or price.index == 0:
        return track.index
    until_at = fixed.min(now, price.published_at + risk.heartbeat_secs)
    if until_at <= track.updated_at:
        return track.index
    rate_wad = funding.rate(price.index, price.premium, risk.funding_base, risk.funding_cap)
    return track.index + funding.growth(price.index, rate_wad, until_at - track.updated_at)


def accrue_funding(self: State, underlying: int, *, now: int) -> int:
    """Accrues the funding index of an underlying."""
    index = funding_index(self, market.perp(underlying), now=now)
    track = self.tracks[underlying]
    track.index = index
    track.updated_at = now
    return index


def fill(self: State, account: AccountId, instrument: int, size_delta: int, quote_delta: int, *, now: int) -> int:
    """Changes a position of an account, credits what closing it releases, and returns the change of its long size."""
    holder = self.holders[account]
    place, held = accounts.find(holder, instrument)
    index = funding_index(self, instrument, now=now)
    received = funding.payment(held.size, index - held.funding_index)
    released = accounts.fill(holder, place, held, size_delta, quote_delta + received, index)
    add_cash(self, account, released, now=now)
    return caps.long_of(held.size + size_delta) - caps.long_of(held.size)


def settled_value(entry: Entry, settlement_wad: int) -> int:
    """Value of a position whose expiry has settled."""
    kind = market.kind_of(entry.instrument)
    worth_wad = settlement_wad
    if market.is_option(kind):
        worth_wad = option.payoff(settlement_wad, market.strike_of(entry.instrument), kind == market.CALL)
    return fixed.mul_div_floor(entry.size, worth_wad, fixed.WAD) + entry.quote


def settle(self: State, account: AccountId, underlying: int, expiry: int, settlement_wad: int, *, now: int) -> None:
    """Settles the positions of an account in an expiry into cash."""
    holder = self.holders[account]
    for instrument in accounts.instruments(holder):
        if market.underlying_of(instrument) != underlying or market.expiry_of(instrument) != expiry:
            continue
        place, held = accounts.find(holder, instrument)
        accounts.remove(holder, place, instrument)
        caps.record(self.caps, instrument, -caps.long_of(held.size))
        add_cash(self, account, settled_value(held, settlement_wad), now=now)


def move_part(
    self: State, source: AccountId, target: AccountId, fraction_wad: int, reserved_wad: int, left_out: int, *, now: int
) -> None:
    """Moves part of an account to another, except reserved cash."""
    giver = self.holders[source]
    taker = self.holders[target]
    cash_wad = cash.present(self.cash, giver.principal, now=now) - reserved_wad
    cash_part = fixed.part(cash_wad, fraction_wad)
    add_cash(self, source, -cash_part, now=now)
    add_cash(self, target, cash_part, now=now)
    for i in range(len(self.assets)):
        raw_part = fixed.mul_div_up(giver.balances[i], fraction_wad, fixed.WAD)
        if raw_part == 0 or fixed.bits(left_out, i, 1) != 0:
            continue
        giver.balances[i] -= raw_part
        taker.balances[i] += raw_part
    for instrument in accounts.instruments(giver):
        move_position(self, source, target, instrument, fraction_wad, now=now)


def excess(self: State, account: AccountId, fraction_wad: int, left_out: int) -> int:
    """Value that moves beyond a part of an account, because collateral moves in whole raw units."""
    giver = self.holders[account]
    value_wad = 0
    for i, asset in enumerate(self.assets):
        balance_raw = giver.balances[i]
        if balance_raw == 0 or fixed.bits(left_out, i, 1) != 0:
            continue
        more = fixed.mul_div_up(balance_raw, fraction_wad, fixed.WAD) * fixed.WAD - balance_raw * fraction_wad
        value_wad += fixed.mul_div_up(more, self.prices[asset.underlying].index, fixed.WAD * 10**asset.decimals)
    return value_wad


def move_position(
    self: State, source: AccountId, target: AccountId, instrument: int, fraction_wad: int, *, now: int
) -> None:
    """Moves part of a position to another account."""
    place, held = accounts.find(self.holders[source], instrument)
    index = funding_index(self, instrument, now=now)
    received = funding.payment(held.size, index - held.funding_index)
    size_part = fixed.part(held.size, fraction_wad)
    quote_part = fixed.part(held.quote + received, fraction_wad)
    released = accounts.fill(self.holders[source], place, held, -size_part, received - quote_part, index)
    add_cash(self, source, released, now=now)
    long_delta = fill(self, target, instrument, size_part, quote_part, now=now)
    long_delta += caps.long_of(held.size - size_part) - caps.long_of(held.size)
    caps.record(self.caps, instrument, long_delta)
