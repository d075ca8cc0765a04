"""A portfolio by every method of margin, as one JSON document; amounts end in `_wad` and are decimal text."""

from __future__ import annotations

from typing import Any

from crossvault.differential.step import instrument_name
from crossvault.mirror.correlation import sum as total_loss
from crossvault.mirror.fixed import WAD
from crossvault.portfolio.distance import Distance
from crossvault.portfolio.methods import MethodComparison, MethodResult, ScenarioLosses, efficiency
from crossvault.report.margin import MarginReport
from crossvault.report.scenario_heat import MODES


def document(before: MarginReport, after: MarginReport | None) -> dict[str, Any]:
    """Everything that the text shows, and more."""
    found = _weighed(before)
    return found if after is None else {"before": found, "after": _weighed(after)}


def _weighed(weighed: MarginReport) -> dict[str, Any]:
    held, found = weighed.held, weighed.found
    return {
        "portfolio": held.name,
        "at": held.at,
        "standard": held.standard.name,
        "cash_wad": str(held.cash_wad),
        "collateral": [{"token": each.token, "amount_raw": str(each.amount_raw)} for each in held.assets],
        "positions": [
            {
                "instrument": instrument_name(each.instrument, held.units),
                "size_wad": str(each.size),
                "mark_wad": str(weighed.marks[each.instrument]),
                "alone": {"initial_wad": str(each.tied.initial_wad), "maintenance_wad": str(each.tied.maintenance_wad)},
                "liquidated": _distance(each.distance),
            }
            for each in found.alone
        ],
        "methods": [_asked(each, found, held.units) for each in found.asked],
        "greeks": [
            {"underlying": each.unit} | {name: str(value) for name, value in each._asdict().items() if name != "unit"}
            for each in weighed.greeks
        ],
        "chain": weighed.chain,
    }


def _asked(each: MethodResult, found: MethodComparison, units: tuple[str, ...]) -> dict[str, Any]:
    tied = each.tied
    made = {
        "method": each.method,
        "equity_wad": str(each.equity_wad),
        "initial_wad": str(tied.initial_wad),
        "maintenance_wad": str(tied.maintenance_wad),
        "counted_wad": [str(wad) for wad in each.counted_wad],
        "required_wad": [str(wad) for wad in each.required_wad],
        "health_wad": str(each.health_wad),
        "efficiency_wad": str(efficiency(tied.initial_wad, found.isolated_wad)),
        "multiplier_wad": str(found.isolated_wad * WAD // tied.initial_wad) if tied.initial_wad > 0 else None,
        "liquidated": _distance(each.distance),
    }
    if each.scene is not None:
        made |= _scene(each.scene, units)
    pairs = [(instrument_name(pair.first, units), instrument_name(pair.second, units)) for pair in each.pairs]
    spared = [str(pair.spared_wad) for pair in each.pairs]
    return made | (
        {"pairs": [{"pair": a, "spared_wad": b} for a, b in zip(pairs, spared, strict=True)]} if pairs else {}
    )


def _scene(scene: ScenarioLosses, units: tuple[str, ...]) -> dict[str, Any]:
    rows = [
        {
            "spot_wad": str(scenario.spot_shock),
            "vol": MODES[scenario.mode],
            "weight_wad": str(scenario.dampening),
            "profit_wad": str(scene.profits_wad[k]),
            "by_underlying_wad": {unit: str(scene.by_unit[i][k]) for i, unit in enumerate(units)},
        }
        for k, scenario in enumerate(scene.scenarios)
    ]
    return {
        "scenarios": rows,
        "worst": scene.worst,
        "loss_by_underlying_wad": {unit: str(scene.outlook.legs[i].loss_wad) for i, unit in enumerate(units)},
        "sum_wad": str(total_loss(scene.outlook.legs)),
        "joint_wad": str(scene.outlook.joint_wad),
        "held_wad": str(scene.held_wad),
        "beside_wad": str(scene.beside_wad),
    }


def _distance(distance: Distance | None) -> dict[str, str | None] | None:
    if distance is None:
        return None
    return {name: None if shock is None else str(shock) for name, shock in distance._asdict().items()}
