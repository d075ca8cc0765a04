"""Published portfolios of Derive's standard manager: perps, options and base collateral on any underlyings.

They truncate signed divisions and pass through floats, which keeps 1e-12 of every figure. Two rules differ: an
option is valued at the settlement price in its last hour, and strikes are floored to 1e-8.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from crossvault.mirror import cash, collateral, fixed, option
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book, Holding
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.standard import Exposure, HeldOption, Level
from published import Case, Side
from vectors_fixed import truncated

NEAR = Fraction(1, 10**12)
BLACK = Fraction(1, 10**17)  # of the forward: precision of the price of one option
LAST = 3600
STRIKE_UNIT = 10**10
LEVELS = {"IM": Level.INITIAL, "MM": Level.MAINTENANCE}

RISK = MarketRisk(
    initial_rate=65 * WAD // 1000, maintenance_rate=5 * WAD // 100, maintenance_scale=WAD, skew_scale=1,
    profit_weight=WAD, confidence_threshold=4 * WAD // 10, confidence_factor=4 * WAD // 10,
)  # fmt: skip
OPTION_RISK = OptionRisk(
    max_spot_rate=15 * WAD // 100, min_spot_rate=WAD // 10, call_rate=75 * WAD // 1000, put_rate=75 * WAD // 1000,
    put_mark_rate=75 * WAD // 1000, put_initial_scale=105 * WAD // 100, unpaired_initial=12 * WAD // 10,
    unpaired_maintenance=11 * WAD // 10,
)  # fmt: skip
BASE = collateral.HaircutTerms(9 * WAD // 10, 9 * WAD // 10, fixed.CAP)
DEPEG = cash.DepegTerms(feed=0, depeg_threshold=98 * WAD // 100, depeg_factor=12 * WAD // 10)

Row = dict[str, Any]


def is_standard(content: Any) -> bool:
    """Whether a file holds portfolios of this form."""
    cases = list(content.values()) if isinstance(content, dict) else []
    return bool(cases) and all(isinstance(case, dict) and "PerpMargin" in case.get("Result", {}) for case in cases)


def standard_cases(content: Row, side: Side) -> Iterator[Case]:
    for name, case in content.items():
        for what, check in (("", margins), ("-linear", linear), ("-options", options), ("-doubts", doubts)):
            yield Case(name + what, partial(check, side, case["Scenario"], case["Result"]))


def units_of(scenario: Row) -> list[str]:
    """The underlyings, in the order in which arrays of the file name them."""
    return [key.removeprefix("Perps_") for key in scenario if key.startswith("Perps_")]


# the valued account


def book_of(side: Side, scenario: Row) -> Book:
    """Valued account; two exposures to each underlying, as the published contingency of perps uses their own price.

    The first of a pair has the base, and options refer to it; the second has the perp.
    """
    book = Book(cash_wad=int(scenario["Cash"]), holdings=[], exposures=[], lines=[])
    book.depeg_rate_wad = side.cash.depeg_rate(DEPEG, scenario["USDCValue"])
    for place, unit in enumerate(units_of(scenario)):
        index, confidences = scenario[f"{unit}SpotPrice"], scenario["SpotPerpConfidences"][place]
        base = Exposure(RISK, OPTION_RISK, index, confidences[0], index, base_wad=scenario[f"w{unit}"])
        perp = Exposure(RISK, OPTION_RISK, index, min(confidences), index)
        if scenario[f"Perps_{unit}"]:
            perp = with_perp(side, book, perp, scenario, unit, scenario["PerpPrice"][place])
        value = side.collateral.value(base.base_wad, index, 18)
        book.holdings.append(Holding(value, value, BASE))
        book.exposures += [base, perp]
    units = units_of(scenario)
    for number, unit in enumerate(scenario["OptionUnderlying"]):
        book.lines.append(line_of(side, scenario, number, 2 * units.index(unit), book))
    return book


def with_perp(side: Side, book: Book, perp: Exposure, scenario: Row, unit: str, mark: int) -> Exposure:
    """Profit is size * (mark - last entry), so the quote is -size * last entry; unsettled funding counts as cash."""
    size = scenario[f"Perps_{unit}"]
    held: Exposure = side.standard.absorb(perp, size, -truncated(size, scenario[f"LastEntry{unit}"], WAD), mark)
    unpaid = scenario[f"Account{unit}FundingIndex"] - scenario[f"{unit}GlobalFundingIndex"]
    book.cash_wad += truncated(size, unpaid, WAD)
    return held


def line_of(side: Side, scenario: Row, number: int, place: int, book: Book) -> HeldOption:
    unit, expiry = scenario["OptionUnderlying"][number], scenario["OptionExpiries"][number]
    line = HeldOption(
        place, expiry, is_call=bool(scenario["OptionIsCall"][number]), size=scenario["OptionAmounts"][number]
    )
    line.strike_wad = scenario["OptionStrikes"][number] // STRIKE_UNIT * STRIKE_UNIT
    settling = expiry < LAST
    line.forward_wad = scenario[f"SettlementPrice{unit}"] if settling else scenario["Forwards"][number]
    vol = scenario["OptionVols"][number]
    line.mark_wad = side.option.price(
        option.OptionTerms(line.forward_wad, line.strike_wad, vol, line.expiry, WAD, line.is_call)
    )  # undiscounted
    confidences = (scenario[f"{name}Confidences"][number] for name in ("OptionVol", "Forward", "Discount"))
    line.confidence_wad = min(*confidences, book.exposures[place].confidence_wad)
    return line


# the checks


def assert_near(ours: int | Fraction, theirs: int, lost: Fraction = Fraction(0)) -> None:
    assert abs(Fraction(ours) - theirs) <= NEAR * abs(theirs) + lost, (ours, theirs)


def margins(side: Side, scenario: Row, result: Row) -> None:
    book = book_of(side, scenario)
    for level, name in ((Level.INITIAL, "realIM"), (Level.MAINTENANCE, "realMM")):
        assert_near(side.margin.margin(book, level), result[name])
    lost = sum(Fraction(abs(line.size) * line.forward_wad, WAD) * BLACK for line in book.lines)
    assert_near(side.margin.equity(book), result["PortfolioMtM"], Fraction(lost))


def linear(side: Side, scenario: Row, result: Row) -> None:
    book = book_of(side, scenario)
    perps = sum(side.standard.requirement(each, Level.MAINTENANCE) for each in book.exposures)
    assert_near(-perps, result["PerpMargin"])
    profit = sum(each.gain_wad + each.loss_wad for each in book.exposures)
    assert_near(profit, result["UnrealizedPNL"])
    assert_near(book.cash_wad - int(scenario["Cash"]), result["UnsettledFunding"])
    assert_near(int(scenario["Cash"]), result["Cash"])
    for level in Level:
        credit = side.margin.adjusted_equity(book, level) - book.cash_wad - profit
        assert_near(credit, result["BaseMargin"])


def options(side: Side, scenario: Row, result: Row) -> None:
    """The published isolated figure is a sum over expiries; the bounded one is that of one expiry.

    The published loss may be a gain, and takes the listed forward in the last hour too, unlike the requirement.
    """
    book = book_of(side, scenario)
    for place, unit in enumerate(units_of(scenario)):
        if f"{unit}OptionMM" not in result:
            continue
        exposure = book.exposures[2 * place]
        lines = [line for line in book.lines if line.underlying == 2 * place]
        forwards = [f for of, f in zip(scenario["OptionUnderlying"], scenario["Forwards"], strict=True) if of == unit]
        firsts = [number for number in range(len(lines)) if side.margin.is_first(lines, number)]
        for name, level in LEVELS.items():
            strips = [side.standard.strip_requirement(exposure, lines, first, level) for first in firsts]
            assert_near(-sum(strips), result[f"{unit}Option{name}"])
            alone = sum(
                line.size * side.standard.short_requirement(exposure, line, level) for line in lines if line.size < 0
            )
            assert_near(Fraction(alone, WAD), result[f"{unit}OptionIsolated{name}"])
            bounds = [-bound(side, lines, first, name, forwards[first]) for first in firsts] or [Fraction(0)]
            theirs = min(0, result[f"{unit}OptionBounded{name}"])
            assert any(abs(each - theirs) <= NEAR * abs(theirs) for each in bounds), (bounds, theirs)


def bound(side: Side, lines: list[HeldOption], first: int, level: str, forward: int) -> Fraction:
    """Largest loss at expiry, and the further requirement of uncovered calls."""
    strip = [line for line in lines if side.standard.is_same_term(line, lines[first])]
    uncovered = max(0, -sum(line.size for line in strip if line.is_call))
    scale = OPTION_RISK.unpaired_initial if level == "IM" else OPTION_RISK.unpaired_maintenance
    unpaired = Fraction(uncovered * scale * forward, WAD**2)
    return Fraction(side.standard.max_loss(lines, first), WAD) + unpaired


def doubts(side: Side, scenario: Row, result: Row) -> None:
    """Contingencies at initial of uncertain prices and of a depegged quote token."""
    book = book_of(side, scenario)
    without = contingencies(side, book, 0)
    assert_near(-without, result["OracleConts"])
    assert_near(without - contingencies(side, book, book.depeg_rate_wad), result["DepegIMs"])


def contingencies(side: Side, book: Book, depeg_rate_wad: int) -> int:
    total: int = sum(side.standard.contingency(each, depeg_rate_wad, Level.INITIAL) for each in book.exposures)
    for line in book.lines:
        exposure = book.exposures[line.underlying]
        total += side.standard.short_contingency(exposure, line, depeg_rate_wad, Level.INITIAL)
    return total
