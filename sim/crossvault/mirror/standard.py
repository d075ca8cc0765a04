"""Standard margin: linear per underlying, netted inside it, with no risk offset between underlyings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from crossvault.mirror import fixed, option
from crossvault.mirror.market import MarketRisk, OptionRisk


class Level(IntEnum):
    """Initial: to take risk; Maintenance: to keep it."""

    INITIAL = 0
    MAINTENANCE = 1


_UNREAD = MarketRisk()
_NO_OPTIONS = OptionRisk()


@dataclass(slots=True)
class Exposure:
    """Exposure of an account to one underlying."""

    risk: MarketRisk = field(default=_UNREAD)
    option_risk: OptionRisk = field(default=_NO_OPTIONS)
    index_wad: int = 0
    confidence_wad: int = 0
    stable_wad: int = 0
    pending_wad: int = 0
    size_wad: int = 0
    gross_size_wad: int = 0
    net_wad2: int = 0
    gross_wad2: int = 0
    gain_wad: int = 0
    loss_wad: int = 0
    safe_gain_wad: int = 0
    safe_loss_wad: int = 0
    base_wad: int = 0


@dataclass(slots=True)
class HeldOption:
    """Option position of an account."""

    underlying: int = 0
    expiry: int = 0
    strike_wad: int = 0
    is_call: bool = False
    size: int = 0
    mark_wad: int = 0
    forward_wad: int = 0
    fixed_wad: int = 0
    vol_wad: int = 0
    rate_wad: int = 0
    secs: int = 0
    confidence_wad: int = 0


@dataclass(slots=True)
class HeldFuture:
    """Future position of an account, as portfolio margin reads it."""

    underlying: int = 0
    expiry: int = 0
    size: int = 0
    fixed_wad: int = 0
    floating_wad: int = 0
    secs: int = 0


def absorb(self: Exposure, size: int, quote: int, mark_wad: int) -> None:
    """Adds a perp or future to an exposure."""
    profit = fixed.mul_div_floor(size, mark_wad, fixed.WAD) + quote
    if profit < 0:
        self.loss_wad += profit
    else:
        self.gain_wad += profit
    safe_wad = safe_mark(self, size, mark_wad)
    if safe_wad != mark_wad:
        profit = fixed.mul_div_floor(size, safe_wad, fixed.WAD) + quote
    if profit < 0:
        self.safe_loss_wad += profit
    else:
        self.safe_gain_wad += profit
    self.size_wad += size
    self.gross_size_wad += fixed.abs(size)
    self.net_wad2 += size * mark_wad
    self.gross_wad2 += fixed.abs(size) * mark_wad


def lowest(self: Exposure) -> int:
    """Lowest of index, stable and waiting price."""
    price_wad = fixed.min(self.index_wad, self.stable_wad)
    return fixed.min(price_wad, self.pending_wad) if self.pending_wad != 0 else price_wad


def safe_mark(self: Exposure, size: int, mark_wad: int) -> int:
    """Mark price of a position at the worst of index, stable and waiting price."""
    index_wad = self.index_wad
    if size < 0:
        return mark_wad + (fixed.max(index_wad, fixed.max(self.stable_wad, self.pending_wad)) - index_wad)
    return mark_wad - fixed.min(mark_wad, index_wad - lowest(self))


def waiting_mark(self: Exposure, line: HeldOption) -> int:
    """Mark price of an option at the worse of index and waiting price."""
    if line.size < 0:
        return line.mark_wad + waiting_rise(self, line.is_call)
    return line.mark_wad - fixed.min(line.mark_wad, waiting_rise(self, not line.is_call))


def waiting_rise(self: Exposure, is_call: bool) -> int:
    """Most by which a call or a put is worth more at the price that waits."""
    if self.pending_wad == 0 or (self.pending_wad > self.index_wad) != is_call:
        return 0
    return fixed.abs(self.pending_wad - self.index_wad)


def rate(risk: MarketRisk, size_wad: int, level: Level) -> int:
    """Margin rate: requirement per net notional."""
    term = risk.base_rate + fixed.mul_div_up(fixed.abs(size_wad), risk.impact_rate, risk.skew_scale)
    if level == Level.INITIAL:
        return fixed.max(risk.initial_rate, term)
    return fixed.max(risk.maintenance_rate, fixed.mul_div_up(term, risk.maintenance_scale, fixed.WAD))


def requirement(self: Exposure, level: Level) -> int:
    """Margin requirement of the perps and futures on one underlying."""
    if self.gross_wad2 == 0:
        return 0
    net = fixed.abs(self.net_wad2)
    per_notional = rate(self.risk, self.size_wad, level)
    spread = self.risk.spread_rate
    return fixed.mul_div_up(net, per_notional - spread, fixed.WAD_SQUARED) + fixed.mul_div_up(
        self.gross_wad2, spread, fixed.WAD_SQUARED
    )


def short_requirement(exposure: Exposure, line: HeldOption, level: Level) -> int:
    """Margin requirement per unit of a naked short option."""
    risk = exposure.option_risk
    index_wad = exposure.index_wad
    stable_wad = exposure.stable_wad
    if level == Level.MAINTENANCE:
        if line.is_call:
            return fixed.mul_div_up(risk.call_rate, index_wad, fixed.WAD) + line.mark_wad
        by_spot = fixed.mul_div_up(risk.put_rate, index_wad, fixed.WAD)
        return fixed.max(by_spot, fixed.mul_div_up(risk.put_mark_rate, line.mark_wad, fixed.WAD)) + line.mark_wad
    unit = spot_requirement(risk, line, index_wad)
    if stable_wad != index_wad:
        unit = fixed.max(unit, spot_requirement(risk, line, stable_wad))
    if exposure.pending_wad != 0:
        at_waiting = spot_requirement(risk, line, exposure.pending_wad)
        unit = fixed.max(unit, at_waiting + waiting_rise(exposure, line.is_call))
    if line.is_call:
        return unit
    least = short_requirement(exposure, line, Level.MAINTENANCE)
    return fixed.max(unit, fixed.mul_div_up(least, risk.put_initial_scale, fixed.WAD))


def spot_requirement(risk: OptionRisk, line: HeldOption, spot_wad: int) -> int:
    """Initial margin requirement per unit of a naked short option at a spot price."""
    far, near = (line.strike_wad, spot_wad) if line.is_call else (spot_wad, line.strike_wad)
    otm = fixed.mul_div_down(option.payoff(far, near, True), fixed.WAD, spot_wad)
    per_spot = fixed.max(risk.max_spot_rate - fixed.min(risk.max_spot_rate, otm), risk.min_spot_rate)
    return fixed.mul_div_up(per_spot, spot_wad, fixed.WAD) + line.mark_wad


def max_loss(lines: Sequence[HeldOption], first: int) -> int:
    """Largest loss of the options of one expiry at their expiry."""
    strip = [line for line in lines[first:] if is_same_term(line, lines[first])]
    lowest = 0
    for spot_wad in (0, *(line.strike_wad for line in strip)):
        payoff_wad2 = 0
        for line in strip:
            payoff_wad2 += line.size * option.payoff(spot_wad, line.strike_wad, line.is_call)
        lowest = payoff_wad2 if payoff_wad2 < lowest else lowest
    return -lowest


def is_same_term(a: HeldOption, b: HeldOption) -> bool:
    """Whether two options end at the same time on the same underlying."""
    return a.underlying == b.underlying and a.expiry == b.expiry


def is_alike(a: HeldOption, b: HeldOption) -> bool:
    """Whether two positions are in the same option."""
    return a.strike_wad == b.strike_wad and a.is_call == b.is_call and is_same_term(a, b)


def strip_requirement(exposure: Exposure, lines: Sequence[HeldOption], first: int, level: Level) -> int:
    """Margin requirement of the options of one expiry."""
    isolated_wad2 = 0
    calls = 0
    for line in lines[first:]:
        if not is_same_term(line, lines[first]):
            continue
        if line.is_call:
            calls += line.size
        if line.size < 0:
            isolated_wad2 += -line.size * short_requirement(exposure, line, level)
    if isolated_wad2 == 0:
        return 0
    bounded_wad2 = max_loss(lines, first)
    if calls < 0:
        risk = exposure.option_risk
        unpaired = risk.unpaired_initial if level == Level.INITIAL else risk.unpaired_maintenance
        bounded_wad2 += -calls * fixed.mul_div_up(unpaired, lines[first].forward_wad, fixed.WAD)
    return fixed.mul_div_up(fixed.min(isolated_wad2, bounded_wad2), 1, fixed.WAD)


def contingency(self: Exposure, depeg_rate_wad: int, level: Level) -> int:
    """Contingency of one underlying for an uncertain price or a depegged quote token."""
    if level == Level.MAINTENANCE:
        return 0
    rate_wad = doubt_rate(self.risk, self.confidence_wad)
    doubt_wad = priced(self.gross_size_wad + self.base_wad, self.index_wad, rate_wad)
    return doubt_wad + priced(self.gross_size_wad, self.index_wad, depeg_rate_wad)


def short_contingency(exposure: Exposure, line: HeldOption, depeg_rate_wad: int, level: Level) -> int:
    """Contingency of a short option for an uncertain price or a depegged quote token."""
    if level == Level.MAINTENANCE or line.size >= 0:
        return 0
    rate_wad = doubt_rate(exposure.risk, line.confidence_wad)
    size = fixed.abs(line.size)
    return priced(size, exposure.index_wad, rate_wad) + priced(size, exposure.index_wad, depeg_rate_wad)


def doubt_rate(risk: MarketRisk, confidence_wad: int) -> int:
    """Requirement per notional for an uncertain price."""
    if confidence_wad >= risk.confidence_threshold:
        return 0
    return fixed.mul_div_up(fixed.WAD - confidence_wad, risk.confidence_factor, fixed.WAD)


def priced(size_wad: int, price_wad: int, rate_wad: int) -> int:
    """Margin requirement of a size at a rate per notional."""
    if rate_wad == 0:
        return 0
    return fixed.mul_div_up(fixed.mul_div_up(size_wad, price_wad, fixed.WAD), rate_wad, fixed.WAD)
