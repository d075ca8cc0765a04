"""The judge's bounds of parameters are those of the vault, by brute force at both ends of every field."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crossvault.judge.parameter_ranges import PAIRS, RANGES, misfits
from crossvault.mirror import cash, collateral, correlation, liquidation, market, oracle, portfolio, shock, surface
from crossvault.mirror.fixed import WAD
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.ruleset import Rules

LISTED = 2


def of_rules(rules: Rules) -> None:
    shock.require_scenarios(rules.scenarios)
    correlation.require_valid(rules.terms)
    correlation.require_matrix(rules.matrix)


def within(name: str) -> Callable[[Any], None]:
    """The validator of a part of the portfolio parameters of an underlying."""
    return lambda each: portfolio.require_valid(PORTFOLIO._replace(**{name: each}))


HALF = WAD // 2
RISK = market.MarketRisk(
    3_600, HALF, HALF, HALF, HALF, HALF, HALF // 2, HALF, HALF // 4, HALF, HALF, HALF, HALF, HALF, WAD
)
OPTIONS = market.OptionRisk(3_600, HALF, HALF, HALF // 2, HALF // 4, HALF // 4, HALF, 2 * WAD, 3 * WAD, 2 * WAD)
SVI = surface.Svi(a=WAD, b=HALF, rho=-HALF, m=WAD, sigma=WAD, ref_secs=86_400, ref_forward=2_000 * WAD)
LOSS = correlation.LossTerms(HALF, HALF, HALF // 2, 2 * WAD, WAD, HALF, WAD)
PORTFOLIO = portfolio.PortfolioRisk(
    shock.VolRisk(WAD, WAD, WAD, WAD, WAD, 3_600), shock.SkewRisk(0, 0, 0, 0, HALF, HALF, 0, 0), shock.RateRisk(),
    portfolio.BasisRisk(HALF, -HALF, HALF, HALF), portfolio.Contingency(WAD, HALF, WAD, HALF, HALF, HALF),
)  # fmt: skip
CASES: list[tuple[Any, Callable[[Any], None]]] = [
    (RISK, market.require_valid), (OPTIONS, market.require_valid_options),
    (oracle.PriceGuard(HALF, 60, HALF), oracle.require_valid),
    (collateral.HaircutTerms(HALF, HALF // 2, WAD), collateral.require_valid),
    (liquidation.AuctionTerms(HALF, HALF, HALF // 2, 60, 60, 60), liquidation.require_valid),
    (cash.Interest(HALF, HALF, HALF, HALF, HALF), cash.require_valid_interest),
    (cash.DepegTerms(1, HALF, HALF), lambda each: cash.require_valid(each, LISTED)),
    (shock.Scenario(HALF, HALF, 1), lambda each: shock.require_scenarios((each,))),
    (PORTFOLIO.vol, within("vol")), (PORTFOLIO.skew, within("skew")), (PORTFOLIO.rate, within("rate")),
    (PORTFOLIO.basis, within("basis")), (PORTFOLIO.contingency, within("contingency")),
    (LOSS, correlation.require_valid), (SVI, surface.require_valid),
]  # fmt: skip


def is_refused(require: Callable[[Any], None], value: Any) -> bool:
    try:
        require(value)
    except Refusal:
        return True
    return False


def ends(value: Any) -> Iterator[Any]:
    """The struct with each of its fields at both ends of its range, and one beyond."""
    for name, allowed in RANGES[type(value).__name__].items():
        ceilings = [getattr(value, allowed.most_of)] if allowed.most_of else []
        for end in (allowed.low, allowed.high, *ceilings):
            for number in (end - 1, end, end + 1):
                yield value._replace(**{name: number})


def test_every_struct_of_the_table_is_played() -> None:
    assert {type(value).__name__ for value, _ in CASES} == set(RANGES)


@pytest.mark.parametrize(("value", "require"), CASES, ids=[type(value).__name__ for value, _ in CASES])
def test_the_ends_of_every_range_are_those_of_the_vault(value: Any, require: Callable[[Any], None]) -> None:
    assert not is_refused(require, value) and not [*misfits(value, LISTED)]
    kinds = set()
    for each in ends(value):
        refused = is_refused(require, each)
        assert refused == bool([*misfits(each, LISTED)]), each
        kinds.add(refused)
    assert kinds == {True, False}


@pytest.mark.parametrize("pairs", [PAIRS - 1, PAIRS])
@pytest.mark.parametrize("number", [WAD, WAD + 1, -WAD - 1])
@pytest.mark.parametrize("count", [0, 1, 36, 37])
def test_scenarios_and_correlations_are_bounded(pairs: int, number: int, count: int) -> None:
    matrix = correlation.Matrix((0,) * (pairs - 1) + (number,), (0,) * PAIRS)
    rules = Rules((shock.Scenario(0, WAD, 0),) * count, LOSS, matrix)
    assert is_refused(of_rules, rules) == bool([*misfits(rules, LISTED)])


def test_a_struct_within_another_is_looked_at() -> None:
    bad = PORTFOLIO._replace(vol=PORTFOLIO.vol._replace(floor_secs=0))
    assert [*misfits(bad, LISTED)] == ["VolRisk.floor_secs is 0, allowed is 1 to 315360000"]


@pytest.mark.parametrize("a", [-433_012_701_892_219_323, -433_012_701_892_219_324])
def test_total_variance_is_nowhere_negative(a: int) -> None:
    """b sigma sqrt(1 - rho^2) = 0.5 * sqrt(0.75) = 0.4330127018922193233..."""
    svi = SVI._replace(a=a)
    assert bool([*misfits(svi, LISTED)]) == is_refused(surface.require_valid, svi) == (a < -433_012_701_892_219_323)


@pytest.mark.parametrize("feed", [0, LISTED - 1, LISTED, 254, 255])
def test_the_feed_of_the_quote_token_is_listed(feed: int) -> None:
    assert bool([*misfits(cash.DepegTerms(feed, 0, 0), LISTED)]) == (feed in (LISTED, 254))
