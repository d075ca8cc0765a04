"""Bounds of parameters, as the table of the specification has them: by struct and field, both ends allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from crossvault.judge.marks import NO_FEED
from crossvault.judge.rounding import WAD

CAP = 2**96 - 1
DAY = 86_400
PAIRS = 28  # of eight underlyings


class Range(NamedTuple):
    """Least and most of a parameter; most_of: the field of the same struct that it may not exceed."""

    low: int
    high: int
    most_of: str = ""


_PART = Range(0, WAD)
_RATE = Range(0, 10 * WAD)
_SIGNED = Range(-9 * WAD, 9 * WAD)
_HEARTBEAT = Range(1, 365 * DAY)
_PHASE = Range(1, 30 * DAY)

RANGES: Mapping[str, Mapping[str, Range]] = {
    "MarketRisk": {
        "heartbeat_secs": _HEARTBEAT, "mark_band": Range(0, WAD - 1), "trade_band": _PART, "maintenance_scale": _PART,
        "profit_weight": _PART, "confidence_threshold": _PART, "funding_cap": _PART, "base_rate": _RATE,
        "impact_rate": _RATE, "confidence_factor": _RATE, "initial_rate": Range(1, 10 * WAD),
        "maintenance_rate": Range(1, 10 * WAD, "initial_rate"), "spread_rate": Range(0, 10 * WAD, "maintenance_rate"),
        "funding_base": Range(-WAD, WAD), "skew_scale": Range(1, CAP),
    },
    "OptionRisk": {
        "heartbeat_secs": _HEARTBEAT, "trade_band": _PART, "max_spot_rate": _PART, "put_mark_rate": _PART,
        "min_spot_rate": Range(0, WAD, "max_spot_rate"), "call_rate": Range(0, WAD, "min_spot_rate"),
        "put_rate": Range(0, WAD, "min_spot_rate"), "put_initial_scale": Range(WAD, 10 * WAD),
        "unpaired_initial": Range(WAD, 10 * WAD), "unpaired_maintenance": Range(WAD, 10 * WAD, "unpaired_initial"),
        "value_band": _RATE,
    },
    "PriceGuard": {
        "max_jump": _PART, "stable_rate": _PART, "confirm_secs": Range(0, DAY), "surface_move": _PART,
    },
    "HaircutTerms": {
        "haircut_initial": _PART, "haircut_maintenance": Range(0, WAD, "haircut_initial"),
        "stale_secs": Range(0, 30 * DAY),
    },
    "AuctionTerms": {
        "buffer_wad": _PART, "start_wad": Range(1, WAD), "knee_wad": Range(1, WAD, "start_wad"), "fast_secs": _PHASE,
        "slow_secs": _PHASE, "insolvent_secs": _PHASE, "grace_secs": Range(0, 3_600),
        "floor_wad": Range(0, WAD, "knee_wad"),
    },
    "Interest": {
        "min_rate": _PART, "optimal_utilisation": _PART, "reserve_factor": _PART, "low_slope": Range(0, 4 * WAD),
        "high_slope": Range(0, 5 * WAD),
    },
    "DepegTerms": {"depeg_threshold": _PART, "depeg_factor": _RATE},
    "Scenario": {"spot_shock": Range(1 - WAD, 9 * WAD), "dampening": _RATE, "mode": Range(0, 4)},
    "VolRisk": {
        "range_up": _RATE, "range_down": _RATE, "min_vol": _RATE, "short_power": _RATE, "long_power": _RATE,
        "floor_secs": Range(1, 3650 * DAY),
    },
    "SkewRisk": {
        "linear_cap": _SIGNED, "linear_base": _SIGNED, "absolute_cap": _SIGNED, "absolute_base": _SIGNED,
        "vol_static": _SIGNED, "vol_scale": _SIGNED, "min_width": Range(10**9, 10 * WAD), "width_scale": _RATE,
    },
    "RateRisk": dict.fromkeys(
        ("long_base", "long_scale", "long_add", "short_base", "short_scale", "short_add"), _RATE
    ),
    "BasisRisk": {
        "up_shock": Range(0, 9 * WAD), "down_shock": Range(1 - WAD, 0), "add_rate": _RATE, "year_rate": _RATE,
    },
    "Contingency": {
        "perp_initial": _RATE, "option_initial": _RATE, "confidence_factor": _RATE, "confidence_threshold": _PART,
        "perp_maintenance": Range(0, 10 * WAD, "perp_initial"),
        "option_maintenance": Range(0, 10 * WAD, "option_initial"),
    },
    "LossTerms": {
        "breakdown": Range(0, 2 * WAD), "phi_initial": _PART, "peg_threshold": _PART, "loss_initial": _RATE,
        "peg_factor": _RATE, "phi_maintenance": Range(0, WAD, "phi_initial"),
        "loss_maintenance": Range(0, 10 * WAD, "loss_initial"),
    },
    "Svi": {
        "rho": Range(-WAD, WAD), "b": Range(0, 2 * WAD), "m": Range(-200 * WAD, 200 * WAD),
        "sigma": Range(0, 200 * WAD), "a": Range(-400 * WAD, 10**6 * WAD), "ref_secs": Range(1, 2**40),
        "ref_forward": Range(1, CAP),
    },
}  # fmt: skip


def misfits(value: Any, underlyings: int) -> Iterator[str]:
    """The parameters of a struct, or of those in it, that are out of their range. underlyings: how many are listed."""
    kind = type(value).__name__
    for name, allowed in RANGES.get(kind, {}).items():
        number = getattr(value, name)
        most = min(allowed.high, getattr(value, allowed.most_of)) if allowed.most_of else allowed.high
        if not allowed.low <= number <= most:
            yield f"{kind}.{name} is {number}, allowed is {allowed.low} to {most}"
    yield from _OF_SHAPE.get(kind, _none)(value, underlyings)
    for inner in value if isinstance(value, tuple) else ():
        if isinstance(inner, tuple):
            yield from misfits(inner, underlyings)


def _none(value: Any, underlyings: int) -> Iterator[str]:
    yield from ()


def _surface(svi: Any, underlyings: int) -> Iterator[str]:
    """Wings no steeper than 2, total variance nowhere below 0: b (1 + |rho|) <= 2, -a <= b sigma sqrt(1 - rho^2)."""
    if svi.b * (WAD + abs(svi.rho)) > 2 * WAD * WAD:
        yield f"a wing of the surface is too steep: b is {svi.b} at rho {svi.rho}"
    if svi.a < 0 and svi.a**2 * WAD**4 > (svi.b * svi.sigma) ** 2 * (WAD * WAD - svi.rho**2):
        yield f"total variance of the surface can be negative: a is {svi.a}"


def _rules(rules: Any, underlyings: int) -> Iterator[str]:
    if not 1 <= len(rules.scenarios) <= 36:
        yield f"{len(rules.scenarios)} scenarios, allowed is 1 to 36"
    for name, numbers in zip(rules.matrix._fields, rules.matrix, strict=True):
        if len(numbers) != PAIRS or max(map(abs, numbers)) > WAD:
            yield f"correlations {name}: {numbers}; expected {PAIRS} of -1 to 1"


def _depeg(terms: Any, underlyings: int) -> Iterator[str]:
    if terms.feed != NO_FEED and not 0 <= terms.feed < underlyings:
        yield f"the quote token's feed is underlying {terms.feed}, and {underlyings} are listed"


_OF_SHAPE = {"Svi": _surface, "Rules": _rules, "DepegTerms": _depeg}
