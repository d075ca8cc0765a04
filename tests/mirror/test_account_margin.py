"""A whole account account against float64 formulas of the specification: positions, collateral, contingencies, funding.

The floats use amounts and prices only: no book, no exposure, no line, no rounding and no cash index.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from operator import itemgetter
from typing import NamedTuple

import pytest
from hypothesis import given, strategies as st

from crossvault.mirror import cash, collateral, market, oracle, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import RAY, WAD
from crossvault.mirror.ledger import State
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.oracle import WINDOW
from crossvault.mirror.standard import Level
from crossvault.mirror.surface import Svi
from held_positions import hold
from laws import LONG_LAW, amounts, both, option_risks, ratios, risks, wide

NOW = 1_700_000_000
ALICE = AccountId("alice")
UNIT = float(WAD)
YEAR = 365 * 24 * 3600


class Term(NamedTuple):
    """Expiry; `seen`: average index over the elapsed part of its window."""

    secs: int
    forward: int
    rate: int
    confidence: int
    svi: Svi
    surface_confidence: int
    seen: int


@dataclass(frozen=True)
class Spot:
    risk: MarketRisk
    options: OptionRisk
    index: int
    stable: int
    premium: int
    confidence: int
    elapsed: int
    terms: tuple[Term, ...]


class Held(NamedTuple):
    underlying: int
    kind: int
    term: int
    strike: int
    size: int
    quote: int
    unpaid: int  # growth of the funding index that is already recorded


@dataclass(frozen=True)
class ValuedAccount:
    principal: int
    cash_index: int  # [ray]
    spots: tuple[Spot, ...]
    held: tuple[Held, ...]
    balances: tuple[tuple[int, int, collateral.HaircutTerms], ...]  # 18 decimals, underlying, terms
    depeg: cash.DepegTerms


parts = st.one_of(ratios, st.integers(0, 100).map(lambda each: each * WAD // 100))


@st.composite
def terms(draw: st.DrawFn, index: int) -> Term:
    near = draw(st.booleans())
    secs = draw(st.integers(1, WINDOW - 1) if near else st.integers(WINDOW, 2 * YEAR))
    forward = draw(wide(index // 2 + 1, 2 * index))
    wing, rho = draw(wide(0, WAD // 2)), draw(both(WAD - 1))
    bend, shift = draw(ratios), draw(both(WAD))
    least = max(1, secs * WAD // YEAR // 100)  # a vol of 10 %
    svi = Svi(
        draw(st.integers(least, least + WAD)), wing, rho, shift, bend, secs, draw(st.integers(index // 2 + 1, index))
    )
    seen = draw(wide(index // 2 + 1, 2 * index))
    return Term(secs, forward, draw(ratios), draw(parts), svi, draw(parts), seen)


@st.composite
def spots(draw: st.DrawFn) -> Spot:
    index = draw(wide(10**18, 10**23))
    funding = draw(both(WAD // 100)), draw(wide(0, WAD // 20))
    doubts = {"confidence_threshold": draw(parts), "confidence_factor": draw(parts)}
    risk = draw(risks())._replace(**doubts, funding_base=funding[0], funding_cap=funding[1])
    premium, stable = draw(both(index // 4)), draw(wide(index // 2, 2 * index))
    listed = tuple(draw(st.lists(terms(index), min_size=1, max_size=2, unique_by=itemgetter(0))))
    return Spot(risk, draw(option_risks()), index, stable, premium, draw(parts), draw(wide(0, 10**5)), listed)


@st.composite
def positions(draw: st.DrawFn, given_: tuple[Spot, ...]) -> Held:
    underlying = draw(st.integers(0, len(given_) - 1))
    listed = given_[underlying].terms
    kinds = [market.PERP, market.FUTURE, *[market.CALL, market.PUT] * 3]
    kind = draw(st.sampled_from(kinds)) if listed else market.PERP
    term = draw(st.integers(0, len(listed) - 1)) if kind != market.PERP else 0
    strike = listed[term].forward * draw(st.integers(200, 5000)) // 1000 if market.is_option(kind) else 0
    size = draw(st.one_of(wide(10**17, 10**22), wide(10**17, 10**22).map(lambda each: -each)))
    quote = 0 if market.is_option(kind) else draw(both(10**24))
    unpaid = draw(both(10**27)) if kind == market.PERP else 0
    return Held(underlying, kind, term, strike, size, quote, unpaid)


@st.composite
def valued_accounts(draw: st.DrawFn) -> ValuedAccount:
    given_ = tuple(draw(st.lists(spots(), min_size=1, max_size=3)))
    held = {instrument_of(each, given_): each for each in draw(st.lists(positions(given_), max_size=9))}
    haircuts = st.builds(collateral.HaircutTerms, ratios, ratios, wide(0, 10**28))
    balance = st.tuples(wide(0, 10**20), st.integers(0, len(given_) - 1), haircuts)
    depeg = cash.DepegTerms(len(given_) - 1, draw(ratios), draw(wide(0, 10 * WAD)))
    principal, index = draw(both(10**24)), draw(wide(RAY, 3 * RAY))
    return ValuedAccount(
        principal, index, given_, tuple(held.values()), tuple(draw(st.lists(balance, max_size=3))), depeg
    )


def instrument_of(each: Held, given_: tuple[Spot, ...]) -> int:
    expiry = 0 if each.kind == market.PERP else NOW + given_[each.underlying].terms[each.term].secs
    return market.instrument_of(each.underlying, each.kind, expiry, each.strike)


# the account in the ledger


def ledger_of(account: ValuedAccount) -> State:
    self = State(UndoLog())
    self.cash.supply_index = self.cash.borrow_index = account.cash_index
    self.cash.terms, self.cash.accrued_at = account.depeg, NOW
    self.risks = tuple(spot.risk for spot in account.spots)
    for number, spot in enumerate(account.spots):
        add_spot(self, number, spot)
    holder = self.holders[ALICE]
    holder.principal = account.principal
    for number, (raw, underlying, how) in enumerate(account.balances):
        asset = collateral.Asset(self.journal)
        asset.decimals, asset.underlying, asset.terms = 18, underlying, how
        self.assets = (*self.assets, asset)
        holder.balances[number] = raw
    for each in account.held:
        instrument = instrument_of(each, account.spots)
        hold(holder, instrument, each.size, each.quote, -each.unpaid)
    return self


def add_spot(self: State, number: int, spot: Spot) -> None:
    self.option_risks[number] = spot.options
    price = self.prices[number]
    price.index, price.premium, price.confidence, price.stable = spot.index, spot.premium, spot.confidence, spot.stable
    price.published_at, price.cumulative = NOW, 10**60
    self.tracks[number].updated_at = NOW - spot.elapsed
    for term in spot.terms:
        curve = self.curves[market.term_of(number, NOW + term.secs)]
        oracle.publish_forward(curve, term.forward, term.rate, term.confidence, NOW, now=NOW)
        oracle.publish_surface(curve, term.svi, term.surface_confidence, NOW)
        curve.listed_at = 1
        curve.start_cumulative = price.cumulative - term.seen * max(0, WINDOW - term.secs)


# the same in floats, from the specification


def forward_usd(term: Term) -> float:
    part = min(1.0, term.secs / WINDOW)
    return term.forward / UNIT * part + term.seen / UNIT * (1 - part)


def vol(term: Term, strike: float) -> float:
    svi = term.svi
    k = log(strike / (svi.ref_forward / UNIT)) - svi.m / UNIT
    wing = svi.rho / UNIT * k + sqrt(k * k + (svi.sigma / UNIT) ** 2)
    return sqrt(max(0.0, svi.a / UNIT + svi.b / UNIT * wing) / (svi.ref_secs / YEAR))


def option_usd(term: Term, strike: float, is_call: bool) -> float:
    """Black-76, discounted."""
    years, forward = term.secs / YEAR, forward_usd(term)
    s = vol(term, strike) * sqrt(years)
    d = log(forward / strike) / s + s / 2
    sign = 1 if is_call else -1
    first, second = (erfc(-sign * each / sqrt(2)) / 2 for each in (d, d - s))
    return exp(-term.rate / UNIT * years) * sign * (forward * first - strike * second)


def mark_usd(spot: Spot, each: Held) -> float:
    if each.kind == market.FUTURE:
        return forward_usd(spot.terms[each.term])
    if market.is_option(each.kind):
        return option_usd(spot.terms[each.term], each.strike / UNIT, each.kind == market.CALL)
    band = spot.risk.mark_band / UNIT * spot.index / UNIT
    return spot.index / UNIT + max(-band, min(band, spot.premium / UNIT))


def owed_usd(spot: Spot, each: Held) -> float:
    """Funding that a position owes: recorded, and accrued since."""
    if each.kind != market.PERP:
        return 0.0
    cap = spot.risk.funding_cap / UNIT
    rate = max(-cap, min(cap, spot.premium / spot.index + spot.risk.funding_base / UNIT))
    since = spot.index / UNIT * rate * spot.elapsed / (8 * 3600)
    return each.size / UNIT * (each.unpaid / RAY + since)


def profits(account: ValuedAccount, *, safe: bool = False) -> Iterator[tuple[Spot, float]]:
    for each in account.held:
        spot = account.spots[each.underlying]
        if market.is_option(each.kind):
            continue
        mark, apart = mark_usd(spot, each), (spot.index - spot.stable) / UNIT
        if safe:
            mark = max(0.0, mark - max(0.0, apart)) if each.size > 0 else mark + max(0.0, -apart)
        yield spot, each.size / UNIT * mark + each.quote / UNIT - owed_usd(spot, each)


def equity_usd(account: ValuedAccount, level: Level | None) -> float:
    total = account.principal / UNIT * account.cash_index / RAY
    initial = level == Level.INITIAL
    for raw, underlying, how in account.balances:
        spot = account.spots[underlying]
        value = raw / UNIT * (min(spot.index, spot.stable) if initial else spot.index) / UNIT
        if level is not None:
            haircut = how.haircut_initial if initial else how.haircut_maintenance
            value = min(value, how.cap_wad / UNIT) * (1 - haircut / UNIT)
        total += value
    for spot, profit in profits(account, safe=initial):
        total += profit * (spot.risk.profit_weight / UNIT if initial and profit > 0 else 1)
    if level is None:
        for each in account.held:
            if market.is_option(each.kind):
                total += each.size / UNIT * mark_usd(account.spots[each.underlying], each)
    return total


def linear_usd(account: ValuedAccount, number: int, level: Level) -> float:
    spot = account.spots[number]
    mine = [each for each in account.held if each.underlying == number and not market.is_option(each.kind)]
    stakes = [each.size / UNIT * mark_usd(spot, each) for each in mine]
    net = abs(sum(stakes))
    gross = sum(map(abs, stakes)) - net
    risk = spot.risk
    size = abs(sum(each.size for each in mine)) / UNIT
    term = risk.base_rate / UNIT + size / (risk.skew_scale / UNIT) * risk.impact_rate / UNIT
    if level == Level.INITIAL:
        rate = max(risk.initial_rate / UNIT, term)
    else:
        rate = max(risk.maintenance_rate / UNIT, term * risk.maintenance_scale / UNIT)
    return net * rate + gross * risk.spread_rate / UNIT


def doubt(risk: MarketRisk, confidence: int) -> float:
    return (1 - confidence / UNIT) * risk.confidence_factor / UNIT if confidence < risk.confidence_threshold else 0.0


def doubts_usd(account: ValuedAccount) -> float:
    """Contingencies of uncertain prices and of the quote token at initial."""
    quote = account.spots[account.depeg.feed].index / UNIT
    lost = max(0.0, account.depeg.depeg_threshold / UNIT - quote) * account.depeg.depeg_factor / UNIT
    total = 0.0
    for raw, underlying, _ in account.balances:
        spot = account.spots[underlying]
        total += raw / UNIT * spot.index / UNIT * doubt(spot.risk, spot.confidence)
    for each in account.held:
        spot = account.spots[each.underlying]
        confidence = spot.confidence
        if market.is_option(each.kind):
            if each.size > 0:
                continue
            term = spot.terms[each.term]
            confidence = min(confidence, term.confidence, term.surface_confidence)
        total += abs(each.size) / UNIT * spot.index / UNIT * (doubt(spot.risk, confidence) + lost)
    return total


def naked_usd(spot: Spot, each: Held, level: Level) -> float:
    how, index, strike, mark = spot.options, spot.index / UNIT, each.strike / UNIT, mark_usd(spot, each)
    is_call = each.kind == market.CALL
    least = how.call_rate / UNIT * index + mark
    if not is_call:
        least = max(how.put_rate / UNIT * index, how.put_mark_rate / UNIT * mark) + mark
    if level == Level.MAINTENANCE:
        return least
    rate = 0.0
    for price in (index, spot.stable / UNIT):
        otm = max(0.0, strike - price if is_call else price - strike) / price
        rate = max(rate, max(how.max_spot_rate / UNIT - otm, how.min_spot_rate / UNIT) * price + mark)
    return rate if is_call else max(rate, how.put_initial_scale / UNIT * least)


def strip_usd(account: ValuedAccount, number: int, term: int, level: Level) -> float:
    spot = account.spots[number]
    strip = [
        each for each in account.held
        if each.underlying == number and each.term == term and market.is_option(each.kind)
    ]  # fmt: skip
    isolated = sum(-each.size / UNIT * naked_usd(spot, each, level) for each in strip if each.size < 0)
    worst = 0.0
    for at in (0, *(each.strike for each in strip)):
        payoffs = (max(0, at - each.strike if each.kind == market.CALL else each.strike - at) for each in strip)
        worst = max(worst, -sum(each.size * payoff for each, payoff in zip(strip, payoffs, strict=True)) / UNIT**2)
    calls = sum(each.size for each in strip if each.kind == market.CALL) / UNIT
    scale = spot.options.unpaired_initial if level == Level.INITIAL else spot.options.unpaired_maintenance
    if strip:
        worst += max(0.0, -calls) * scale / UNIT * forward_usd(spot.terms[term])
    return min(isolated, worst)


def required_usd(account: ValuedAccount, level: Level) -> float:
    total = doubts_usd(account) if level == Level.INITIAL else 0.0
    for number, spot in enumerate(account.spots):
        total += linear_usd(account, number, level)
        total += sum(strip_usd(account, number, term, level) for term in range(len(spot.terms)))
    return total


def gross_usd(account: ValuedAccount) -> float:
    """Magnitudes that are added up: floats keep 1e-16 of each of them."""
    total = abs(account.principal) / UNIT * account.cash_index / RAY
    total += sum(raw / UNIT * account.spots[underlying].index / UNIT for raw, underlying, _ in account.balances)
    for each in account.held:
        spot = account.spots[each.underlying]
        price = max(spot.index, each.strike, *(term.forward for term in spot.terms), 0) / UNIT
        total += abs(each.size) / UNIT * price + abs(each.quote) / UNIT + abs(owed_usd(spot, each))
    return total


@LONG_LAW
@given(valued_accounts())
def test_an_account_equals_the_float64_formulas(account: ValuedAccount) -> None:
    """Within 1e-9 of every figure, 1e-13 of the magnitudes that floats add up and some wei."""
    metrics = valuation.metrics(ledger_of(account), valuation.image(ledger_of(account), ALICE), now=NOW)
    assert metrics.stale_underlying == 0
    slack = 1e-13 * gross_usd(account) + 1e-15
    worths = [equity_usd(account, level) for level in (None, *Level)]
    equities = metrics.equity_wad, metrics.initial_equity_wad, metrics.maintenance_equity_wad
    assert [each / UNIT for each in equities] == pytest.approx(worths, rel=1e-9, abs=slack)
    needed = [required_usd(account, level) for level in Level]
    required = metrics.initial_requirement_wad, metrics.maintenance_requirement_wad
    assert [each / UNIT for each in required] == pytest.approx(needed, rel=1e-9, abs=slack)


@LONG_LAW
@given(valued_accounts(), amounts)
def test_v7_adding_cash_raises_both_margins_by_as_much(account: ValuedAccount, added: int) -> None:
    self = ledger_of(account)
    before = valuation.book(self, ALICE, now=NOW)
    self.cash.supply_index = self.cash.borrow_index = RAY
    first = valuation.metrics(self, valuation.image(self, ALICE), now=NOW)
    self.holders[ALICE].principal += added
    later = valuation.metrics(self, valuation.image(self, ALICE), now=NOW)
    assert later.initial_equity_wad - first.initial_equity_wad == added
    assert later.maintenance_equity_wad - first.maintenance_equity_wad == added
    assert later[3:5] == first[3:5] and len(before.lines) <= len(account.held)
