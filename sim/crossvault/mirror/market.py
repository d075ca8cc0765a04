"""Underlyings with their risk parameters, and instruments on them."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import fixed, market_errors, number_errors

MAX_UNDERLYINGS = 8
MAX_EXPIRIES = 8
PERP = 1
FUTURE = 2
CALL = 3
PUT = 4
MAX_RATE = 10 * fixed.WAD

_YEAR_SECS = 365 * 24 * 60 * 60


class MarketRisk(NamedTuple):
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
    funding_base: int = 0
    funding_cap: int = 0
    skew_scale: int = 0


class OptionRisk(NamedTuple):
    """Risk parameters of the options on an underlying."""

    heartbeat_secs: int = 0
    trade_band: int = 0
    max_spot_rate: int = 0
    min_spot_rate: int = 0
    call_rate: int = 0
    put_rate: int = 0
    put_mark_rate: int = 0
    put_initial_scale: int = 0
    unpaired_initial: int = 0
    unpaired_maintenance: int = 0
    value_band: int = 0


def instrument_of(underlying: int, kind: int, expiry: int, strike_wad: int) -> int:
    """Number of an instrument."""
    return underlying * 2**144 + kind * 2**136 + expiry * 2**96 + strike_wad


def perp(underlying: int) -> int:
    """Number of the perp on an underlying."""
    return instrument_of(underlying, PERP, 0, 0)


def underlying_of(instrument: int) -> int:
    """Underlying of an instrument."""
    return fixed.bits(instrument, 144, 8)


def kind_of(instrument: int) -> int:
    """Kind of an instrument."""
    return fixed.bits(instrument, 136, 8)


def expiry_of(instrument: int) -> int:
    """Expiry of an instrument; 0 for a perp."""
    return fixed.bits(instrument, 96, 40)


def strike_of(instrument: int) -> int:
    """Strike of an option."""
    return fixed.bits(instrument, 0, 96)


def is_option(kind: int) -> bool:
    """Whether a kind of instrument is an option."""
    return kind in (CALL, PUT)


def term_of(underlying: int, expiry: int) -> int:
    """Number of an expiry of an underlying."""
    return underlying * 2**40 + expiry


def require_formed(instrument: int, underlyings: int) -> None:
    """Requires a well-formed instrument number."""
    underlying = underlying_of(instrument)
    kind = kind_of(instrument)
    expiry = expiry_of(instrument)
    strike_wad = strike_of(instrument)
    formed = instrument == instrument_of(underlying, kind, expiry, strike_wad) and underlying < underlyings
    if kind == PERP:
        formed = formed and expiry == 0 and strike_wad == 0
    elif kind == FUTURE:
        formed = formed and expiry != 0 and strike_wad == 0
    else:
        formed = formed and is_option(kind) and expiry != 0 and strike_wad != 0
    if not formed:
        raise market_errors.UnknownInstrument(instrument)


def require_valid(risk: MarketRisk) -> None:
    """Validates the risk parameters of an underlying."""
    require_within("heartbeatSecs", risk.heartbeat_secs, 1, _YEAR_SECS)
    require_within("markBand", risk.mark_band, 0, fixed.WAD - 1)
    require_within("tradeBand", risk.trade_band, 0, fixed.WAD)
    require_within("initialRate", risk.initial_rate, 1, MAX_RATE)
    require_within("baseRate", risk.base_rate, 0, MAX_RATE)
    require_within("impactRate", risk.impact_rate, 0, MAX_RATE)
    require_within("maintenanceRate", risk.maintenance_rate, 1, risk.initial_rate)
    require_within("maintenanceScale", risk.maintenance_scale, 0, fixed.WAD)
    require_within("spreadRate", risk.spread_rate, 0, risk.maintenance_rate)
    require_within("profitWeight", risk.profit_weight, 0, fixed.WAD)
    require_within("confidenceThreshold", risk.confidence_threshold, 0, fixed.WAD)
    require_within("confidenceFactor", risk.confidence_factor, 0, MAX_RATE)
    require_within("fundingBase", fixed.abs(risk.funding_base), 0, fixed.WAD)
    require_within("fundingCap", risk.funding_cap, 0, fixed.WAD)
    require_within("skewScale", risk.skew_scale, 1, fixed.CAP)


def require_valid_options(risk: OptionRisk) -> None:
    """Validates the risk parameters of options."""
    require_within("heartbeatSecs", risk.heartbeat_secs, 1, _YEAR_SECS)
    require_within("tradeBand", risk.trade_band, 0, fixed.WAD)
    require_within("maxSpotRate", risk.max_spot_rate, 0, fixed.WAD)
    require_within("minSpotRate", risk.min_spot_rate, 0, risk.max_spot_rate)
    require_within("callRate", risk.call_rate, 0, risk.min_spot_rate)
    require_within("putRate", risk.put_rate, 0, risk.min_spot_rate)
    require_within("putMarkRate", risk.put_mark_rate, 0, fixed.WAD)
    require_within("putInitialScale", risk.put_initial_scale, fixed.WAD, 10 * fixed.WAD)
    require_within("unpairedInitial", risk.unpaired_initial, fixed.WAD, 10 * fixed.WAD)
    require_within("unpairedMaintenance", risk.unpaired_maintenance, fixed.WAD, risk.unpaired_initial)
    require_within("valueBand", risk.value_band, 0, MAX_RATE)


def require_within(name: str, value: int, low: int, high: int) -> None:
    """Requires a parameter within its range."""
    if value < low or value > high:
        raise number_errors.ParameterOutOfRange(name, value, low, high)
