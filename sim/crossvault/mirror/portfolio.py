"""Portfolio margin of one underlying: profit and loss of an account in each of many scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.mirror import exp, fixed, market, option, shock, standard
from crossvault.mirror.shock import RateRisk, Scenario, SkewRisk, VolRisk
from crossvault.mirror.standard import Level


class BasisRisk(NamedTuple):
    """Parameters of basis risk: forwards that move apart from the spot price."""

    up_shock: int = 0
    down_shock: int = 0
    add_rate: int = 0
    year_rate: int = 0


class Contingency(NamedTuple):
    """Parameters of contingencies, required in addition to the worst scenario."""

    perp_initial: int = 0
    perp_maintenance: int = 0
    option_initial: int = 0
    option_maintenance: int = 0
    confidence_threshold: int = 0
    confidence_factor: int = 0


class PortfolioRisk(NamedTuple):
    """Portfolio margin parameters of an underlying."""

    vol: VolRisk = VolRisk()
    skew: SkewRisk = SkewRisk()
    rate: RateRisk = RateRisk()
    basis: BasisRisk = BasisRisk()
    contingency: Contingency = Contingency()


@dataclass(slots=True)
class ExpiryOption:
    """Option position of an account in one expiry."""

    strike_wad: int = 0
    is_call: bool = False
    size: int = 0
    vol_wad: int = 0
    mark_wad: int = 0


@dataclass(slots=True)
class ExpiryHoldings:
    """Options and futures of an account that share an expiry."""

    fixed_wad: int = 0
    floating_wad: int = 0
    rate_wad: int = 0
    secs: int = 0
    confidence_wad: int = 0
    lines: Sequence[ExpiryOption] = ()
    future_size: int = 0


@dataclass(slots=True)
class Hedge:
    """Collateral priced by the underlying, so that its moves count as a hedge."""

    value_wad: int = 0
    haircut_initial: int = 0
    haircut_maintenance: int = 0
    confidence_wad: int = 0


_UNREAD = PortfolioRisk()


@dataclass(slots=True)
class Stake:
    """Perps and futures of an account on one underlying in portfolio margin."""

    index_wad: int = 0
    net_wad2: int = 0
    gross_size_wad: int = 0
    confidence_wad: int = 0


@dataclass(slots=True)
class PortfolioExposure:
    """Exposure of an account to one underlying in portfolio margin."""

    risk: PortfolioRisk = field(default=_UNREAD)
    stake: Stake = field(default_factory=Stake)
    hedges: Sequence[Hedge] = ()
    terms: Sequence[ExpiryHoldings] = ()


@dataclass(slots=True)
class PricedExpiry:
    """Expiry prepared for pricing in many scenarios."""

    term: ExpiryHoldings
    discount_wad: int = 0
    long_wad: int = 0
    short_wad: int = 0
    strike_logs: list[int] = field(default_factory=list)
    deviations: list[int] = field(default_factory=list)
    value_wad2: int = 0
    spot_shock: int = 0
    forward_wad: int = 0
    forward_log: int = 0


def is_modelled(risk: PortfolioRisk) -> bool:
    """Whether an underlying has parameters of portfolio margin."""
    return risk.vol.floor_secs != 0


def add(self: Stake, size: int, price_wad: int) -> None:
    """Adds a perp or future to a stake."""
    self.net_wad2 += size * price_wad
    self.gross_size_wad += fixed.abs(size)


def outcomes(self: PortfolioExposure, scenarios: Sequence[Scenario]) -> tuple[tuple[int, ...], int]:
    """Profit in each scenario, and the loss from basis moves of forwards."""
    hedge_wad = sum(each.value_wad for each in self.hedges)
    profits_wad2 = [
        fixed.mul_div_floor(self.stake.net_wad2, each.spot_shock, fixed.WAD) + hedge_wad * each.spot_shock
        for each in scenarios
    ]
    basis_wad = 0
    for term in self.terms:
        sheet = ready(term, self.risk)
        if term.lines:
            _stress(sheet, scenarios, profits_wad2)
        basis_wad += basis(sheet, self.risk.basis)
    found = zip(profits_wad2, scenarios, strict=True)
    return tuple(fixed.mul_div_floor(each, of.dampening, fixed.WAD_SQUARED) for each, of in found), basis_wad


def ready(term: ExpiryHoldings, risk: PortfolioRisk) -> PricedExpiry:
    """Expiry prepared for pricing in many scenarios."""
    self = PricedExpiry(term, forward_wad=term.fixed_wad + term.floating_wad)
    if not term.lines:
        return self
    self.discount_wad = option.discount(term.rate_wad, term.secs)
    shape = shock.shape(risk.vol, risk.skew, term.secs)
    self.long_wad, self.short_wad = shock.discounts(risk.rate, term.rate_wad, term.secs, self.discount_wad)
    self.forward_log = _ln(self.forward_wad)
    for line in term.lines:
        strike_log = _ln(line.strike_wad)
        self.strike_logs.append(strike_log)
        self.value_wad2 += line.size * line.mark_wad
        for mode in range(shock.MODES):
            vol_wad = shock.vol(shape, line.vol_wad, strike_log - self.forward_log, mode)
            self.deviations.append(option.deviation(vol_wad, term.secs))
    return self


def shocked(self: PricedExpiry, spot_shock: int, mode: int) -> int:
    """Value of the options of an expiry after shocks to the spot price and vols, before its static discount."""
    forward_wad = shock.forward(self.term.fixed_wad, self.term.floating_wad, spot_shock)
    return _value(self, forward_wad, _ln(forward_wad), mode)


def basis(self: PricedExpiry, risk: BasisRisk) -> int:
    """Loss of an expiry from basis moves of its forward."""
    change = fixed.min(_apart(self, risk.up_shock), _apart(self, risk.down_shock)) - self.value_wad2
    if change >= 0:
        return 0
    rate = risk.add_rate + fixed.mul_div_up(risk.year_rate, self.term.secs, option.YEAR)
    return fixed.mul_div_floor(change, rate, fixed.WAD_SQUARED)


def worst(profits_wad: Sequence[int]) -> int:
    """Place of the worst scenario."""
    place = 0
    for k, profit in enumerate(profits_wad):
        if profit < profits_wad[place]:
            place = k
    return place


def loss(least_wad: int, basis_wad: int) -> int:
    """Loss of one underlying alone."""
    least = fixed.min(least_wad, basis_wad)
    return -least if least < 0 else 0


def contingency(self: PortfolioExposure, level: Level) -> int:
    """Contingencies of one underlying, required in addition to the loss."""
    total = perp_contingency(self, level) + doubt(self, level)
    total += sum(option_contingency(self, term, level) for term in self.terms)
    return total + sum(hedge_contingency(self.risk.contingency, hedge, level) for hedge in self.hedges)


def perp_contingency(self: PortfolioExposure, level: Level) -> int:
    """Contingency of perps and futures."""
    risk = self.risk.contingency
    rate = risk.perp_initial if level == Level.INITIAL else risk.perp_maintenance
    return standard.priced(self.stake.gross_size_wad, self.stake.index_wad, rate)


def option_contingency(self: PortfolioExposure, term: ExpiryHoldings, level: Level) -> int:
    """Contingency of the naked short options of an expiry."""
    risk = self.risk.contingency
    rate = risk.option_initial if level == Level.INITIAL else risk.option_maintenance
    return standard.priced(naked(term.lines), self.stake.index_wad, rate)


def naked(lines: Sequence[ExpiryOption]) -> int:
    """Size of the naked short options of an expiry."""
    sums: dict[tuple[int, bool], int] = {}
    for line in lines:
        sums[line.strike_wad, line.is_call] = sums.get((line.strike_wad, line.is_call), 0) + line.size
    return sum(-each for each in sums.values() if each < 0)


def hedge_contingency(risk: Contingency, hedge: Hedge, level: Level) -> int:
    """Contingency of collateral that hedges."""
    if level == Level.MAINTENANCE:
        return fixed.mul_div_up(hedge.value_wad, hedge.haircut_maintenance, fixed.WAD)
    rate = doubt_rate(risk, hedge.confidence_wad)
    haircut_wad = fixed.mul_div_up(hedge.value_wad, hedge.haircut_initial, fixed.WAD)
    return haircut_wad + fixed.mul_div_up(hedge.value_wad, rate, fixed.WAD)


def doubt(self: PortfolioExposure, level: Level) -> int:
    """Contingency of positions at uncertain prices."""
    if level == Level.MAINTENANCE:
        return 0
    risk = self.risk.contingency
    total = standard.priced(
        self.stake.gross_size_wad, self.stake.index_wad, doubt_rate(risk, self.stake.confidence_wad)
    )
    for term in self.terms:
        size_wad = sum(fixed.abs(line.size) for line in term.lines)
        total += standard.priced(size_wad, self.stake.index_wad, doubt_rate(risk, term.confidence_wad))
    return total


def doubt_rate(risk: Contingency, confidence_wad: int) -> int:
    """Requirement per notional for an uncertain price."""
    if confidence_wad >= risk.confidence_threshold:
        return 0
    return fixed.mul_div_up(fixed.WAD - confidence_wad, risk.confidence_factor, fixed.WAD)


def require_valid(risk: PortfolioRisk) -> None:
    """Validates the portfolio margin parameters of an underlying."""
    shock.require_vol(risk.vol)
    shock.require_skew(risk.skew)
    shock.require_rate(risk.rate)
    up, down = risk.basis.up_shock, risk.basis.down_shock
    market.require_within("upShock", fixed.abs(up), 0, 0 if up < 0 else shock.MAX_SHOCK)
    market.require_within("downShock", fixed.abs(down), 0, 0 if down > 0 else fixed.WAD - 1)
    market.require_within("addRate", risk.basis.add_rate, 0, shock.MAX_FACTOR)
    market.require_within("yearRate", risk.basis.year_rate, 0, shock.MAX_FACTOR)
    held = risk.contingency
    market.require_within("perpInitial", held.perp_initial, 0, shock.MAX_FACTOR)
    market.require_within("perpMaintenance", held.perp_maintenance, 0, held.perp_initial)
    market.require_within("optionInitial", held.option_initial, 0, shock.MAX_FACTOR)
    market.require_within("optionMaintenance", held.option_maintenance, 0, held.option_initial)
    market.require_within("confidenceThreshold", held.confidence_threshold, 0, fixed.WAD)
    market.require_within("confidenceFactor", held.confidence_factor, 0, shock.MAX_FACTOR)


def _stress(sheet: PricedExpiry, scenarios: Sequence[Scenario], profits_wad2: list[int]) -> None:
    """Adds the change in value of an expiry to the profit of each scenario."""
    long_wad, short_wad = sheet.long_wad, sheet.short_wad
    forwards: dict[int, tuple[int, int]] = {}
    for k, scenario in enumerate(scenarios):
        if scenario.spot_shock not in forwards:
            forward_wad = shock.forward(sheet.term.fixed_wad, sheet.term.floating_wad, scenario.spot_shock)
            forwards[scenario.spot_shock] = forward_wad, _ln(forward_wad)
        value_wad2 = _value(sheet, *forwards[scenario.spot_shock], scenario.mode)
        discounted = fixed.mul_div_floor(value_wad2, long_wad if value_wad2 > 0 else short_wad, fixed.WAD)
        change = discounted - sheet.value_wad2
        profits_wad2[k] += -change if shock.is_skew(scenario.mode) and change > 0 else change


def _apart(sheet: PricedExpiry, spot_shock: int) -> int:
    """Value of options whose forward moves apart from the spot price, with the change of the futures of its expiry."""
    term = sheet.term
    move_wad = shock.forward(term.fixed_wad, term.floating_wad, spot_shock) - (term.fixed_wad + term.floating_wad)
    return shocked(sheet, spot_shock, shock.STILL) + term.future_size * move_wad


def _value(sheet: PricedExpiry, forward_wad: int, forward_log: int, mode: int) -> int:
    """Value of an expiry at a forward, before its static discount."""
    undiscounted, mul_div_down256, discount_wad = option.undiscounted, fixed.mul_div_down256, sheet.discount_wad
    value_wad2 = 0
    deviations = sheet.deviations[mode :: shock.MODES]
    for line, strike_log, deviation_wad in zip(sheet.term.lines, sheet.strike_logs, deviations, strict=True):
        price_wad = undiscounted(forward_wad, line.strike_wad, forward_log - strike_log, deviation_wad, line.is_call)
        value_wad2 += line.size * mul_div_down256(price_wad, discount_wad, fixed.WAD)
    return value_wad2


def _ln(price_wad: int) -> int:
    """Logarithm of a price."""
    return exp.ln(fixed.max(price_wad, 1))
