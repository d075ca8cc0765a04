"""Margin against float64 formulas written from contracts/README.md, and the laws V7 and V8.

The floats are a second witness: they use no books, exposures or roundings, only the holdings of an account.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import assume, given, strategies as st

from crossvault.mirror import cash, collateral, margin, market, oracle, standard, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import RAY, WAD
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.market import MarketRisk
from crossvault.mirror.standard import Exposure, Level
from held_positions import hold
from laws import LAW, LONG_LAW, amounts, ratios, risks, sizes, values

NOW = 1_700_000_000
ALICE = AccountId("alice")
UNIT = float(WAD)


class Print(NamedTuple):
    risk: MarketRisk
    spot: int
    premium: int
    confidence: int


class Balance(NamedTuple):
    raw: int
    decimals: int
    underlying: int
    terms: collateral.HaircutTerms


@dataclass(frozen=True)
class Portfolio:
    """Holdings of one account; the quote token is priced by the last underlying."""

    principal: int
    prints: tuple[Print, ...]
    positions: tuple[tuple[int, int], ...]  # size and quote, by underlying; no position at size 0
    balances: tuple[Balance, ...]
    depeg: cash.DepegTerms


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    prices = st.integers(10**15, 10**24)
    prints = []
    for _ in range(draw(st.integers(1, 3))):
        index = draw(prices)
        premium = draw(st.integers(-index // 4, index // 4))
        prints.append(Print(draw(risks()), index, premium, draw(ratios)))
    count = len(prints)
    size, quote = st.integers(-(10**24), 10**24), st.integers(-(10**27), 10**27)
    positions = tuple(draw(st.tuples(size, quote)) if draw(st.booleans()) else (0, 0) for _ in prints)
    terms = st.builds(collateral.HaircutTerms, ratios, ratios, st.integers(0, 10**28))
    balances = st.builds(Balance, st.integers(0, 10**12), st.integers(6, 12), st.integers(0, count - 1), terms)
    depeg = cash.DepegTerms(count - 1, draw(ratios), draw(st.integers(0, 10 * WAD)))
    listed = tuple(draw(st.lists(balances, max_size=3)))
    return Portfolio(draw(st.integers(-(10**27), 10**27)), tuple(prints), positions, listed, depeg)


def ledger_of(held: Portfolio) -> State:
    self = State(UndoLog())
    self.cash.supply_index = self.cash.borrow_index = RAY
    self.cash.terms, self.cash.accrued_at = held.depeg, NOW
    self.risks = tuple(each.risk for each in held.prints)
    holder = self.holders[ALICE]
    holder.principal = held.principal
    for number, each in enumerate(held.prints):
        oracle.replace(self.prices[number], 0, each.spot, each.premium, each.confidence, NOW)
    for number, balance in enumerate(held.balances):
        asset = collateral.Asset(self.journal)
        asset.decimals, asset.underlying, asset.terms = balance.decimals, balance.underlying, balance.terms
        self.assets = (*self.assets, asset)
        holder.balances[number] = balance.raw
    for number, (size, quote) in enumerate(held.positions):
        if size:
            hold(holder, market.perp(number), size, quote)
    return self


def mark_usd(each: Print) -> float:
    band = each.risk.mark_band / UNIT * each.spot / UNIT
    return each.spot / UNIT + max(-band, min(band, each.premium / UNIT))


def equity_usd(held: Portfolio, level: Level | None) -> tuple[float, float]:
    """Equity, or margin balance at a level, and the sum of the magnitudes that are added."""
    parts = [held.principal / UNIT]
    for balance in held.balances:
        value = balance.raw / 10**balance.decimals * held.prints[balance.underlying].spot / UNIT
        if level is not None:
            haircut = balance.terms.haircut_initial if level == Level.INITIAL else balance.terms.haircut_maintenance
            value = min(value, balance.terms.cap_wad / UNIT) * (1 - haircut / UNIT)
        parts.append(value)
    gross = 0.0
    for each, (size, quote) in zip(held.prints, held.positions, strict=True):
        if not size:
            continue
        profit = size / UNIT * mark_usd(each) + quote / UNIT
        gross += abs(size / UNIT * mark_usd(each)) + abs(quote / UNIT)
        if level == Level.INITIAL and profit > 0:
            profit *= each.risk.profit_weight / UNIT
        parts.append(profit)
    return sum(parts), gross + sum(map(abs, parts))


def requirement_usd(held: Portfolio, level: Level) -> float:
    total = 0.0
    has_positions = any(size for size, _ in held.positions)
    quote_usd = held.prints[held.depeg.feed].spot / UNIT
    depeg = max(0.0, held.depeg.depeg_threshold / UNIT - quote_usd) * held.depeg.depeg_factor / UNIT
    for number, (each, (wads, _)) in enumerate(zip(held.prints, held.positions, strict=True)):
        risk, size, index = each.risk, abs(wads / UNIT), each.spot / UNIT
        term = risk.base_rate / UNIT + size / (risk.skew_scale / UNIT) * risk.impact_rate / UNIT
        if level == Level.INITIAL:
            total += size * mark_usd(each) * max(risk.initial_rate / UNIT, term)
            base = sum(b.raw / 10**b.decimals for b in held.balances if b.underlying == number)
            if each.confidence < risk.confidence_threshold:
                total += (1 - each.confidence / UNIT) * risk.confidence_factor / UNIT * index * (size + base)
            if has_positions:
                total += depeg * index * size
        else:
            rate = max(risk.maintenance_rate / UNIT, term * risk.maintenance_scale / UNIT)
            total += size * mark_usd(each) * rate
    return total


@LONG_LAW
@given(portfolios())
def test_the_metrics_equal_the_float64_formulas(held: Portfolio) -> None:
    """Independent float64 formulas from the specification; the contract is compared elsewhere, with ==.

    The tolerances are those of floats, 1e-12 of the addends and 1e-9 of the result, and the wei of the roundings.
    """
    metrics = valuation.metrics(ledger_of(held), valuation.image(ledger_of(held), ALICE), now=NOW)
    assert metrics.stale_underlying == 0
    required = [requirement_usd(held, level) for level in Level]
    ours = [metrics.initial_requirement_wad, metrics.maintenance_requirement_wad]
    witnesses = [equity_usd(held, level) for level in (None, *Level)]
    base = sum(each.raw / 10**each.decimals * held.prints[each.underlying].spot / UNIT for each in held.balances)
    ulp = 5e-18 * (witnesses[0][1] + 2 * base) + 1e-15  # rates are rounded up to a wei before they meet the notional
    assert [each / UNIT for each in ours] == pytest.approx(required, rel=1e-9, abs=ulp)
    equities = [metrics.equity_wad, metrics.initial_equity_wad, metrics.maintenance_equity_wad]
    for mine, (expected, gross) in zip(equities, witnesses, strict=True):
        assert mine / UNIT == pytest.approx(expected, rel=1e-9, abs=1e-12 * gross + 1e-15)
    (free, gross), initial = witnesses[1], required[0]
    slack = 1e-12 * (gross + initial) + 1e-15
    assert metrics.free_collateral_wad / UNIT == pytest.approx(max(0.0, free - initial), rel=1e-9, abs=slack + ulp)
    if required[1] > 1e-3:
        slack = 1e-12 * (witnesses[2][1] / required[1] + 1)
        near = pytest.approx(witnesses[2][0] / required[1], rel=1e-9 + 2 * ulp / required[1], abs=slack)
        assert metrics.health_wad / UNIT == near
    stake = sum(abs(size / UNIT) * mark_usd(each) for each, (size, _) in zip(held.prints, held.positions, strict=True))
    if stake and witnesses[0][0] > 1e-3 + 1e-6 * witnesses[0][1]:
        # notionals are rounded up to a wei each; an equity of 1e-6 of its addends is precise to 1e-12 of them
        slack = 5e-18 / witnesses[0][0] + 5e-18
        assert metrics.leverage_wad / UNIT == pytest.approx(stake / witnesses[0][0], rel=1e-6, abs=slack)


def margins(held: Portfolio) -> list[int]:
    book = valuation.book(ledger_of(held), ALICE, now=NOW)
    return [margin.margin(book, level) for level in Level]


def requirements(held: Portfolio) -> list[int]:
    book = valuation.book(ledger_of(held), ALICE, now=NOW)
    return [margin.requirement(book, level) for level in Level]


@LONG_LAW
@given(portfolios(), amounts)
def test_v7_adding_cash_raises_margin_by_as_much(held: Portfolio, added: int) -> None:
    after = margins(replace(held, principal=held.principal + added))
    assert after == [before + added for before in margins(held)]


@LONG_LAW
@given(portfolios(), ratios, ratios)
def test_v7_a_higher_haircut_never_raises_margin(held: Portfolio, initial: int, maintenance: int) -> None:
    assume(held.balances)
    first, *others = held.balances
    haircuts = max(initial, first.terms.haircut_initial), max(maintenance, first.terms.haircut_maintenance)
    cut = first._replace(terms=collateral.HaircutTerms(*haircuts, first.terms.cap_wad))
    after = replace(held, balances=(cut, *others))
    assert all(now <= before for now, before in zip(margins(after), margins(held), strict=True))
    assert requirements(after) == requirements(held)


@LONG_LAW
@given(portfolios(), ratios)
def test_v7_a_lower_confidence_never_lowers_a_requirement(held: Portfolio, confidence: int) -> None:
    first, *others = held.prints
    doubted = first._replace(confidence=min(confidence, first.confidence))
    after = requirements(replace(held, prints=(doubted, *others)))
    assert all(now >= before for now, before in zip(after, requirements(held), strict=True))


@LONG_LAW
@given(portfolios(), st.lists(st.tuples(sizes, values), min_size=3, max_size=3))
def test_v8_joining_two_accounts_never_raises_a_requirement(held: Portfolio, others: list[tuple[int, int]]) -> None:
    """One perp per underlying: positions merge with the accounts. Size terms are off."""
    flat = tuple(each._replace(risk=each.risk._replace(base_rate=0, impact_rate=0)) for each in held.prints)
    mine = replace(held, prints=flat)
    other = replace(mine, principal=0, positions=tuple(others[: len(flat)]), balances=())
    merged = [(a + c, b + d) for (a, b), (c, d) in zip(mine.positions, other.positions, strict=True)]
    joined = requirements(replace(mine, positions=tuple(merged)))
    apart = [sum(each) for each in zip(requirements(mine), requirements(other), strict=True)]
    assert all(now <= before for now, before in zip(joined, apart, strict=True))


legs = st.lists(st.tuples(sizes, st.integers(1, 2**97)), max_size=4)


@LAW
@given(risks(size_terms=False), legs, legs)
def test_v8_where_instruments_offset(
    risk: MarketRisk, first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    """Several instruments on one underlying, of which some offset others."""
    for level in Level:
        apart = standard.requirement(exposure(risk, first), level) + standard.requirement(exposure(risk, second), level)
        assert standard.requirement(exposure(risk, first + second), level) <= apart


def test_v8_to_the_wei_where_instruments_offset() -> None:
    """At 10 % and a spread of 10 %: 10 needs 1, -9 needs 0.9 and holds 1; together 0.1 needs 1 and 1.8 needs 2."""
    risk = MarketRisk(initial_rate=WAD // 10, maintenance_rate=WAD // 10, spread_rate=WAD // 10, skew_scale=1)
    first, second = [(10, WAD)], [(-9, WAD)]
    apart = [standard.requirement(exposure(risk, each), Level.INITIAL) for each in (first, second)]
    assert apart == [1, 1]
    assert standard.requirement(exposure(risk, first + second), Level.INITIAL) <= sum(apart)


def exposure(risk: MarketRisk, positions: list[tuple[int, int]]) -> Exposure:
    self = Exposure(risk=risk, index_wad=WAD, confidence_wad=WAD, stable_wad=WAD)
    for size, mark in positions:
        standard.absorb(self, size, 0, mark)
    return self


@LAW
@given(risks(), legs, amounts, ratios, st.integers(0, 8 * 2**96), st.integers(0, 10 * WAD))
def test_requirements_are_rounded_up(
    risk: MarketRisk, positions: list[tuple[int, int]], index: int, confidence: int, base: int, depeg: int
) -> None:
    """Never below the exact formulas; every factor that is not a notional is a rate, and is rounded up by itself."""
    self = exposure(risk, positions)
    self.index_wad, self.confidence_wad, self.base_wad = index, confidence, base
    gross = sum(abs(size) * mark for size, mark in positions)
    net = abs(sum(size * mark for size, mark in positions))
    stakes = sum(abs(size) for size, _ in positions)
    size = abs(sum(size for size, _ in positions))
    term = risk.base_rate + Fraction(size * risk.impact_rate, risk.skew_scale)
    scaled = term * risk.maintenance_scale / WAD
    rates = max(term, Fraction(risk.initial_rate)), max(Fraction(risk.maintenance_rate), scaled)
    for level, rate in zip(Level, rates, strict=True):
        whole = (net * rate + (gross - net) * risk.spread_rate) / Fraction(WAD**2)
        slack = net * 2 / Fraction(WAD**2) + 2
        assert whole <= standard.requirement(self, level) < whole + slack
    doubt = (WAD - confidence) * risk.confidence_factor if confidence < risk.confidence_threshold else 0
    whole = Fraction(index * ((stakes + base) * doubt + stakes * depeg * WAD), WAD**3)
    slack = Fraction(index * (stakes + base), WAD**2) + 20
    assert whole <= standard.contingency(self, depeg, Level.INITIAL) < whole + slack
    assert standard.contingency(self, depeg, Level.MAINTENANCE) == 0


@LAW
@given(risks(), st.integers(0, 2**140), ratios, ratios, amounts, st.integers(0, 2**140), sizes, sizes)
def test_equity_is_rounded_down(
    risk: MarketRisk, value: int, first: int, second: int, cap: int, gain: int, loss: int, owned: int
) -> None:
    terms = collateral.HaircutTerms(max(first, second), min(first, second), cap)
    made = Exposure(risk=risk, gain_wad=gain, loss_wad=-abs(loss), safe_gain_wad=gain, safe_loss_wad=-abs(loss))
    book = Book(owned, [Holding(value, value, terms)], [made], [])
    assert margin.equity(book) == owned + value + gain - abs(loss)
    weights = (risk.profit_weight, terms.haircut_initial), (WAD, terms.haircut_maintenance)
    for level, (weight, haircut) in zip(Level, weights, strict=True):
        credit = Fraction(min(value, cap) * (WAD - haircut), WAD)
        whole = owned + credit + Fraction(gain * weight, WAD) - abs(loss)
        assert whole - 2 < margin.adjusted_equity(book, level) <= whole


def test_offset_notional_on_paper() -> None:
    """Long 3 at 2000, short 2 at 2100: N = 1800, G = 8400; 1800 * 5 % + 8400 * 1 % = 174."""
    risk = MarketRisk(maintenance_rate=WAD // 20, spread_rate=WAD // 100, skew_scale=1)
    book = exposure(risk, [(3 * WAD, 2000 * WAD), (-2 * WAD, 2100 * WAD)])
    assert standard.requirement(book, Level.MAINTENANCE) == 174 * WAD


def test_size_term_on_paper() -> None:
    """50 units at 10: max(10 %, 2 % + 50 / 100 * 30 %) = 17 % of 500 is 85; at maintenance half of it is 42.5."""
    risk = MarketRisk(
        initial_rate=WAD // 10, base_rate=WAD // 50, impact_rate=3 * WAD // 10, skew_scale=100 * WAD,
        maintenance_rate=WAD // 20, maintenance_scale=WAD // 2,
    )  # fmt: skip
    book = exposure(risk, [(-50 * WAD, 10 * WAD)])
    assert standard.requirement(book, Level.INITIAL) == 85 * WAD
    assert standard.requirement(book, Level.MAINTENANCE) == 425 * WAD // 10


def test_v8_fails_where_size_terms_are_on() -> None:
    """A perp and a future of 50 each at 10: 17 % of 500 is 85 alone; together 2 % + 30 % of 1000 is 320, not 170."""
    risk = MarketRisk(initial_rate=WAD // 10, base_rate=WAD // 50, impact_rate=3 * WAD // 10, skew_scale=100 * WAD)
    apart = exposure(risk, [(50 * WAD, 10 * WAD)])
    whole = exposure(risk, [(50 * WAD, 10 * WAD), (50 * WAD, 10 * WAD)])
    assert standard.requirement(apart, Level.INITIAL) == 85 * WAD
    assert standard.requirement(whole, Level.INITIAL) == 320 * WAD


def test_health_and_leverage_without_a_divisor() -> None:
    empty = Book(5 * WAD, [Holding()], [Exposure()], [])
    assert margin.health(empty) == margin.UNBOUNDED
    assert margin.leverage(empty) == 0
    poor = Book(0, [], [exposure(MarketRisk(skew_scale=1), [(WAD, WAD)])], [])
    poor.exposures[0].gain_wad = 0
    assert margin.leverage(poor) == margin.UNBOUNDED
