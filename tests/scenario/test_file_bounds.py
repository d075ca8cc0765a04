"""Files accept what the vault accepts: every field at both ends of its range, and beyond with file, line and field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossvault.deployment import params
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, shock, surface
from crossvault.mirror.fixed import WAD
from crossvault.portfolio import portfolio_file
from crossvault.scenario import ScenarioError, load, parameter_fields, preset
from crossvault.scenario.parameter_fields import FIELDS, SIZE, ParameterField
from crossvault.scenario.source import Route, read
from places import ROOT

PORTFOLIO_PARTS: Mapping[type, Route] = {
    shock.VolRisk: ("vol",), shock.SkewRisk: ("skew",), shock.RateRisk: ("discount",),
    portfolio.BasisRisk: ("basis",), portfolio.Contingency: ("contingency",),
}  # fmt: skip
RULES_PARTS: Mapping[type, Route] = {correlation.LossTerms: (), shock.Scenario: ("scenarios", 0)}
ETH: Route = ("world", "underlyings", "ETH")
WORLD: Mapping[type, Route] = {
    market.MarketRisk: ETH,
    market.OptionRisk: (*ETH, "options"),
    oracle.PriceGuard: (*ETH, "guard"),
    collateral.HaircutTerms: ("world", "collaterals", "WETH"),
    liquidation.AuctionTerms: ("world", "auction"),
    cash.Interest: ("world", "interest"),
    **{kind: (*ETH, "portfolio", *route) for kind, route in PORTFOLIO_PARTS.items()},
    **{kind: ("world", "margin rules", *route) for kind, route in RULES_PARTS.items()},
}
SURFACE: Route = ("expiries", "20240628", "surface")
# what a file opens with; the terms of a depeg are only ever changed by a step, which may expect its refusal
FILES: Mapping[str, Mapping[type, Route]] = {
    "scenario": {**WORLD, surface.Svi: (*ETH, *SURFACE)},
    "parameters": WORLD,
    "preset": {
        market.MarketRisk: ("standard", "perps"),
        market.OptionRisk: ("standard", "options"),
        **{kind: ("portfolio", *route) for kind, route in PORTFOLIO_PARTS.items()},
        **{kind: ("rules", *route) for kind, route in RULES_PARTS.items()},
    },
    "portfolio": {
        collateral.HaircutTerms: ("collateral", "WETH"),
        surface.Svi: ("prices", "ETH", *SURFACE),
    },
}
LOADERS: Mapping[str, Callable[[str], object]] = {
    "scenario": load, "parameters": lambda path: params.load(Path(path)), "preset": preset.load,
    "portfolio": portfolio_file.load,
}  # fmt: skip
CASES = [(file, kind) for file, kinds in FILES.items() for kind in kinds]


def part(kind: type) -> dict[str, Any]:
    """The fields of a struct at their least."""
    low: dict[str, Any] = {field.field: parameter_fields.text(field.low, field.unit) for field in FIELDS[kind].values()}
    if kind is market.MarketRisk:
        low["skew scale"] = "1 units"
    if kind is surface.Svi:
        low |= {"a": "0 %", "rho": "0 %", "b": "200 %", "sigma": "20,000 %", "fitted": "1s"}
        del low["forward"]
    if kind is shock.Scenario:
        low |= {"spots": ["0 %"], "vols": ["up"]}
    return low


def world_parts(file: str) -> dict[str, Any]:
    world: dict[str, Any] = {
        "quote": {"name": "USDC", "decimals": 6},
        "auction": part(liquidation.AuctionTerms),
        "interest": part(cash.Interest),
        "margin rules": part(correlation.LossTerms) | {"scenarios": [part(shock.Scenario)]},
        "underlyings": {
            "ETH": part(market.MarketRisk)
            | {
                "skew scale": "1 ETH", "options": part(market.OptionRisk), "guard": part(oracle.PriceGuard),
                "portfolio": {route[0]: part(each) for each, route in PORTFOLIO_PARTS.items()},
            }
        },
        "collaterals": {"WETH": {"decimals": 18, "underlying": "ETH"} | part(collateral.HaircutTerms)},
    }  # fmt: skip
    if file == "parameters":
        roles = {"owner": "deployer", "guardian": "deployer", "feeders": ["deployer"], "confirmations": 1}
        return {"name": "mine", "chain": 31337, **roles, "world": world}
    world["underlyings"]["ETH"]["expiries"] = {"20240628": {"surface": part(surface.Svi)}}
    prices = {"ETH": {"every": "1h", "values": ["200 USD"]}}
    return {"name": "mine", "about": "x", "starts": "2024-01-01T00:00:00Z", "world": world, "prices": prices}


def content(file: str) -> dict[str, Any]:
    if file == "preset":
        return {
            "name": "mine", "about": "x", "source": "none",
            "standard": {"perps": part(market.MarketRisk), "options": part(market.OptionRisk)},
            "portfolio": {route[0]: part(each) for each, route in PORTFOLIO_PARTS.items()},
            "rules": part(correlation.LossTerms) | {"scenarios": [part(shock.Scenario)]},
        }  # fmt: skip
    if file == "portfolio":
        price = {"index": "200 USD", "expiries": {"20240628": {"surface": part(surface.Svi)}}}
        asset = {"amount": "1 WETH", "underlying": "ETH"} | part(collateral.HaircutTerms)
        return {
            "name": "mine", "at": "2024-01-01T00:00:00Z", "prices": {"ETH": price}, "collateral": {"WETH": asset},
            "positions": {"ETH-PERP": "1 ETH"},
        }  # fmt: skip
    return world_parts(file)


def written(folder: Path, data: dict[str, Any], route: Route, kind: type, name: str, value: int) -> str:
    """The path of a file whose parameter has a value; what it may not exceed is at its most."""
    fields, made = FIELDS[kind], deepcopy(data)
    inside: Any = made
    for key in route:
        inside = inside[key]
    above = fields[name].below
    while above:
        inside[fields[above].field] = parameter_fields.text(fields[above].high, fields[above].unit)
        above = fields[above].below
    if name == "rho":
        inside["b"] = "0 %"
    text = parameter_fields.text(value, fields[name].unit)
    unit = "units" if route[0] == "standard" else "ETH"
    sized = f"{text} {unit}" if fields[name].unit == SIZE else text
    inside[fields[name].field] = [sized] if name == "spot_shock" else sized
    path = folder / "file.yaml"
    path.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf8")
    return str(path)


def fields_in(file: str, kind: type) -> dict[str, ParameterField]:
    """The fields of a struct that a file of a kind has; a mode is a word, and a forward is that of the expiry."""
    return {name: field for name, field in FIELDS[kind].items() if name not in ("mode", "ref_forward")}


@pytest.mark.slow
@pytest.mark.parametrize(("file", "kind"), CASES, ids=lambda each: each if isinstance(each, str) else each.__name__)
def test_files_accept_the_range_of_every_parameter(tmp_path: Path, file: str, kind: type) -> None:
    data, route, loaded = content(file), FILES[file][kind], LOADERS[file]
    for name, field in fields_in(file, kind).items():
        high = min(field.high, 3650 * 86_400) if name == "ref_secs" else field.high  # a duration is at most ten years
        for value in (field.low, high):
            loaded(written(tmp_path, data, route, kind, name, value))
        for value in (field.low - 1, high + 1):
            path = written(tmp_path, data, route, kind, name, value)
            with pytest.raises(ScenarioError) as refused:
                loaded(path)
            assert_named(str(refused.value), path, route, field, FIELDS[kind].get(field.below))


def assert_named(message: str, path: str, route: Route, field: ParameterField, other: ParameterField | None) -> None:
    """Requires one problem with file, line and field: the field, or the one that it may not exceed."""
    where, _, rest = message.partition(": ")
    fields = [field.field, *([other.field] if other else [])]
    lines = [str(read(Path(path), path).where((*route, each, *end))) for each in fields for end in ((), (0,))]
    assert where in lines and "\n" not in message, message
    named = rest.partition(": ")[0].removesuffix("[0]")
    assert any(named.endswith(each) for each in fields), message
    assert "expected" in rest and "ParameterOutOfRange" not in rest, message


def test_a_weight_of_ten_loads(tmp_path: Path) -> None:
    path = written(tmp_path, content("preset"), ("rules", "scenarios", 0), shock.Scenario, "dampening", 10 * WAD)
    found = preset.load(path)
    assert found.rules is not None and found.rules.scenarios[0].weight == 10 * WAD


def test_the_specification_has_every_range() -> None:
    text = (ROOT / "contracts" / "README.md").read_text(encoding="utf8")
    rows = [row.strip("| ").split(" | ") for row in text.splitlines() if row.startswith("| `")]
    for kind, fields in FIELDS.items():
        stated = {
            name: words for struct, names, words in (row for row in rows if len(row) == 3)
            if struct == f"`{kind.__name__}`" for name in names.split(", ")
        }  # fmt: skip
        for field in fields.values():
            words = parameter_fields.range_text(field.low, field.high, field.unit)
            other = f", no more than {fields[field.below].field}" if field.below else ""
            assert stated.pop(field.field) == words + other, (kind, field)
        assert not stated, kind
