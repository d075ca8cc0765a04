"""Published portfolios of Derive's standard manager as accounts that the judge values."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Any, NamedTuple

from crossvault.judge.books import CollateralBook, PriceBook, TrackBook, UnderlyingBook
from crossvault.judge.bracket import Bracket
from crossvault.judge.elementary import BITS
from crossvault.judge.exposures import UnderlyingExposure, ValuedAccount, ValuedCollateral, ValuedOption
from crossvault.judge.marks import payoff
from crossvault.judge.option_value import time_value
from crossvault.judge.rounding import WAD, YEAR, ceiling
from crossvault.mirror.oracle import PriceGuard
from crossvault.mirror.portfolio import PortfolioRisk
from vectors_fixed import truncated
from vectors_standard import BASE, DEPEG, LAST, OPTION_RISK, RISK, STRIKE_UNIT, units_of

Row = dict[str, Any]


class JudgedPortfolio(NamedTuple):
    """A published portfolio: two underlyings for each of its own, the first with its base, the second with its perp."""

    account: ValuedAccount
    books: list[UnderlyingBook]


def judged_portfolio(scenario: Row) -> JudgedPortfolio:
    """A published portfolio as the judge holds one."""
    books: list[UnderlyingBook] = []
    exposures: dict[int, UnderlyingExposure] = {}
    collateral, cash = list[ValuedCollateral](), int(scenario["Cash"])
    for place, unit in enumerate(units_of(scenario)):
        index, confidences = scenario[f"{unit}SpotPrice"], scenario["SpotPerpConfidences"][place]
        books += [underlying(unit, index, confidences[0]), underlying(unit, index, min(confidences))]
        base, perp = (UnderlyingExposure(each, 0) for each in books[-2:])
        base.base = scenario[f"w{unit}"]
        value = base.base * index // WAD
        collateral.append(ValuedCollateral(CollateralBook(unit, 18, 2 * place, BASE, 0), value, value))
        if size := scenario[f"Perps_{unit}"]:
            perp.add(size, -truncated(size, scenario[f"LastEntry{unit}"], WAD), scenario["PerpPrice"][place])
            unpaid = scenario[f"Account{unit}FundingIndex"] - scenario[f"{unit}GlobalFundingIndex"]
            cash += truncated(size, unpaid, WAD)
        exposures |= {2 * place: base, 2 * place + 1: perp}
    options = [option(scenario, number, books) for number in range(len(scenario["OptionUnderlying"]))]
    missing = max(0, DEPEG.depeg_threshold - scenario["USDCValue"])
    rate = ceiling(missing * DEPEG.depeg_factor, WAD)
    return JudgedPortfolio(ValuedAccount(0, Bracket.of(cash), collateral, exposures, options, rate, []), books)


def underlying(name: str, index: int, confidence: int) -> UnderlyingBook:
    price = PriceBook(index, 0, confidence, 0, index, 0, 0, 0)
    return UnderlyingBook(name, RISK, OPTION_RISK, PriceGuard(), PortfolioRisk(), price, TrackBook(0, 0), ())


def option(scenario: Row, number: int, books: list[UnderlyingBook]) -> ValuedOption:
    """An option by its published forward and vol, undiscounted; in its last hour at the settlement price."""
    unit, secs = scenario["OptionUnderlying"][number], scenario["OptionExpiries"][number]
    place = 2 * units_of(scenario).index(unit)
    strike = scenario["OptionStrikes"][number] // STRIKE_UNIT * STRIKE_UNIT
    forward = scenario[f"SettlementPrice{unit}"] if secs < LAST else scenario["Forwards"][number]
    is_call = bool(scenario["OptionIsCall"][number])
    vol = (scenario["OptionVols"][number] << BITS) // WAD
    deviation = vol * isqrt((secs << 2 * BITS) // YEAR) >> BITS
    mark = payoff(forward, strike, is_call) + (time_value(forward, strike, deviation) >> BITS)
    doubts = [scenario[f"{name}Confidences"][number] for name in ("OptionVol", "Forward", "Discount")]
    confidence = min(*doubts, books[place].price.confidence)
    size = scenario["OptionAmounts"][number]
    return ValuedOption(place, secs, strike, is_call, size, Bracket.of(mark), forward, confidence, 0, secs)


def is_near(ours: int, theirs: int) -> bool:
    """Whether a figure is a published one, which passed through floats: within 1e-12 of it."""
    return abs(Fraction(ours) - theirs) <= Fraction(abs(theirs), 10**12)
