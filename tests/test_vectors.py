"""Cases that others published, against the mirror; the chain is compared with the mirror elsewhere.

Every file of the folder is read and every case is a test. A case of something that is not built is skipped and says so.
"""

import json
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from published import Case, Check, wad
from vectors_options import has_options, mark_cases, option_cases, options_worth

from sim.mirror import cash, collateral, exp, fixed, liquidation, margin, standard
from sim.mirror.fixed import WAD
from sim.mirror.market import Risk
from sim.mirror.standard import Exposure, Level

VECTORS = Path(os.environ.get("CROSSVAULT_VECTORS") or Path(__file__).resolve().parents[2] / "shared" / "vectors")
DERIVE = Fraction(1, 10**12)  # they truncate signed divisions and pass through floats

PPM = 10**12  # wad per part in a million
UNITS = ("ETH", "BTC")
LEVELS = {"IM": Level.INITIAL, "MM": Level.MAINTENANCE}
UNBUILT = {
    "correlation": "margin across underlyings is not built yet",
    "methods": "portfolio margin is not built yet",
    "derive/portfolio": "portfolio margin is not built yet",
    "derive/funding": "funding is not built yet",
}

# fixed-point arithmetic


def truncated(numerator: int, factor: int, divisor: int) -> int:
    """numerator * factor / divisor toward zero, divisor positive."""
    negative = (numerator < 0) != (factor < 0)
    return (fixed.mul_div_ceil if negative else fixed.mul_div_floor)(numerator, factor, divisor)


ARITHMETIC: dict[str, Callable[..., int]] = {
    "mulDiv": fixed.mul_div_down,
    "mulDivUp": fixed.mul_div_up,
    "fullMulDiv": fixed.mul_div_down,
    "fullMulDivUp": fixed.mul_div_up,
    "fullMulDivUnchecked": fixed.mul_div_down,
    "fullMulDivN": lambda a, b, n: fixed.mul_div_down(a, b, 2**n),
    "mulWad": lambda a, b: fixed.mul_div_down(a, b, WAD),
    "mulWadUp": lambda a, b: fixed.mul_div_up(a, b, WAD),
    "divWad": lambda a, b: fixed.mul_div_down(a, WAD, b),
    "divWadUp": lambda a, b: fixed.mul_div_up(a, WAD, b),
    "sMulWad": lambda a, b: fixed.part(a, b) if b >= 0 else truncated(a, b, WAD),
    "sDivWad": lambda a, b: truncated(a, WAD, b) if b > 0 else truncated(-a, WAD, -b),
    "sqrt": fixed.sqrt_down,
    "sqrtWad": lambda a: fixed.sqrt_down(a * WAD),
    "abs": fixed.abs,
    "expWad": exp.exp,
    "lnWad": exp.ln,
}


def fixed_point_cases(content: dict[str, Any]) -> Iterator[Case]:
    for function, rows in content["functions"].items():
        for number, row in enumerate(rows):
            name = f"{function}-{number}"
            if function not in ARITHMETIC:
                yield Case(name, None, f"nothing here is {function}")
                continue

            def check(function: str = function, row: dict[str, Any] = row) -> None:
                assert ARITHMETIC[function](*map(int, row["args"])) == int(row["expected"])

            yield Case(name, check)


# Derive's standard manager: perps and base collateral


def derive_book(scenario: dict[str, Any], *, sizes_of_options: bool = False) -> margin.Book:
    """The account of a published scenario, valued, without its options; unsettled funding counts as cash.

    Their unrealised profit is size * (perp price - last entry), so the quote is minus size * last entry.
    """
    book = margin.Book(cash_wad=int(scenario["Cash"]), holdings=[], exposures=[])
    depeg = cash.Terms(feed=0, depeg_threshold=98 * WAD // 100, depeg_factor=12 * WAD // 10)
    book.depeg_rate_wad = cash.depeg_rate(depeg, scenario["USDCValue"])
    terms = collateral.Terms(9 * WAD // 10, 9 * WAD // 10, fixed.CAP)
    for place, unit in enumerate(UNITS):
        size, base = scenario[f"Perps_{unit}"], scenario[f"w{unit}"]
        exposure = Exposure(derive_risk(), scenario[f"{unit}SpotPrice"], min(scenario["SpotPerpConfidences"][place]))
        if size:
            quote = -truncated(size, scenario[f"LastEntry{unit}"], WAD)
            standard.absorb(exposure, size, quote, scenario["PerpPrice"][place])
            unpaid = scenario[f"Account{unit}FundingIndex"] - scenario[f"{unit}GlobalFundingIndex"]
            book.cash_wad += truncated(size, unpaid, WAD)
        if sizes_of_options:
            amounts = zip(scenario["OptionUnderlying"], scenario["OptionAmounts"], strict=True)
            exposure.gross_size_wad += sum(fixed.abs(amount) for of, amount in amounts if of == unit)
        exposure.base_wad = base
        book.holdings.append(margin.Holding(collateral.value(base, exposure.index_wad, 18), terms))
        book.exposures.append(exposure)
    return book


def derive_risk() -> Risk:
    return Risk(
        initial_rate=65 * WAD // 1000, maintenance_rate=5 * WAD // 100, maintenance_scale=WAD, skew_scale=1,
        profit_weight=WAD, confidence_threshold=4 * WAD // 10, confidence_factor=4 * WAD // 10,
    )  # fmt: skip


def assert_near(ours: int, theirs: int) -> None:
    assert fixed.abs(ours - theirs) <= DERIVE * fixed.abs(theirs), (ours, theirs)


def derive_standard_cases(content: dict[str, Any]) -> Iterator[Case]:
    for name, case in content.items():
        scenario, result = case["Scenario"], case["Result"]
        book = derive_book(scenario)

        def whole(book: margin.Book = book, result: dict[str, Any] = result) -> None:
            assert_near(margin.equity(book), result["PortfolioMtM"])
            assert_near(margin.margin(book, Level.MAINTENANCE), result["realMM"])
            assert_near(margin.margin(book, Level.INITIAL), result["realIM"])

        def linear(book: margin.Book = book, result: dict[str, Any] = result) -> None:
            assert_near(-margin.requirement(book, Level.MAINTENANCE), result["PerpMargin"])
            profit = sum(each.gain_wad + each.loss_wad for each in book.exposures)
            assert_near(profit, result["UnrealizedPNL"])
            assert_near(book.cash_wad - result["Cash"], result["UnsettledFunding"])
            credit = margin.adjusted_equity(book, Level.MAINTENANCE) - book.cash_wad - profit
            assert_near(credit, result["BaseMargin"])

        with_options = any(scenario["OptionAmounts"])
        yield Case(name, None if with_options else whole, "margin of options is not built yet" if with_options else "")
        if with_options:
            yield Case(f"{name}-value", partial(whole_value, scenario, result))
        if any(scenario[key] for key in ("Perps_ETH", "Perps_BTC", "wETH", "wBTC")):
            yield Case(f"{name}-linear-parts", linear)
        if result["DepegIMs"]:
            yield Case(f"{name}-depeg", partial(depeg, scenario, result))


def whole_value(scenario: dict[str, Any], result: dict[str, Any]) -> None:
    """Everything, options too; of the price of an option their floats lose what is small beside the forward."""
    ours = margin.equity(derive_book(scenario)) + options_worth(scenario)
    lost = max(scenario["Forwards"]) // 10**15
    assert fixed.abs(ours - result["PortfolioMtM"]) <= DERIVE * fixed.abs(result["PortfolioMtM"]) + lost


def depeg(scenario: dict[str, Any], result: dict[str, Any]) -> None:
    """The share of the requirement that the depeg of the quote token asks for the sizes of everything, options too."""
    book = derive_book(scenario, sizes_of_options=True)
    parts = [standard.contingency(each, book.depeg_rate_wad, Level.INITIAL) for each in book.exposures]
    assert_near(-sum(parts), result["DepegIMs"])


# Derive's auction


def auction_cases(content: dict[str, Any]) -> Iterator[Case]:
    for case in content["cases"]:
        yield Case(case["name"], partial(auction, case))
    for case in content.get("other", []):
        if "cash_from_bidder" in case:
            yield Case(case["name"], partial(bidder_pays, case))
        elif "t_half" in case:
            yield Case(case["name"], partial(insolvent, case))
        else:
            found = [check for start, check in TOLD.items() if case["name"].startswith(start)]
            yield Case(case["name"], found[0] if found else None, "told in words that no test restates")
    for number, _ in enumerate(content.get("irm", [])):
        yield Case(f"irm-{number}", None, "interest is not built yet")


def auction(case: dict[str, Any]) -> None:
    equity, maintenance, discount = int(case["mtm"]), int(case["mm"]), int(case["discount"])
    reserved, wanted = int(case["reserved_cash"]), int(case["buffer_margin"])
    assert liquidation.buffer_margin(maintenance, equity, int(case["buffer_pct"])) == wanted
    fraction = liquidation.max_fraction(wanted, equity, reserved, discount)
    floor, _, unit = case["expected_max_proportion_floor"].partition(" (unit ")
    assert fraction // int(unit.rstrip(")")) == int(floor)
    assert fraction == int(case["port_max_proportion"])
    price = liquidation.price(equity - reserved, discount)
    assert price == int(case["bid_price"])
    assert fixed.mul_div_up(price, fraction, WAD) == int(case["cash_from_bidder_at_max"])


def bidder_pays(case: dict[str, Any]) -> None:
    price = liquidation.price(wad(case["mtm"]), wad(case["discount"]))
    assert fixed.mul_div_up(price, wad(case["pct"]), WAD) == wad(case["cash_from_bidder"])


def insolvent(case: dict[str, Any]) -> None:
    """Their price is negative where the bidder is paid; the ramp takes 600 s."""
    equity, maintenance = wad(case["mtm"]), wad(case["mm"])
    for elapsed, price in ((0, case["t0"]), (300, case["t_half"]), (600, case["t_end"]), (10_000, case["t_end"])):
        assert liquidation.payout(equity, maintenance, elapsed, 600) == -wad(price)


def race() -> None:
    """MtM 6000 MM=BM -10000 d .8: bid price 4800; 30% costs 1440; then round 2 max 53.66% costs 1803."""
    price = liquidation.price(wad(6000), wad(0.8))
    assert price == wad(4800)
    assert fixed.mul_div_up(price, wad(0.3), WAD) == wad(1440)
    # what 30 % of -10000 and of 6000 leave, and the 1440 that came in
    equity, buffer = wad(6000) * 7 // 10 + wad(1440), -wad(10_000) * 7 // 10 + wad(1440)
    fraction = liquidation.max_fraction(buffer, equity, wad(1440), wad(0.8))
    assert fraction // 10**14 == 5366
    assert fixed.mul_div_up(liquidation.price(equity - wad(1440), wad(0.8)), fraction, WAD) // WAD == 1803


def reserved_cash() -> None:
    """MtM 8000; 20% at t0 costs 1600; MtM 9600, d .7 -> bid price 5600."""
    assert fixed.mul_div_up(liquidation.price(wad(8000), WAD), wad(0.2), WAD) == wad(1600)
    assert liquidation.price(wad(9600) - wad(1600), wad(0.7)) == wad(5600)


TOLD: dict[str, Check] = {"capped race": race, "reserved cash": reserved_cash}


# dYdX: ceilings in parts per million


def dydx_cases(content: dict[str, Any]) -> Iterator[Case]:
    for case in content["margin_requirements"]:
        scaled = int(case.get("openInterestUpperCap", 0)) > 0
        yield Case(
            f"initial: {case['name']}",
            None if scaled else partial(dydx_requirement, case, "IM"),
            "requirements do not grow with open interest yet",
        )
        yield Case(f"maintenance: {case['name']}", partial(dydx_requirement, case, "MM"))
    for case in content["initial_margin_quote_quantums"]:
        scaled = int(case.get("openInterestUpperCap", 0)) > 0
        yield Case(
            f"quantums: {case['name']}",
            None if scaled else partial(dydx_quantums, case),
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


def required(notional: int, ppm: int, level: Level) -> int:
    """ceil(notional * ppm / 1e6) through the requirement of one underlying; the notional in smallest units is exact."""
    risk = Risk(initial_rate=ppm * PPM, maintenance_rate=ppm * PPM, skew_scale=1)
    return standard.requirement(Exposure(risk=risk, net_wad2=notional * WAD, gross_wad2=notional * WAD), level)


def dydx_requirement(case: dict[str, str], level: str) -> None:
    power = int(case["baseCurrencyAtomicResolution"]) + int(case["exponent"]) + 6
    notional = int(abs(int(case["bigBaseQuantums"])) * int(case["price"]) * Fraction(10) ** power)
    initial = required(notional, int(case["initialMarginPpm"]), Level.INITIAL)
    if level == "IM":
        assert initial == int(case["bigExpectedInitialMargin"])
    else:
        maintenance = required(initial, int(case["maintenanceFractionPpm"]), Level.MAINTENANCE)
        assert maintenance == int(case["bigExpectedMaintenanceMargin"])


def dydx_quantums(case: dict[str, str]) -> None:
    ours = required(int(case["bigQuoteQuantums"]), int(case["initialMarginPpm"]), Level.INITIAL)
    assert ours == int(case["expectedInitialMarginQuoteQuantums"])


# every case of every file


def cases_of(path: Path) -> Iterator[Case]:
    content = json.loads(path.read_text(encoding="utf8"))
    if "functions" in content and path.parent.name == "fixed_point":
        yield from fixed_point_cases(content)
    elif "margin_requirements" in content:
        yield from dydx_cases(content)
    elif "cases" in content and "buffer_margin" in content["cases"][0]:
        yield from auction_cases(content)
    elif all(isinstance(case, dict) and "PerpMargin" in case.get("Result", {}) for case in content.values()):
        yield from derive_standard_cases(content)
    elif has_options(content):
        yield from option_cases(content)
    else:
        if "OptionFeeds" in content.get("Scenario", {}):
            yield from mark_cases(content["Scenario"], content["Result"])
        where = path.relative_to(VECTORS).with_suffix("").as_posix()
        reasons = [why for start, why in UNBUILT.items() if where.startswith(start)]
        yield Case("all", None, reasons[0] if reasons else "nothing that is built has this form")


def every_case() -> Iterator[Any]:
    files = sorted(VECTORS.rglob("*.json")) if VECTORS.is_dir() else []
    for path in files:
        for case in cases_of(path):
            yield pytest.param(case, id=f"{path.relative_to(VECTORS).as_posix()}: {case.name}")
    if not files:
        yield pytest.param(Case("none", None, f"no published cases in {VECTORS}"), id="none")


@pytest.mark.parametrize("case", every_case())
def test_vector(case: Case) -> None:
    if case.check is None:
        pytest.skip(case.why)
    case.check()
