"""Valuation of accounts from the ledger."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import (
    account as accounts,
    account_errors,
    cash,
    collateral,
    fixed,
    funding,
    ledger,
    margin,
    market,
    option,
    oracle,
    portfolio,
    price_errors,
    stakes,
    standard,
    stress,
    surface,
)
from crossvault.mirror.account import AccountId, Holder, Position
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book, Holding, Stale
from crossvault.mirror.oracle import Curve
from crossvault.mirror.portfolio import PortfolioExposure
from crossvault.mirror.standard import Exposure, HeldOption, Level


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


def book(self: State, account: AccountId, *, now: int) -> Book:
    """Account valued at present prices."""
    holder = self.holders[account]
    valued = Book(
        cash_wad=cash.present(self.cash, holder.principal, now=now),
        holdings=[Holding() for _ in self.assets],
        exposures=[Exposure() for _ in self.risks],
        lines=[HeldOption() for _ in range(option_count(self, holder))],
    )
    if holder.mode == accounts.PORTFOLIO:
        valued.stakes = [PortfolioExposure() for _ in self.risks]
    value_balances(self, holder, valued, now=now)
    value_positions(self, account, valued, now=now)
    if holder.mode == accounts.PORTFOLIO:
        judge(self, valued, now=now)
    return valued


def judge(self: State, valued: Book, *, now: int) -> None:
    """Computes the portfolio margin of a book."""
    stakes.gather(valued)
    feed = self.cash.terms.feed
    quote_wad = fixed.WAD if feed == cash.NO_FEED else load(self, valued, feed, now=now).index_wad
    valued.verdict = stress.judge(valued.stakes, self.rules, quote_wad)


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
        safe_price_wad = fixed.min(exposure.index_wad, exposure.stable_wad)
        holding.safe_wad = collateral.value(balance_raw, safe_price_wad, decimals)
        holding.terms = asset.terms
        holding.underlying = asset.underlying
        exposure.base_wad += collateral.to_wad(balance_raw, decimals)


def option_count(self: State, holder: Holder) -> int:
    """Count of the options of an account whose expiry has not settled."""
    count = 0
    for instrument in holder.instruments:
        if market.is_option(market.kind_of(instrument)) and curve_of(self, instrument).settlement == 0:
            count += 1
    return count


def value_positions(self: State, account: AccountId, valued: Book, *, now: int) -> None:
    """Adds the positions of an account to its book."""
    positions = self.holders[account].positions
    instruments = self.holders[account].instruments
    if not instruments:
        return
    place = 0
    for instrument in instruments:
        kind = market.kind_of(instrument)
        settlement_wad = 0 if kind == market.PERP else curve_of(self, instrument).settlement
        if settlement_wad != 0:
            valued.cash_wad += ledger.settled_value(self, account, instrument, settlement_wad)
        elif market.is_option(kind):
            valued.lines[place] = option_line(self, valued, instrument, positions[instrument].size, now=now)
            place += 1
        else:
            value_linear(self, valued, instrument, positions[instrument], now=now)
    feed = self.cash.terms.feed
    if feed == cash.NO_FEED:
        return
    valued.depeg_rate_wad = cash.depeg_rate(self.cash.terms, load(self, valued, feed, now=now).index_wad)


def value_linear(self: State, valued: Book, instrument: int, position: Position, *, now: int) -> None:
    """Adds a perp or future to a book."""
    underlying = market.underlying_of(instrument)
    exposure = load(self, valued, underlying, now=now)
    fixed_wad = 0
    if market.kind_of(instrument) == market.PERP:
        mark_wad = oracle.mark(exposure.index_wad, self.prices[underlying].premium, exposure.risk.mark_band)
    else:
        mark_wad, fixed_wad = forward(self, valued, instrument, now=now)
    if margin.is_modelled(valued, underlying):
        portfolio.stake(valued.stakes[underlying], position.size, mark_wad - fixed_wad)
    grown = ledger.funding_index(self, instrument, now=now) - position.funding_index
    received = funding.payment(position.size, grown)
    standard.absorb(exposure, position.size, position.quote + received, mark_wad)


def option_line(self: State, valued: Book, instrument: int, size: int, *, now: int) -> HeldOption:
    """Valued option position."""
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
    line.vol_wad = 0 if curve.surface_published_at == 0 else surface.vol(curve.svi, line.strike_wad)
    line.mark_wad = option_mark(line)
    if line.secs != 0:
        heartbeat_secs = exposure.option_risk.heartbeat_secs
        note(valued, line.underlying, line.expiry, curve.surface_published_at, heartbeat_secs, now=now)
    return line


def option_mark(line: HeldOption) -> int:
    """Mark price of an option."""
    discount_wad = option.discount(line.rate_wad, line.secs)
    terms = option.OptionTerms(line.forward_wad, line.strike_wad, line.vol_wad, line.secs, discount_wad, line.is_call)
    return option.price(terms)


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
    note(valued, underlying, 0, price.published_at, exposure.risk.heartbeat_secs, now=now)
    if not valued.stakes:
        return exposure
    valued.stakes[underlying].risk = self.portfolio_risks[underlying]
    valued.stakes[underlying].index_wad = price.index
    valued.stakes[underlying].confidence_wad = price.confidence
    return exposure


def note(valued: Book, underlying: int, expiry: int, published_at: int, heartbeat_secs: int, *, now: int) -> None:
    """Records the first stale price of a book."""
    if valued.stale.underlying != 0 or oracle.is_fresh(published_at, heartbeat_secs, now=now):
        return
    valued.stale = Stale(underlying + 1, expiry, published_at, heartbeat_secs)


def quotation(self: State, instrument: int, *, now: int) -> tuple[int, int]:
    """Mark price of an instrument, and the widest distance of a trade from it."""
    ledger.require_traded(self, instrument, now=now)
    underlying = market.underlying_of(instrument)
    valued = Book(cash_wad=0, holdings=[], exposures=[Exposure() for _ in self.risks], lines=[])
    exposure = load(self, valued, underlying, now=now)
    kind = market.kind_of(instrument)
    if market.is_option(kind):
        mark_wad = option_line(self, valued, instrument, 0, now=now).mark_wad
        band_wad = fixed.mul_div_down(exposure.index_wad, exposure.option_risk.trade_band, fixed.WAD)
    else:
        if kind == market.PERP:
            mark_wad = oracle.mark(exposure.index_wad, self.prices[underlying].premium, exposure.risk.mark_band)
        else:
            mark_wad, _ = forward(self, valued, instrument, now=now)
        band_wad = fixed.mul_div_down(mark_wad, exposure.risk.trade_band, fixed.WAD)
    require_fresh(valued)
    return mark_wad, band_wad


def require_fresh(valued: Book) -> None:
    """Requires a book without a stale price."""
    stale = valued.stale
    if stale.underlying == 0:
        return
    raise price_errors.StalePrice(stale.underlying - 1, stale.expiry, stale.published_at, stale.heartbeat_secs)


def fresh_book(self: State, account: AccountId, *, now: int) -> Book:
    """Account valued at fresh prices."""
    valued = book(self, account, now=now)
    require_fresh(valued)
    return valued


def require_initial(self: State, account: AccountId, *, now: int) -> None:
    """Requires an account to meet its initial margin requirement."""
    valued = fresh_book(self, account, now=now)
    adjusted = margin.adjusted_equity(valued, Level.INITIAL)
    required = margin.requirement(valued, Level.INITIAL)
    if adjusted < required:
        raise account_errors.InsufficientMargin(account, adjusted, required)


def require_no_fall(self: State, account: AccountId, before_wad: int, *, now: int) -> None:
    """Requires an account whose initial buffer is not negative or has not fallen."""
    valued = book(self, account, now=now)
    adjusted = margin.adjusted_equity(valued, Level.INITIAL)
    required = margin.requirement(valued, Level.INITIAL)
    left = adjusted - required
    if left < 0 and left < before_wad:
        raise account_errors.InsufficientMargin(account, adjusted, required)


def initial_margin(self: State, account: AccountId, *, now: int) -> int:
    """Initial buffer of an account, at the last prices."""
    return margin.margin(book(self, account, now=now), Level.INITIAL)


def maintenance(self: State, account: AccountId, *, now: int) -> tuple[int, int]:
    """Equity and maintenance buffer of an account, at fresh prices."""
    valued = fresh_book(self, account, now=now)
    return margin.equity(valued), margin.margin(valued, Level.MAINTENANCE)


def metrics(self: State, account: AccountId, *, now: int) -> Metrics:
    """Margin metrics of an account."""
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
        valued.stale.underlying,
        valued.stale.expiry,
        self.holders[account].mode,
        valued.verdict.sum_wad,
        valued.verdict.loss_initial_wad,
        valued.verdict.loss_maintenance_wad,
    )
