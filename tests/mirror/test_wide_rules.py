"""Published rules at the ends of their bounds: figures from arithmetic on paper, and refusals beyond."""

from collections.abc import Callable
from typing import Any

import pytest

from crossvault.mirror import market, option, portfolio, shock, standard, surface
from crossvault.mirror.fixed import WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.mirror.portfolio import (
    Contingency,
    ExpiryHoldings,
    ExpiryOption,
    PortfolioExposure,
    PortfolioRisk,
    Stake,
)
from crossvault.mirror.shock import DOWN, LINEAR, STILL, UP, RateRisk, Scenario, SkewRisk, VolRisk
from crossvault.mirror.standard import Level
from crossvault.mirror.surface import Svi

DAY, PER_CENT = 86_400, WAD // 100
E_20 = 485_165_195_409_790_277_969_106_831  # e^20 in wads: 485165195.40979027796910683054...
ROOT_2 = 1_414_213_562_373_095_048
PLAIN = RateRisk(long_base=WAD, short_base=WAD)
WIDTH = SkewRisk(min_width=PER_CENT)


def a_perp(risk: PortfolioRisk) -> PortfolioExposure:
    """Two units at 100, long."""
    return PortfolioExposure(risk, Stake(100 * WAD, 200 * WAD * WAD, 2 * WAD))


def test_a_dampening_of_five_loses_five_times_as_much() -> None:
    scenarios = [Scenario(-10 * PER_CENT, damp, STILL) for damp in (WAD, 5 * WAD, 10 * WAD)]
    assert portfolio.outcomes(a_perp(PortfolioRisk()), scenarios) == ((-20 * WAD, -100 * WAD, -200 * WAD), 0)


def test_a_static_discount_beyond_one_is_as_written() -> None:
    mainnet = RateRisk(long_base=105 * PER_CENT, short_base=95 * PER_CENT)
    assert shock.discounts(mainnet, 0, DAY, WAD) == (105 * PER_CENT, 95 * PER_CENT)
    # a put of 10 at a strike of 110 and a forward of 100, without time value: owned 10.5, owed 9.5
    for size, gain in ((WAD, WAD // 2), (-WAD, WAD // 2)):
        put = ExpiryOption(110 * WAD, False, size, 0, 10 * WAD)
        stake = PortfolioExposure(PortfolioRisk(skew=WIDTH, rate=mainnet), Stake(100 * WAD))
        stake.terms = [ExpiryHoldings(0, 100 * WAD, 0, DAY, WAD, [put])]
        assert portfolio.outcomes(stake, [Scenario(0, WAD, STILL)])[0] == (gain,)


@pytest.mark.parametrize(
    ("risk", "secs", "exact"),
    [
        (VolRisk(short_power=2 * WAD, floor_secs=1), 15 * DAY, 4 * WAD),
        (VolRisk(long_power=2 * WAD, floor_secs=1), 60 * DAY, WAD // 4),
        (VolRisk(short_power=WAD, floor_secs=60 * DAY), DAY, WAD // 2),
        (VolRisk(short_power=WAD, floor_secs=shock.MAX_FLOOR), DAY, 30 * WAD // 3650),
        (VolRisk(short_power=10 * WAD, floor_secs=1), 1, E_20),  # 2,592,000^10 without a bound
        (VolRisk(long_power=10 * WAD, floor_secs=1), 2**40 - 1, 0),
    ],
)
def test_a_power_above_one_and_a_floor_above_thirty_days(risk: VolRisk, secs: int, exact: int) -> None:
    found = shock.breadth(risk, secs)
    assert abs(found - exact) * 10**16 <= exact + 10**17  # 1e-16 of it: a logarithm is within 2e-18, times ten


def test_vols_after_the_largest_shock_have_a_price() -> None:
    """A vol beyond all bounds leaves the forward of a call, the strike of a put."""
    risk = VolRisk(10 * WAD, 10 * WAD, 10 * WAD, 10 * WAD, 10 * WAD, 1)
    shape = shock.shape(risk, WIDTH, 1)
    most = shock.vol(shape, 6 * 10**24, 0, UP)
    assert 2**114 < most < 2**116 and shock.vol(shape, 6 * 10**24, 0, DOWN) == 0
    for is_call, price in ((True, 2_000 * WAD), (False, 3_000 * WAD)):
        assert option.price(option.OptionTerms(2_000 * WAD, 3_000 * WAD, most, 2**40, WAD, is_call)) == price


@pytest.mark.parametrize(
    ("secs", "cap"), [(option.YEAR, 15 * PER_CENT), (option.YEAR // 100, 0), (option.YEAR // 4, 5 * PER_CENT)]
)
def test_a_cap_below_zero_rises_with_the_root_of_time(secs: int, cap: int) -> None:
    twist = WIDTH._replace(linear_cap=-5 * PER_CENT, linear_base=20 * PER_CENT)
    shape = shock.shape(VolRisk(floor_secs=1), twist, secs)
    assert shape.linear_wad == cap
    assert shock.vol(shape, WAD, WAD, LINEAR) == WAD + cap and shock.vol(shape, WAD, -WAD, LINEAR) == WAD - cap


def test_a_smoothing_of_two_hundred_is_a_surface() -> None:
    wide = Svi(b=PER_CENT, sigma=200 * WAD, ref_secs=option.YEAR, ref_forward=WAD)
    surface.require_valid(wide)
    assert surface.vol(wide, WAD) == ROOT_2  # total variance 0.01 * 200


def test_rates_above_one_are_required_in_full() -> None:
    risk = market.MarketRisk(base_rate=WAD, impact_rate=2 * WAD, skew_scale=WAD, initial_rate=WAD)
    assert standard.rate(risk, 3 * WAD, Level.INITIAL) == 7 * WAD
    held = Contingency(perp_initial=150 * PER_CENT, option_initial=10 * WAD)
    stake = a_perp(PortfolioRisk(contingency=held))
    assert portfolio.contingency(stake, Level.INITIAL) == 300 * WAD
    short = ExpiryHoldings(lines=[ExpiryOption(WAD, True, -WAD)])
    assert portfolio.option_contingency(stake, short, Level.INITIAL) == 1_000 * WAD


VALID: dict[str, Any] = {
    "scenario": Scenario(0, WAD, STILL),
    "vol": VolRisk(floor_secs=1),
    "skew": WIDTH,
    "rate": PLAIN,
}
REQUIRE: dict[str, Callable[[Any], None]] = {
    "scenario": lambda each: shock.require_scenarios([each]),
    "vol": shock.require_vol,
    "skew": shock.require_skew,
    "rate": shock.require_rate,
}
MOST = 9 * WAD  # of a signed number of 64 bits: the first whole number of per cent that fits


@pytest.mark.parametrize(
    ("part", "name", "low", "high"),
    [
        ("scenario", "dampening", 0, 10 * WAD),
        ("vol", "short_power", 0, 10 * WAD),
        ("vol", "long_power", 0, 10 * WAD),
        ("vol", "floor_secs", 1, 3650 * DAY),
        ("rate", "long_base", 0, 10 * WAD),
        ("rate", "short_base", 0, 10 * WAD),
        *(("skew", f"{each}_{of}", -MOST, MOST) for each in ("linear", "absolute") for of in ("cap", "base")),
        ("skew", "vol_static", -MOST, MOST),
        ("skew", "vol_scale", -MOST, MOST),
    ],
)
def test_both_ends_pass_and_beyond_is_refused(part: str, name: str, low: int, high: int) -> None:
    for value in (low, high):
        REQUIRE[part](VALID[part]._replace(**{name: value}))
    for beyond in (low - 1, high + 1):
        with pytest.raises(ParameterOutOfRange):
            REQUIRE[part](VALID[part]._replace(**{name: beyond}))
