"""What is traded: underlyings with their risk parameters, and instruments on them."""

from __future__ import annotations

from typing import NamedTuple

from sim.mirror import errors, fixed

MAX_UNDERLYINGS = 8
PERP = 1

_YEAR_SECS = 365 * 24 * 60 * 60


class Risk(NamedTuple):
    """Risk parameters of an underlying."""

    heartbeat_secs: int = 0
    mark_band: int = 0
    trade_band: int = 0
    initial_rate: int = 0
    base_rate: int = 0
    impact_rate: int = 0
    maintenance_rate: int = 0
    maintenance_scale: int = 0
    spread_rate: int = 0
    profit_weight: int = 0
    confidence_threshold: int = 0
    confidence_factor: int = 0
    skew_scale: int = 0


def perp(underlying: int) -> int:
    """Number of the perp on an underlying."""
    return underlying * 2**144 + PERP * 2**136


def underlying_of(instrument: int) -> int:
    """Underlying of an instrument."""
    return fixed.bits(instrument, 144, 8)


def require_listed(instrument: int, underlyings: int) -> None:
    """Refuses a number that is no listed instrument."""
    underlying = underlying_of(instrument)
    if underlying >= underlyings or instrument != perp(underlying):
        raise errors.UnknownInstrument(instrument)


def require_valid(risk: Risk) -> None:
    """Refuses risk parameters outside their ranges."""
    require_within("heartbeatSecs", risk.heartbeat_secs, 1, _YEAR_SECS)
    require_within("markBand", risk.mark_band, 0, fixed.WAD - 1)
    require_within("tradeBand", risk.trade_band, 0, fixed.WAD)
    require_within("initialRate", risk.initial_rate, 1, fixed.WAD)
    require_within("baseRate", risk.base_rate, 0, fixed.WAD)
    require_within("impactRate", risk.impact_rate, 0, fixed.WAD)
    require_within("maintenanceRate", risk.maintenance_rate, 1, risk.initial_rate)
    require_within("maintenanceScale", risk.maintenance_scale, 0, fixed.WAD)
    require_within("spreadRate", risk.spread_rate, 0, risk.maintenance_rate)
    require_within("profitWeight", risk.profit_weight, 0, fixed.WAD)
    require_within("confidenceThreshold", risk.confidence_threshold, 0, fixed.WAD)
    require_within("confidenceFactor", risk.confidence_factor, 0, fixed.WAD)
    require_within("skewScale", risk.skew_scale, 1, fixed.CAP)


def require_within(name: str, value: int, low: int, high: int) -> None:
    """Refuses a parameter outside its range."""
    if value < low or value > high:
        raise errors.ParameterOutOfRange(name, value, low, high)
