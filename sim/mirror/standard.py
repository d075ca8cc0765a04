"""Standard margin: linear per underlying, netted inside it, with no offset between underlyings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from sim.mirror import fixed
from sim.mirror.market import Risk


class Level(IntEnum):
    """Initial: to take risk; Maintenance: to keep it."""

    INITIAL = 0
    MAINTENANCE = 1


_UNREAD = Risk()


@dataclass(slots=True)
class Exposure:
    """What an account has at stake in one underlying."""

    risk: Risk = field(default=_UNREAD)
    index_wad: int = 0
    confidence_wad: int = 0
    size_wad: int = 0
    gross_size_wad: int = 0
    net_wad2: int = 0
    gross_wad2: int = 0
    gain_wad: int = 0
    loss_wad: int = 0
    base_wad: int = 0


def absorb(self: Exposure, size: int, quote: int, mark_wad: int) -> None:
    """Adds a position to an exposure."""
    profit = fixed.mul_div_floor(size, mark_wad, fixed.WAD) + quote
    if profit < 0:
        self.loss_wad += profit
    else:
        self.gain_wad += profit
    self.size_wad += size
    self.gross_size_wad += fixed.abs(size)
    self.net_wad2 += size * mark_wad
    self.gross_wad2 += fixed.abs(size) * mark_wad


def rate(risk: Risk, size_wad: int, level: Level) -> int:
    """Requirement per net notional."""
    term = risk.base_rate + fixed.mul_div_up(fixed.abs(size_wad), risk.impact_rate, risk.skew_scale)
    if level == Level.INITIAL:
        return fixed.max(risk.initial_rate, term)
    return fixed.max(risk.maintenance_rate, fixed.mul_div_up(term, risk.maintenance_scale, fixed.WAD))


def requirement(self: Exposure, level: Level) -> int:
    """Requirement of one underlying."""
    if self.gross_wad2 == 0:
        return 0
    net = fixed.abs(self.net_wad2)
    per_notional = rate(self.risk, self.size_wad, level)
    spread = self.risk.spread_rate
    return fixed.mul_div_up(net, per_notional - spread, fixed.WAD_SQUARED) + fixed.mul_div_up(
        self.gross_wad2, spread, fixed.WAD_SQUARED
    )


def contingency(self: Exposure, depeg_rate_wad: int, level: Level) -> int:
    """Further requirement of one underlying because its price or the quote token is doubtful."""
    if level == Level.MAINTENANCE:
        return 0
    doubt_wad = 0
    if self.confidence_wad < self.risk.confidence_threshold:
        missing = fixed.WAD - self.confidence_wad
        per_notional = fixed.mul_div_up(missing, self.risk.confidence_factor, fixed.WAD)
        notional = fixed.mul_div_up(self.gross_size_wad + self.base_wad, self.index_wad, fixed.WAD)
        doubt_wad = fixed.mul_div_up(notional, per_notional, fixed.WAD)
    if depeg_rate_wad == 0:
        return doubt_wad
    sizes = fixed.mul_div_up(self.gross_size_wad, self.index_wad, fixed.WAD)
    return doubt_wad + fixed.mul_div_up(sizes, depeg_rate_wad, fixed.WAD)
