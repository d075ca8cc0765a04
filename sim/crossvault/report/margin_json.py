"""A portfolio by every method of margin, as one JSON document; amounts end in `_wad` and are decimal text."""

from __future__ import annotations

from typing import Any

from crossvault.differential.step import instrument_name
from crossvault.mirror.correlation import sum as total_loss
from crossvault.mirror.fixed import WAD
from crossvault.portfolio.distance import LiquidationDistance
from crossvault.portfolio.methods import MethodComparison, MethodResult, RequiredCapital, ScenarioLosses, efficiency
from crossvault.report.margin import MarginReport, result_terms
from crossvault.report.margin_answers_json import answers_document
from crossvault.report.scenario_heat import MODES


def document(before: MarginReport, after: MarginReport | None) -> dict[str, Any]:
    """The figures of the text, and more."""
    found = _report(before)
    return found if after is None else {"before": found, "after": _report(after)}


def _report(report: MarginReport) -> dict[str, Any]:
    portfolio, found = report.portfolio, report.found
    return {
        "portfolio": portfolio.name,
        "at": portfolio.at,
        "standard": portfolio.standard_name,
        "cash_wad": str(portfolio.cash_wad),
        "quote_price_wad": str(portfolio.quote_price_wad),
        "collateral": [{"token": each.token, "amount_raw": str(each.amount_raw)} for each in portfolio.assets],
        "positions": [
            {
                "instrument": instrument_name(each.instrument, portfolio.units),
                "size_wad": str(each.size),
                "mark_wad": str(report.marks[each.instrument]),
                "alone": _capital(each.capital),
                "liquidated": _distance(each.distance),
            }
            for each in found.standalone
        ],
        "methods": [_method(each, found, portfolio.units) for each in found.results],
        "greeks": [
            {"underlying": each.unit} | {name: str(value) for name, value in each._asdict().items() if name != "unit"}
            for each in report.greeks
        ],
        "answers": answers_document(portfolio, report.answers),
        "chain": report.chain,
    }


def _capital(capital: RequiredCapital) -> dict[str, str]:
    return {f"{level}_capital_wad": str(wad) for level, wad in zip(("initial", "maintenance"), capital, strict=True)}


def _method(each: MethodResult, found: MethodComparison, units: tuple[str, ...]) -> dict[str, Any]:
    initial_wad, isolated_wad = each.capital.initial_wad, found.isolated_capital_wad
    made: dict[str, Any] = {
        "method": each.method,
        **result_terms(each).document(),
        **_capital(each.capital),
        "efficiency_wad": str(efficiency(initial_wad, isolated_wad)),
        "multiplier_wad": str(isolated_wad * WAD // initial_wad) if initial_wad > 0 else None,
        "liquidated": _distance(each.distance),
    }
    if each.losses is not None:
        made |= _losses(each.losses, units)
    if each.pairs:
        made["pairs"] = [
            {
                "pair": (instrument_name(pair.first, units), instrument_name(pair.second, units)),
                "risk_offset_wad": str(pair.risk_offset_wad),
            }
            for pair in each.pairs
        ]
    return made


def _losses(losses: ScenarioLosses, units: tuple[str, ...]) -> dict[str, Any]:
    rows = [
        {
            "spot_wad": str(scenario.spot_shock),
            "vol": MODES[scenario.mode],
            "weight_wad": str(scenario.dampening),
            "profit_wad": str(losses.profits_wad[k]),
            "by_underlying_wad": {unit: str(losses.by_unit[i][k]) for i, unit in enumerate(units)},
        }
        for k, scenario in enumerate(losses.scenarios)
    ]
    return {
        "scenarios": rows,
        "worst": losses.worst,
        "loss_by_underlying_wad": {unit: str(losses.outlook.legs[i].loss_wad) for i, unit in enumerate(units)},
        "sum_wad": str(total_loss(losses.outlook.legs)),
        "joint_wad": str(losses.outlook.joint_wad),
        "loss_initial_wad": str(losses.loss_initial_wad),
        "contingencies_wad": str(losses.contingencies_wad),
    }


def _distance(distance: LiquidationDistance | None) -> dict[str, str | None] | None:
    if distance is None:
        return None
    return {name: None if shock is None else str(shock) for name, shock in distance._asdict().items()}
