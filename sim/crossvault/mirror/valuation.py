"""Valuation of accounts from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.mirror import (
    account as accounts,
    cash,
    collateral,
    fixed,
    funding,
    ledger,
    margin,
    market,
    oracle,
    portfolio,
    price_errors,
    pricer,
    standard,
    stress,
)
from crossvault.mirror.account import AccountId, Entry, Image
from crossvault.mirror.correlation import ScenarioLossTable
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book, Holding, Stale
from crossvault.mirror.oracle import Curve
from crossvault.mirror.portfolio import Stake
from crossvault.mirror.standard import Exposure, HeldFuture, HeldOption, Level
from crossvault.mirror.stress import HeldExposures

MAX_HELD = 2**160 - 1


class Metrics(NamedTuple):
    """Margin metrics of an account."""

    equity_wad: int
    initial_equity_wad: int
    maintenance_equity_wad: int
    initial_requirement_wad: int
    maintenance_requirement_wad: int
    health_wad: int
    free_collateral_wad: int
    leverage_wad: int
    stale_underlying: int
    stale_expiry: int
    mode: int
    sum_wad: int
    loss_initial_wad: int
    loss_maintenance_wad: int


def image(self: State, account: AccountId) -> Image:
    """State of an account as plain values."""
    return accounts.image(self.holders[account], len(self.assets))


def valued_image(self: State, held: Image, *, now: int) -> Book:
    """Account valued at present prices, without its portfolio margin requirement."""
    valued = empty_book(self, held)
    fill_book(self, held, valued, now=now)
    mark_options(self, valued.lines)
    return valued


def empty_book(self: State, held: Image) -> Book:
    """Book with room for all that an account holds, and nothing valued."""
    options, futures = dated_counts(self, held.entries)
    valued = Book(
        cash_wad=0,
        holdings=[Holding() for _ in self.assets],
        exposures=[Exposure() for _ in self.risks],
        lines=[HeldOption() for _ in range(options)],
    )
    if held.mode != accounts.PORTFOLIO:
        return valued
    valued.futures = [HeldFuture() for _ in range(futures)]
    valued.stakes = [Stake() for _ in self.risks]
    valued.modelled = self.model.modelled
    return valued


def fill_book(self: State, held: Image, valued: Book, *, now: int) -> None:
    """Values an account at present prices, but for the marks of its options."""
    valued.cash_wad = cash.present(self.cash, held.principal, now=now)
    value_positions(self, held.entries, valued, now=now)
    if held.mode == accounts.PORTFOLIO:
        quote_price(self, valued, now=now)
    value_balances(self, held.balances, valued, now=now)


def book(self: State, account: AccountId, *, now: int) -> Book:
    """Account valued at present prices, with its portfolio margin requirement at both levels."""
    return _judged(self, image(self, account), now=now)


def quote_price(self: State, valued: Book, *, now: int) -> int:
    """Price of the quote token: one where it has no feed."""
    feed = self.cash.terms.feed
    return fixed.WAD if feed == cash.NO_FEED else load(self, valued, feed, now=now).index_wad


def exposures_of(valued: Book) -> HeldExposures:
    """What portfolio margin is computed from."""
    return HeldExposures(valued.stakes, valued.holdings, valued.lines, valued.futures)


def assess(self: State, valued: Book, *, now: int) -> ScenarioLossTable:
    """Computes the portfolio margin requirement of a valued account, and its losses."""
    if not valued.stakes:
        return ScenarioLossTable()
    quote_wad = quote_price(self, valued, now=now)
    valued.verdict, losses = stress.assess(exposures_of(valued), self.model.data, quote_wad)
    return losses


def requirement(self: State, valued: Book, level: Level, *, now: int) -> int:
    """Margin requirement of a valued account at one level."""
    if valued.stakes:
        quote_wad = quote_price(self, valued, now=now)
        required_wad = stress.requirement(exposures_of(valued), self.model.data, quote_wad, level)
        if level == Level.INITIAL:
            valued.verdict.initial_wad = required_wad
        else:
            valued.verdict.maintenance_wad = required_wad
    return margin.requirement(valued, level)


def value_balances(self: State, balances: Sequence[int], valued: Book, *, now: int) -> None:
    """Adds the collateral of an account to its book."""
    needed = valued.stale
    for i, holding in enumerate(valued.holdings):
        balance_raw = balances[i]
        if balance_raw == 0:
            continue
        asset = self.assets[i]
        exposure = load(self, valued, asset.underlying, now=now)
        decimals = asset.decimals
        holding.value_wad = collateral.value(balance_raw, exposure.index_wad, decimals)
        holding.safe_wad = collateral.value(balance_raw, standard.lowest(exposure), decimals)
        holding.terms = asset.terms
        holding.underlying = asset.underlying
        age_secs = now - self.prices[asset.underlying].published_at
        holding.faded_wad = collateral.faded(holding.terms, age_secs, exposure.risk.heartbeat_secs)
        if holding.faded_wad == 0:
            exposure.base_wad += collateral.to_wad(balance_raw, decimals)
    valued.stale = needed


def dated_counts(self: State, entries: Sequence[Entry]) -> tuple[int, int]:
    """Counts of the options and of the futures of an account whose expiry has not settled."""
    options = futures = 0
    for entry in entries:
        kind = market.kind_of(entry.instrument)
        if kind == market.PERP or curve_of(self, entry.instrument).settlement != 0:
            continue
        if market.is_option(kind):
            options += 1
        else:
            futures += 1
    return options, futures


def value_positions(self: State, entries: Sequence[Entry], valued: Book, *, now: int) -> None:
    """Adds the positions of an account to its book."""
    if not entries:
        return
    place = future = 0
    for entry in entries:
        instrument = entry.instrument
        kind = market.kind_of(instrument)
        settlement_wad = 0 if kind == market.PERP else curve_of(self, instrument).settlement
        if settlement_wad != 0:
            valued.cash_wad += ledger.settled_value(entry, settlement_wad)
        elif market.is_option(kind):
            valued.lines[place] = option_line(self, valued, instrument, entry.size, now=now)
            place += 1
        else:
            value_linear(self, valued, entry, now=now)
            if kind == market.FUTURE and valued.stakes:
                valued.futures[future] = future_line(self, instrument, entry.size, now=now)
                future += 1
    feed = self.cash.terms.feed
    if feed == cash.NO_FEED:
        return
    valued.depeg_rate_wad = cash.depeg_rate(self.cash.terms, load(self, valued, feed, now=now).index_wad)


def value_linear(self: State, valued: Book, entry: Entry, *, now: int) -> None:
    """Adds a perp or future to a book."""
    instrument = entry.instrument
    underlying = market.underlying_of(instrument)
    exposure = load(self, valued, underlying, now=now)
    fixed_wad = 0
    if market.kind_of(instrument) == market.PERP:
        mark_wad = oracle.mark(exposure.index_wad, self.prices[underlying].premium, exposure.risk.mark_band)
    else:
        mark_wad, fixed_wad = forward(self, valued, instrument, now=now)
    if margin.is_modelled(valued, underlying):
        portfolio.add(valued.stakes[underlying], entry.size, mark_wad - fixed_wad)
    grown = ledger.funding_index(self, instrument, now=now) - entry.funding_index
    received = funding.payment(entry.size, grown)
    standard.absorb(exposure, entry.size, entry.quote + received, mark_wad)


def mark_options(self: State, lines: Sequence[HeldOption]) -> None:
    """Prices options."""
    if not lines:
        return
    surfaces = [self.curves[market.term_of(line.underlying, line.expiry)].svi for line in lines]
    for line, vol_wad, mark_wad in zip(lines, *pricer.quotes(lines, surfaces), strict=True):
        line.vol_wad, line.mark_wad = vol_wad, mark_wad


def mark_alike(self: State, lines: Sequence[HeldOption], priced: Sequence[HeldOption]) -> None:
    """Prices options that are priced already, but for some."""
    for i, line in enumerate(lines):
        place = i if i < len(priced) and standard.is_alike(line, priced[i]) else 0
        while place < len(priced) and not standard.is_alike(line, priced[place]):
            place += 1
        if place < len(priced):
            line.vol_wad, line.mark_wad = priced[place].vol_wad, priced[place].mark_wad
            continue
        mark_options(self, [line])


def option_line(self: State, valued: Book, instrument: int, size: int, *, now: int) -> HeldOption:
    """Option position without its vol and mark price."""
    line = HeldOption(
        underlying=market.underlying_of(instrument),
        expiry=market.expiry_of(instrument),
        strike_wad=market.strike_of(instrument),
        is_call=market.kind_of(instrument) == market.CALL,
        size=size,
    )
    exposure = load(self, valued, line.underlying, now=now)
    if exposure.option_risk.heartbeat_secs == 0:
        exposure.option_risk = self.option_risks[line.underlying]
    line.forward_wad, line.fixed_wad = forward(self, valued, instrument, now=now)
    curve = curve_of(self, instrument)
    line.confidence_wad = fixed.min(exposure.confidence_wad, fixed.min(curve.confidence, curve.surface_confidence))
    line.rate_wad = curve.rate
    line.secs = line.expiry - now if line.expiry > now else 0
    if line.secs != 0:
        heartbeat_secs = exposure.option_risk.heartbeat_secs
        note(valued, line.underlying, line.expiry, curve.surface_published_at, heartbeat_secs, now=now)
    return line


def future_line(self: State, instrument: int, size: int, *, now: int) -> HeldFuture:
    """Future position, with the parts of its forward."""
    underlying, expiry = market.underlying_of(instrument), market.expiry_of(instrument)
    curve, price = curve_of(self, instrument), self.prices[underlying]
    fixed_wad, floating_wad = oracle.forward_parts(curve, price, expiry, now=now)
    return HeldFuture(underlying, expiry, size, fixed_wad, floating_wad, max(0, expiry - now))


def forward(self: State, valued: Book, instrument: int, *, now: int) -> tuple[int, int]:
    """Present forward of a dated instrument, and the part of it that is fixed."""
    underlying = market.underlying_of(instrument)
    expiry = market.expiry_of(instrument)
    curve = curve_of(self, instrument)
    fixed_wad, floating_wad = oracle.forward_parts(curve, self.prices[underlying], expiry, now=now)
    if now < expiry:
        heartbeat_secs = valued.exposures[underlying].risk.heartbeat_secs
        note(valued, underlying, expiry, curve.published_at, heartbeat_secs, now=now)
    return fixed_wad + floating_wad, fixed_wad


def curve_of(self: State, instrument: int) -> Curve:
    """Curve of the expiry of an instrument."""
    return self.curves[market.term_of(market.underlying_of(instrument), market.expiry_of(instrument))]


def load(self: State, valued: Book, underlying: int, *, now: int) -> Exposure:
    """Exposure of a book to an underlying, read from the ledger at first use."""
    exposure = valued.exposures[underlying]
    if exposure.risk.heartbeat_secs != 0:
        return exposure
    price = self.prices[underlying]
    exposure.risk = self.risks[underlying]
    exposure.index_wad = price.index
    exposure.confidence_wad = price.confidence
    exposure.stable_wad = price.stable
    if price.pending != 0:
        confirm_secs = self.guards[underlying].confirm_secs
        exposure.pending_wad = oracle.waiting(price, confirm_secs, exposure.risk.heartbeat_secs, now=now)
    note(valued, underlying, 0, price.published_at, exposure.risk.heartbeat_secs, now=now)
    if not valued.stakes:
        return exposure
    valued.stakes[underlying].index_wad = price.index
    valued.stakes[underlying].confidence_wad = price.confidence
    return exposure


def note(valued: Book, underlying: int, expiry: int, published_at: int, heartbeat_secs: int, *, now: int) -> None:
    """Records the first stale price of a book."""
    if valued.stale.underlying != 0 or oracle.is_fresh(published_at, heartbeat_secs, now=now):
        return
    valued.stale = Stale(underlying + 1, expiry, published_at, heartbeat_secs)


def require_fresh(valued: Book) -> None:
    """Requires a book without a stale price."""
    stale = valued.stale
    if stale.underlying == 0:
        return
    raise price_errors.StalePrice(stale.underlying - 1, stale.expiry, stale.published_at, stale.heartbeat_secs)


def metrics(self: State, held: Image, *, now: int) -> Metrics:
    """Margin metrics of holdings, whether an account has them or not."""
    valued = _judged(self, held, now=now)
    return Metrics(
        margin.equity(valued),
        margin.adjusted_equity(valued, Level.INITIAL),
        margin.adjusted_equity(valued, Level.MAINTENANCE),
        margin.requirement(valued, Level.INITIAL),
        margin.requirement(valued, Level.MAINTENANCE),
        margin.health(valued),
        margin.free_collateral(valued),
        margin.leverage(valued),
        valued.stale.underlying,
        valued.stale.expiry,
        held.mode,
        valued.verdict.sum_wad,
        valued.verdict.loss_initial_wad,
        valued.verdict.loss_maintenance_wad,
    )


def require_valid(self: State, held: Image, *, now: int) -> None:
    """Validates holdings that no account has."""
    modes = accounts.PORTFOLIO if self.model.has_rules else accounts.STANDARD
    market.require_within("mode", held.mode, accounts.STANDARD, modes)
    market.require_within("principal", fixed.abs(held.principal), 0, MAX_HELD)
    market.require_within("balances", len(held.balances), len(self.assets), len(self.assets))
    for balance_raw in held.balances:
        market.require_within("balance", balance_raw, 0, fixed.CAP)
    for entry in held.entries:
        ledger.require_traded(self, entry.instrument, now=now)
        market.require_within("size", fixed.abs(entry.size), 0, fixed.CAP)
        market.require_within("quote", fixed.abs(entry.quote), 0, MAX_HELD)
        market.require_within("fundingIndex", fixed.abs(entry.funding_index), 0, MAX_HELD)


def _judged(self: State, held: Image, *, now: int) -> Book:
    """Account valued at present prices, with its portfolio margin requirement at both levels."""
    valued = valued_image(self, held, now=now)
    if valued.stakes:
        valued.verdict = stress.judge(exposures_of(valued), self.model.data, quote_price(self, valued, now=now))
    return valued
