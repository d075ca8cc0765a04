"""Bounds of parameters: both ends pass, and what is beyond is refused with its name, its value and the bounds.

The bounds are those of the table in the specification, as the judge has them.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from crossvault.judge.parameter_ranges import RANGES, Range
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, shock
from crossvault.mirror.fixed import WAD
from crossvault.mirror.market_errors import UnknownUnderlying
from crossvault.mirror.number_errors import ParameterOutOfRange

PARTS: dict[str, Any] = {
    "vol": shock.VolRisk(floor_secs=1),
    "skew": shock.SkewRisk(min_width=10**9),
    "rate": shock.RateRisk(),
    "basis": portfolio.BasisRisk(),
    "contingency": portfolio.Contingency(),
}


def of_portfolio(name: str, part: Any) -> None:
    portfolio.require_valid(portfolio.PortfolioRisk(**PARTS | {name: part}))


REQUIRE: dict[type, Callable[[Any], None]] = {
    market.MarketRisk: market.require_valid,
    market.OptionRisk: market.require_valid_options,
    oracle.PriceGuard: oracle.require_valid,
    collateral.HaircutTerms: collateral.require_valid,
    liquidation.AuctionTerms: liquidation.require_valid,
    cash.Interest: cash.require_valid_interest,
    cash.DepegTerms: lambda each: cash.require_valid(each, 1),
    shock.Scenario: lambda each: shock.require_scenarios([each]),
    correlation.LossTerms: correlation.require_valid,
    **{type(part): partial(of_portfolio, name)
       for name, part in PARTS.items()},
}  # fmt: skip
SIGNED = {"up_shock", "down_shock"}  # and whatever may be below 0: refused by its magnitude


def valid(kind: type) -> Any:
    """A struct of a kind in which caps of other fields are as high as they may be, and the others as low."""
    ranges = RANGES[kind.__name__]
    caps = {each.most_of for each in ranges.values()}
    values = {name: each.high if name in caps else max(each.low, min(0, each.high)) for name, each in ranges.items()}
    return kind(**values)


def fields() -> Iterator[Any]:
    for kind in REQUIRE:
        for name, allowed in RANGES[kind.__name__].items():
            yield pytest.param(kind, name, allowed, id=f"{kind.__name__}.{name}")


def shown(name: str) -> str:
    """The name of a field as the contracts write it."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


@pytest.mark.parametrize(("kind", "name", "allowed"), fields())
def test_both_ends_pass_and_beyond_is_refused(kind: type, name: str, allowed: Range) -> None:
    base = valid(kind)
    if name in {each.most_of for each in RANGES[kind.__name__].values()}:  # nothing is above its lowest
        base = base._replace(**{each: its.low for each, its in RANGES[kind.__name__].items() if its.most_of})
    for value in (allowed.low, allowed.high):
        REQUIRE[kind](base._replace(**{name: value}))
    for value in (allowed.low - 1, allowed.high + 1):
        with pytest.raises(ParameterOutOfRange) as refused:
            REQUIRE[kind](base._replace(**{name: value}))
        if allowed.low < 0 or name in SIGNED:
            expected = abs(value), 0, allowed.high if value > 0 else -allowed.low
        else:
            expected = value, allowed.low, allowed.high
        assert refused.value.args == (shown(name), *expected)


@pytest.mark.parametrize(("kind", "name", "allowed"), [each for each in fields() if each.values[2].most_of])
def test_a_parameter_is_no_more_than_the_one_above_it(kind: Any, name: str, allowed: Range) -> None:
    """One below the highest that both may have."""
    cap = allowed.high - 1
    base = valid(kind)._replace(**{allowed.most_of: cap})
    REQUIRE[kind](base._replace(**{name: cap}))
    with pytest.raises(ParameterOutOfRange) as refused:
        REQUIRE[kind](base._replace(**{name: cap + 1}))
    assert refused.value.args == (shown(name), cap + 1, allowed.low, cap)


def test_the_feed_of_the_quote_token_is_listed_or_there_is_none() -> None:
    for feed in (0, 1, 255):
        cash.require_valid(cash.DepegTerms(feed, WAD, WAD), 2)
    with pytest.raises(UnknownUnderlying) as refused:
        cash.require_valid(cash.DepegTerms(2, WAD, WAD), 2)
    assert refused.value.args == (2,)


def test_rules_have_one_scenario_to_36() -> None:
    one = shock.Scenario(dampening=WAD)
    for count in (1, 36):
        shock.require_scenarios([one] * count)
    for count in (0, 37):
        with pytest.raises(ParameterOutOfRange) as refused:
            shock.require_scenarios([one] * count)
        assert refused.value.args == ("scenarios", count, 1, 36)


def test_a_matrix_has_28_correlations_of_each_kind_from_minus_one_to_one() -> None:
    """Eight underlyings have 8 * 7 / 2 = 28 pairs."""
    ends = (WAD, -WAD) * 14
    correlation.require_matrix(correlation.Matrix(ends, ends))
    for kind in ("alike", "opposite"):
        for count in (27, 29):
            with pytest.raises(ParameterOutOfRange) as refused:
                correlation.require_matrix(correlation.Matrix(ends, ends)._replace(**{kind: (0,) * count}))
            assert refused.value.args == (kind, count, 28, 28)
        for beyond in (WAD + 1, -WAD - 1):
            with pytest.raises(ParameterOutOfRange) as refused:
                wrong = {kind: (0,) * 27 + (beyond,)}
                correlation.require_matrix(correlation.Matrix(ends, ends)._replace(**wrong))
            assert refused.value.args == (kind, WAD + 1, 0, WAD)
