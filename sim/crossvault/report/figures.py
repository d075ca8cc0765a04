"""Integers as text for people. The value is exact up to the last shown digit, which is rounded half up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crossvault.differential.step import LAST_WRITTEN, expiry_name
from crossvault.mirror import cash, collateral, correlation, liquidation, portfolio, shock
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.margin import UNBOUNDED
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.oracle import PriceGuard
from crossvault.mirror.surface import Svi

_SAFE = 2**53
_FAR = 2**37  # no later time has a year of four digits


def decimal(value: int, places: int, scale: int = 18) -> str:
    """A scaled integer as decimal text with thousands separators."""
    unit = 10 ** (scale - places) if scale >= places else 1
    if scale < places:
        value *= 10 ** (places - scale)
    whole, rest = divmod((2 * abs(value) + unit) // (2 * unit), 10**places)
    sign = "-" if value < 0 and (whole or rest) else ""
    return f"{sign}{whole:,}.{rest:0{places}d}" if places else f"{sign}{whole:,}"


def usd(wad: int) -> str:
    """An amount of quote as dollars and cents."""
    return decimal(wad, 2)


def amount(value: int, scale: int = 18) -> str:
    """A size or a balance: to six places, without the zeros at its end but one."""
    text = decimal(value, min(6, scale), scale)
    if "." not in text:
        return text
    text = text.rstrip("0")
    return text + "0" if text.endswith(".") else text


def percent(wad: int, places: int = 2) -> str:
    """A ratio in percent, without the zeros at its end."""
    text = decimal(100 * wad, places)
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


def ratio(wad: int) -> str:
    """Health or leverage: three places, and a word where there is no bound."""
    return "no bound" if wad >= UNBOUNDED else decimal(wad, 3)


def utc(at: int) -> str:
    """A time as UTC text; in seconds where a calendar cannot state it, as on a chain whose clock was set far ahead."""
    if at > LAST_WRITTEN:
        return f"{at} s"
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def span(secs: int) -> str:
    """A length of time, in its two largest units."""
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        if count := secs // size:
            parts.append(f"{count} {name}")
        secs %= size
    return " ".join(parts[:2]) or "0 s"


def share(part: int, whole: int) -> str:
    """A part in percent of a whole; nothing where there is no whole."""
    return percent(part * WAD // whole, 1) if whole else ""


def jsonable(value: Any) -> Any:
    """A value as JSON: mappings and lists of numbers and text, integers beyond 2^53 as decimal text."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _SAFE else str(value)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [jsonable(each) for each in value]
    return str(value)


def scaled(name: str, value: Any, decimals: int = 18) -> str:
    """A value as text, by the scale in its name: `_wad`, `_raw` (with the decimals of its token), `_at`, `_secs`."""
    if not isinstance(value, int) or isinstance(value, bool):
        return str(value)
    if name.endswith("_at") and value > 10**8:
        return f"{utc(value)} UTC"
    if name.endswith("_secs"):
        return span(value)
    if name in ("limit_wad", "cap_wad") and value >= CAP:
        return "no limit"
    if name == "funding_index":
        return decimal(value, 6, 27)
    if name == "expiry":
        return expiry_name(value) if 0 < value < _FAR else str(value)
    scale = scale_of(name, decimals)
    return str(value) if scale is None else amount(value, scale)


def scale_of(name: str, decimals: int = 18) -> int | None:
    """Decimal places of an integer by its name (`_raw`: the decimals of its token); None for what has no scale."""
    if name.endswith("_raw"):
        return decimals
    if name.endswith("_index"):
        return 27
    return 18 if name.endswith("_wad") or name in _WADS else None


_PARAMETERS = (
    MarketRisk, OptionRisk, PriceGuard, Svi, cash.Interest, cash.DepegTerms, collateral.HaircutTerms,
    liquidation.AuctionTerms,
    shock.VolRisk, shock.SkewRisk, shock.RateRisk, shock.Scenario, portfolio.BasisRisk, portfolio.Contingency,
    correlation.LossTerms, correlation.Matrix,
)  # fmt: skip
_COUNTS = frozenset({"feed", "mode"})
_STATES = (
    "size", "quote", "principal", "principals", "index", "premium", "confidence", "stable", "pending", "cumulative",
    "total_supply", "total_borrow",
)  # fmt: skip
_WADS = frozenset(_STATES) | {
    name for kind in _PARAMETERS for name in kind._fields if not name.endswith("_secs") and name not in _COUNTS
}
