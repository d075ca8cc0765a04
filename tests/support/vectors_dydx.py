"""Published cases of dYdX: ceilings in parts per million."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from crossvault.mirror.fixed import WAD
from crossvault.mirror.market import MarketRisk
from crossvault.mirror.standard import Exposure, Level
from published import Case, Side

PPM = 10**12  # wad per part in a million


def dydx_cases(content: dict[str, Any], side: Side) -> Iterator[Case]:
    for case in content["margin_requirements"]:
        scaled = int(case.get("openInterestUpperCap", 0)) > 0
        yield Case(
            f"initial: {case['name']}",
            None if scaled else partial(dydx_requirement, side, case, "IM"),
            "requirements do not grow with open interest yet",
        )
        yield Case(f"maintenance: {case['name']}", partial(dydx_requirement, side, case, "MM"))
    for case in content["initial_margin_quote_quantums"]:
        scaled = int(case.get("openInterestUpperCap", 0)) > 0
        yield Case(
            f"quantums: {case['name']}",
            None if scaled else partial(dydx_quantums, side, case),
            "requirements do not grow with open interest yet",
        )
    for group, why in {
        "adjusted_initial_margin_ppm": "requirements do not grow with open interest yet",
        "bankruptcy_price": "auto-deleveraging is not built yet",
        "fillable_price": "accounts are sold by auction, not at a fillable price",
        "insurance_fund_delta": "there is no liquidation fee",
    }.items():
        for case in content.get(group, []):
            yield Case(f"{group}: {case['name']}", None, why)


def required(side: Side, notional: int, ppm: int, level: Level) -> int:
    """ceil(notional * ppm / 1e6) through the requirement of one underlying; the notional in smallest units is exact."""
    risk = MarketRisk(initial_rate=ppm * PPM, maintenance_rate=ppm * PPM, skew_scale=1)
    exposure = Exposure(risk=risk, net_wad2=notional * WAD, gross_wad2=notional * WAD)
    found: int = side.standard.requirement(exposure, level)
    return found


def dydx_requirement(side: Side, case: dict[str, str], level: str) -> None:
    power = int(case["baseCurrencyAtomicResolution"]) + int(case["exponent"]) + 6
    notional = int(abs(int(case["bigBaseQuantums"])) * int(case["price"]) * Fraction(10) ** power)
    initial = required(side, notional, int(case["initialMarginPpm"]), Level.INITIAL)
    if level == "IM":
        assert initial == int(case["bigExpectedInitialMargin"])
    else:
        maintenance = required(side, initial, int(case["maintenanceFractionPpm"]), Level.MAINTENANCE)
        assert maintenance == int(case["bigExpectedMaintenanceMargin"])


def dydx_quantums(side: Side, case: dict[str, str]) -> None:
    ours = required(side, int(case["bigQuoteQuantums"]), int(case["initialMarginPpm"]), Level.INITIAL)
    assert ours == int(case["expectedInitialMarginQuoteQuantums"])
