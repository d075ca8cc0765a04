"""An account valued from the ledger."""

from __future__ import annotations

from typing import NamedTuple

from sim.mirror import (
    cash,
    collateral,
    errors,
    fixed,
    funding,
    ledger,
    margin,
    market,
    option,
    oracle,
    standard,
    surface,
)
from sim.mirror.account import AccountId, Holder, Position
from sim.mirror.ledger import State
from sim.mirror.margin import Book, Holding, Stale
from sim.mirror.oracle import Curve
from sim.mirror.standard import Exposure, Level, Line


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
    stale_expiry: int


def book(self: State, account: AccountId, *, now: int) -> Book:
    """An account, valued at the prices of now."""
    holder = self.holders[account]
    valued = Book(
        cash_wad=cash.present(self.cash, holder.principal, now=now),
        holdings=[Holding() for _ in self.assets],
        exposures=[Exposure() for _ in self.risks],
        lines=[Line() for _ in range(option_count(self, holder))],
    )
    value_balances(self, holder, valued, now=now)
    value_positions(self, account, valued, now=now)
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
        safe_price_wad = fixed.min(exposure.index_wad, exposure.stable_wad)
        holding.safe_wad = collateral.value(balance_raw, safe_price_wad, decimals)
        holding.terms = asset.terms
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
    if market.kind_of(instrument) == market.PERP:
        mark_wad = oracle.mark(exposure.index_wad, self.prices[underlying].premium, exposure.risk.mark_band)
    else:
        mark_wad = forward(self, valued, instrument, now=now)
    grown = ledger.funding_index(self, instrument, now=now) - position.funding_index
    received = funding.payment(position.size, grown)
    standard.absorb(exposure, position.size, position.quote + received, mark_wad)


def option_line(self: State, valued: Book, instrument: int, size: int, *, now: int) -> Line:
    """An option, valued."""
    line = Line(
        underlying=market.underlying_of(instrument),
        expiry=market.expiry_of(instrument),
        strike_wad=market.strike_of(instrument),
        is_call=market.kind_of(instrument) == market.CALL,
        size=size,
    )
    exposure = load(self, valued, line.underlying, now=now)
    if exposure.option_risk.heartbeat_secs == 0:
        exposure.option_risk = self.option_risks[line.underlying]
    line.forward_wad = forward(self, valued, instrument, now=now)
    curve = curve_of(self, instrument)
    line.confidence_wad = fixed.min(exposure.confidence_wad, fixed.min(curve.confidence, curve.surface_confidence))
    line.mark_wad = option_mark(curve, line, now=now)
    if now < line.expiry:
        heartbeat_secs = exposure.option_risk.heartbeat_secs
        note(valued, line.underlying, line.expiry, curve.surface_published_at, heartbeat_secs, now=now)
    return line


def option_mark(curve: Curve, line: Line, *, now: int) -> int:
    """Price at which an option is valued."""
    secs = line.expiry - now if line.expiry > now else 0
    if secs == 0 or curve.surface_published_at == 0:
        return option.payoff(line.forward_wad, line.strike_wad, line.is_call)
    vol_wad = surface.vol(curve.svi, line.strike_wad)
    discount_wad = option.discount(curve.rate, secs)
    return option.price(option.Terms(line.forward_wad, line.strike_wad, vol_wad, secs, discount_wad, line.is_call))


def forward(self: State, valued: Book, instrument: int, *, now: int) -> int:
    """Forward of a dated instrument as it stands."""
    underlying = market.underlying_of(instrument)
    expiry = market.expiry_of(instrument)
    curve = curve_of(self, instrument)
    fixed_wad, floating_wad = oracle.forward_parts(curve, self.prices[underlying], expiry, now=now)
    if now < expiry:
        heartbeat_secs = valued.exposures[underlying].risk.heartbeat_secs
        note(valued, underlying, expiry, curve.published_at, heartbeat_secs, now=now)
    return fixed_wad + floating_wad


def curve_of(self: State, instrument: int) -> Curve:
    """What is known of the expiry of an instrument."""
    return self.curves[market.term_of(market.underlying_of(instrument), market.expiry_of(instrument))]


def load(self: State, valued: Book, underlying: int, *, now: int) -> Exposure:
    """The exposure of a book to an underlying, read from the ledger at first use."""
    exposure = valued.exposures[underlying]
    if exposure.risk.heartbeat_secs != 0:
        return exposure
    price = self.prices[underlying]
    exposure.risk = self.risks[underlying]
    exposure.index_wad = price.index
    exposure.confidence_wad = price.confidence
    exposure.stable_wad = price.stable
    note(valued, underlying, 0, price.published_at, exposure.risk.heartbeat_secs, now=now)
    return exposure


def note(valued: Book, underlying: int, expiry: int, published_at: int, heartbeat_secs: int, *, now: int) -> None:
    """Notes the first price of a book that is too old."""
    if valued.stale.underlying != 0 or oracle.is_fresh(published_at, heartbeat_secs, now=now):
        return
    valued.stale = Stale(underlying + 1, expiry, published_at, heartbeat_secs)


def quotation(self: State, instrument: int, *, now: int) -> tuple[int, int]:
    """Mark of an instrument, and how far from it a trade may be."""
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
            mark_wad = forward(self, valued, instrument, now=now)
        band_wad = fixed.mul_div_down(mark_wad, exposure.risk.trade_band, fixed.WAD)
    require_fresh(valued)
    return mark_wad, band_wad


def require_fresh(valued: Book) -> None:
    """Refuses a book of which a price is too old."""
    stale = valued.stale
    if stale.underlying == 0:
        return
    raise errors.StalePrice(stale.underlying - 1, stale.expiry, stale.published_at, stale.heartbeat_secs)


def fresh_book(self: State, account: AccountId, *, now: int) -> Book:
    """An account, valued at prices of which none is too old."""
    valued = book(self, account, now=now)
    require_fresh(valued)
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
        valued.stale.underlying,
        valued.stale.expiry,
    )
