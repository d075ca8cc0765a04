"""Parameters of the vault as files write them: the field, unit and range of each, and the sentence of a refused one.

The ranges restate the checks of the mirror and of the contracts; a test holds all three equal at both ends and beyond.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, shock, surface
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.scenario import quantity
from crossvault.scenario.source import Route

PER_CENT, SECS, SIZE, NUMBER, PRICE = "%", "s", "", "number", "USD"

_DAY, _YEAR = 86_400, 365 * 86_400
_SIGNED = shock.MAX_SHOCK


class ParameterField(NamedTuple):
    """A parameter in a file: its field, its range (both ends pass), its unit, and the parameter that it may not exceed.

    unit: per cent, seconds, a count, or that of a size or price. blames: whether the other field is the one to change,
    as initial margin is where maintenance margin is above it.
    """

    field: str
    low: int
    high: int
    unit: str = PER_CENT
    below: str = ""
    blames: bool = False


def _ratios(names: str, high: int = WAD, low: int = 0) -> dict[str, ParameterField]:
    """Parameters in percent whose fields have their names with spaces."""
    return {name: ParameterField(name.replace("_", " "), low, high) for name in names.split()}


def _pair(stem: str, high: int, field: str = "", low: int = 0) -> dict[str, ParameterField]:
    """A requirement at initial, and the same at maintenance, which may not exceed it."""
    field = field or stem
    return {
        f"{stem}_initial": ParameterField(f"{field} initial", low, high),
        f"{stem}_maintenance": ParameterField(f"{field} maintenance", low, high, PER_CENT, f"{stem}_initial", True),
    }


_HEARTBEAT = {"heartbeat_secs": ParameterField("heartbeat", 1, _YEAR, SECS)}

FIELDS: Mapping[type, Mapping[str, ParameterField]] = {
    market.MarketRisk: {
        **_HEARTBEAT,
        **_ratios("mark_band", WAD - 1),
        **_ratios("trade_band maintenance_scale profit_weight confidence_threshold funding_cap"),
        **_ratios("base_rate impact_rate confidence_factor", market.MAX_RATE),
        "initial_rate": ParameterField("initial margin", 1, market.MAX_RATE),
        "maintenance_rate": ParameterField("maintenance margin", 1, market.MAX_RATE, PER_CENT, "initial_rate", True),
        "spread_rate": ParameterField("spread rate", 0, market.MAX_RATE, PER_CENT, "maintenance_rate"),
        **_ratios("funding_base", WAD, -WAD),
        "skew_scale": ParameterField("skew scale", 1, CAP, SIZE),
    },
    market.OptionRisk: {
        **_HEARTBEAT,
        **_ratios("trade_band max_spot_rate put_mark_rate"),
        **{
            name: ParameterField(name.replace("_", " "), 0, WAD, PER_CENT, below)
            for name, below in (
                ("min_spot_rate", "max_spot_rate"), ("call_rate", "min_spot_rate"), ("put_rate", "min_spot_rate"),
            )
        },
        **_ratios("put_initial_scale", 10 * WAD, WAD),
        **_pair("unpaired", 10 * WAD, low=WAD),
        **_ratios("value_band", market.MAX_RATE),
    },
    oracle.PriceGuard: {
        **_ratios("max_jump stable_rate surface_move"),
        "confirm_secs": ParameterField("confirm", 0, _DAY, SECS),
    },
    collateral.HaircutTerms: {
        "haircut_initial": ParameterField("haircut initial", 0, WAD),
        "haircut_maintenance": ParameterField("haircut maintenance", 0, WAD, PER_CENT, "haircut_initial", True),
        "stale_secs": ParameterField("stale", 0, 30 * _DAY, SECS),
    },
    liquidation.AuctionTerms: {
        "buffer_wad": ParameterField("buffer", 0, WAD),
        "start_wad": ParameterField("start", 1, WAD),
        "knee_wad": ParameterField("knee", 1, WAD, PER_CENT, "start_wad"),
        **{f"{name}_secs": ParameterField(name, 1, 30 * _DAY, SECS) for name in ("fast", "slow", "insolvent")},
        "grace_secs": ParameterField("grace", 0, liquidation.MAX_GRACE, SECS),
        "floor_wad": ParameterField("floor", 0, WAD, PER_CENT, "knee_wad"),
    },
    cash.Interest: {
        **_ratios("min_rate optimal_utilisation reserve_factor"),
        **_ratios("low_slope", 4 * WAD),
        **_ratios("high_slope", 5 * WAD),
    },
    cash.DepegTerms: {
        "depeg_threshold": ParameterField("threshold", 0, WAD),
        "depeg_factor": ParameterField("factor", 0, 10 * WAD),
    },
    shock.Scenario: {
        "spot_shock": ParameterField("spots", 1 - WAD, shock.MAX_SHOCK),
        "dampening": ParameterField("weight", 0, shock.MAX_FACTOR),
        "mode": ParameterField("vols", 0, shock.MODES - 1, NUMBER),
    },
    shock.VolRisk: {
        "range_up": ParameterField("up", 0, shock.MAX_FACTOR),
        "range_down": ParameterField("down", 0, shock.MAX_FACTOR),
        "min_vol": ParameterField("least", 0, shock.MAX_FACTOR),
        **_ratios("short_power long_power", shock.MAX_FACTOR),
        "floor_secs": ParameterField("floor", 1, shock.MAX_FLOOR, SECS),
    },
    shock.SkewRisk: {
        **_ratios("linear_cap linear_base absolute_cap absolute_base vol_static vol_scale", _SIGNED, -_SIGNED),
        **_ratios("min_width", shock.MAX_FACTOR, 10**9),
        **_ratios("width_scale", shock.MAX_FACTOR),
    },
    shock.RateRisk: _ratios("long_base long_scale long_add short_base short_scale short_add", shock.MAX_FACTOR),
    portfolio.BasisRisk: {
        "up_shock": ParameterField("up", 0, shock.MAX_SHOCK),
        "down_shock": ParameterField("down", 1 - WAD, 0),
        "add_rate": ParameterField("add", 0, shock.MAX_FACTOR),
        "year_rate": ParameterField("per year", 0, shock.MAX_FACTOR),
    },
    portfolio.Contingency: {
        **_pair("perp", shock.MAX_FACTOR),
        **_pair("option", shock.MAX_FACTOR),
        **_ratios("confidence_threshold"),
        **_ratios("confidence_factor", shock.MAX_FACTOR),
    },
    correlation.LossTerms: {
        **_ratios("breakdown", 2 * WAD),
        **_pair("phi", WAD, "least"),
        **_pair("loss", 10 * WAD),
        **_ratios("peg_threshold"),
        **_ratios("peg_factor", 10 * WAD),
    },
    surface.Svi: {
        "rho": ParameterField("rho", -WAD, WAD),
        "b": ParameterField("b", 0, 2 * WAD),
        "m": ParameterField("m", -surface.MAX_WIDTH, surface.MAX_WIDTH),
        "sigma": ParameterField("sigma", 0, surface.MAX_WIDTH),
        "a": ParameterField("a", -2 * surface.MAX_WIDTH, surface.MAX_VARIANCE),
        "ref_secs": ParameterField("fitted", 1, surface.MAX_SECS, SECS),
        "ref_forward": ParameterField("forward", 1, CAP, SIZE),
    },
}  # fmt: skip

_OTHERS = {"rate": PER_CENT}  # arguments of doors that are no parameters; the rest are counts
_INSIDE: Mapping[type, Mapping[str, str]] = {
    portfolio.PortfolioRisk: {
        "vol": "vol", "skew": "skew", "rate": "discount", "basis": "basis", "contingency": "contingency",
    },
}  # fmt: skip


def problem(refused: ParameterOutOfRange, parameters: Any) -> tuple[Route, str]:
    """The field of a refused parameter inside the part of a file, and the sentence of its refusal."""
    name, _, low, high = refused.args
    for route, struct, parameter, found in _parameters(parameters):
        if found.below and getattr(struct, found.below) < getattr(struct, parameter) and name == _camel(parameter):
            return _disorder(route, struct, parameter, found)
        if name == _camel(parameter):
            value = getattr(struct, parameter)
            ends = found.low, found.high
            if isinstance(struct, surface.Svi) and ends[0] <= value <= ends[1]:  # the other numbers bound it further
                ends = (-high if value < 0 else low, ends[1] if value < 0 else high)
            return (*route, found.field), out_of_range(value, *ends, found.unit)
    return (), str(refused)


def named(refused: ParameterOutOfRange) -> str:
    """The sentence of a refused parameter whose struct is not at hand: its field, magnitude and range."""
    name, value, low, high = refused.args
    for fields in FIELDS.values():
        for parameter, found in fields.items():
            if name == _camel(parameter):
                return f"{found.field} {out_of_range(value, low, high, found.unit)}"
    return f"{name} {out_of_range(value, low, high, _OTHERS.get(name, NUMBER))}"


def out_of_range(value: int, low: int, high: int, unit: str = PER_CENT) -> str:
    """The sentence for a value outside its range."""
    return f"{text(value, unit)} is out of range: expected {range_text(low, high, unit)}"


def range_text(low: int, high: int, unit: str = PER_CENT) -> str:
    """A range as text; an end that is one wei inside a round number is that number, excluded."""
    first, last = (_end(each, step, unit) for each, step in ((low, -1), (high, 1)))
    if first is None and last is None:
        return f"{text(low, unit)} to {text(high, unit)}"
    start = f"more than {first}" if first else f"at least {text(low, unit)}"
    return f"{start} and {f'less than {last}' if last else f'at most {text(high, unit)}'}"


def text(value: int, unit: str = PER_CENT) -> str:
    """A parameter as a file writes it."""
    if unit == PER_CENT:
        return f"{quantity.plain(value, quantity.WAD_DECIMALS - 2)} %"
    if unit == SECS:
        return quantity.duration_text(value)
    return str(value) if unit == NUMBER else f"{quantity.plain(value, quantity.WAD_DECIMALS)} {unit}".rstrip()


def _end(value: int, step: int, unit: str) -> str | None:
    """The round number that an end of a range excludes, if it does."""
    beyond = value + step
    if unit not in (SECS, NUMBER) and beyond % (WAD // 100) == 0:
        return text(beyond, unit)
    return None


def _disorder(route: Route, struct: Any, parameter: str, found: ParameterField) -> tuple[Route, str]:
    other = FIELDS[type(struct)][found.below]
    value, most = (text(getattr(struct, name), found.unit) for name in (parameter, found.below))
    if found.blames:
        return (*route, other.field), (
            f"{other.field} {most} is below {found.field} {value}: expected at least as much"
        )
    return (*route, found.field), f"{found.field} {value} is above {other.field} {most}: expected at most as much"


def _parameters(parameters: Any) -> Iterator[tuple[Route, Any, str, ParameterField]]:
    """Every parameter of a struct and of the structs inside it, with its route in the file."""
    for name, found in FIELDS.get(type(parameters), {}).items():
        yield (), parameters, name, found
    for name, field in _INSIDE.get(type(parameters), {}).items():
        for route, *rest in _parameters(getattr(parameters, name)):
            yield ((field, *route), *rest)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
