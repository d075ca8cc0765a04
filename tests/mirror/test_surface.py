"""Laws of the vol surface: it is the raw SVI form, never negative, and a valid surface accepts every strike."""

import pytest
from hypothesis import assume, example, given, strategies as st
from mpmath import exp, mp, mpf

from crossvault.mirror import fixed, surface
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.number_errors import ParameterOutOfRange
from crossvault.mirror.option import YEAR
from crossvault.mirror.surface import MAX_SECS, MAX_VARIANCE, MAX_WIDTH, Svi
from laws import LAW
from precise import DIGITS, real, variance

VARIANCE_WEI = 10
MOST_VOL = 6 * 10**24

strikes = st.integers(1, CAP)
ETHER = Svi(WAD // 50, WAD // 10, -WAD // 3, WAD // 100, WAD // 5, 30 * 86_400, 3_000 * WAD)


def dip(b: int, rho: int, sigma: int) -> int:
    """b * sigma * sqrt(1 - rho^2), rounded down."""
    return b * sigma * fixed.sqrt_down(WAD * WAD - rho * rho) // WAD**2


@st.composite
def surfaces(draw: st.DrawFn) -> Svi:
    """Surface within the bounds of the door: as wide as allowed, or as observed in markets."""
    seen = draw(st.booleans())
    rho = draw(st.integers(-WAD, WAD))
    b = draw(st.integers(0, 2 * WAD * WAD // (WAD + abs(rho))))
    sigma, shift = draw(st.integers(0, WAD if seen else MAX_WIDTH)), WAD if seen else MAX_WIDTH
    a = draw(st.integers(-dip(b, rho, sigma), WAD if seen else MAX_VARIANCE))
    secs = draw(st.integers(3600, YEAR) if seen else st.integers(1, MAX_SECS))
    return Svi(a, b, rho, draw(st.integers(-shift, shift)), sigma, secs, draw(strikes))


@LAW
@given(surfaces(), strikes)
@example(Svi(MAX_VARIANCE, WAD, WAD, -MAX_WIDTH, MAX_WIDTH, 1, 1), CAP)
@example(Svi(MAX_VARIANCE, 2 * WAD, 0, MAX_WIDTH, MAX_WIDTH, 1, CAP), 1)
def test_a_valid_surface_is_bounded_and_within_its_error(svi: Svi, strike: int) -> None:
    surface.require_valid(svi)
    vol = surface.vol(svi, strike)
    assert 0 <= vol <= MOST_VOL
    with mp.workdps(DIGITS):
        years = mpf(svi.ref_secs) / YEAR
        exact = variance(svi, strike) * WAD
        assert real(vol) ** 2 * years * WAD <= exact + VARIANCE_WEI
        assert real(vol + 1) ** 2 * years * WAD >= exact - VARIANCE_WEI


@LAW
@given(surfaces())
def test_total_variance_is_nowhere_below_zero(svi: Svi) -> None:
    """Its minimum is a + b * sigma * sqrt(1 - rho^2), at k = m - rho * sigma / sqrt(1 - rho^2)."""
    surface.require_valid(svi)
    with mp.workdps(DIGITS):
        a, b, rho, _, sigma = (real(each) for each in svi[:5])
        assert a + b * sigma * mp.sqrt(1 - rho**2) >= 0


@LAW
@given(surfaces(), strikes, strikes)
def test_without_slope_all_strikes_have_one_vol(svi: Svi, one: int, other: int) -> None:
    assume(svi.a >= 0)
    flat = svi._replace(b=0)
    assert surface.vol(flat, one) == surface.vol(flat, other) == fixed.sqrt_down(svi.a * WAD * YEAR // svi.ref_secs)


@LAW
@given(surfaces(), st.integers(0, 10 * WAD))
def test_without_skew_and_shift_both_wings_are_the_same(svi: Svi, away: int) -> None:
    even = svi._replace(a=MAX_VARIANCE // 10**6, rho=0, m=0, ref_secs=YEAR, ref_forward=10**22)
    with mp.workdps(DIGITS):
        low, high = (int(mp.nint(10**22 * exp(sign * real(away)))) for sign in (-1, 1))
    assert abs(surface.vol(even, low) - surface.vol(even, high)) <= 10**5  # effect of rounding a strike of 4e17 wei


def test_a_strike_of_zero_counts_as_the_smallest() -> None:
    assert surface.vol(ETHER, 0) == surface.vol(ETHER, 1)


def test_figures_on_paper() -> None:
    """At k = m: w = a + b * sigma = 0.02 + 0.1 * 0.2 = 0.04; over a quarter of a year that is a vol of 0.4."""
    svi = ETHER._replace(m=0, ref_secs=YEAR // 4)
    assert surface.vol(svi, svi.ref_forward) == 4 * WAD // 10


@pytest.mark.parametrize(
    ("name", "changed", "value", "low", "high"),
    [
        ("rho", {"rho": -WAD - 1}, WAD + 1, 0, WAD),
        ("b", {"rho": -WAD, "b": WAD + 1}, WAD + 1, 0, WAD),
        ("b", {"rho": 0, "b": 2 * WAD + 1}, 2 * WAD + 1, 0, 2 * WAD),
        ("m", {"m": -MAX_WIDTH - 1}, MAX_WIDTH + 1, 0, MAX_WIDTH),
        ("sigma", {"sigma": MAX_WIDTH + 1}, MAX_WIDTH + 1, 0, MAX_WIDTH),
        ("a", {"a": MAX_VARIANCE + 1}, MAX_VARIANCE + 1, 0, MAX_VARIANCE),
        ("a", {"rho": 0, "a": -WAD // 50 - 1}, WAD // 50 + 1, 0, WAD // 50),
        ("a", {"rho": WAD, "a": -1}, 1, 0, 0),
        ("refSecs", {"ref_secs": 0}, 0, 1, MAX_SECS),
        ("refForward", {"ref_forward": 0}, 0, 1, CAP),
    ],
)
def test_a_surface_outside_its_ranges_is_refused(
    name: str, changed: dict[str, int], value: int, low: int, high: int
) -> None:
    surface.require_valid(ETHER)
    with pytest.raises(ParameterOutOfRange) as refused:
        surface.require_valid(ETHER._replace(**changed))
    assert refused.value.args == (name, value, low, high)


@LAW
@given(surfaces())
def test_the_bounds_themselves_are_valid(svi: Svi) -> None:
    surface.require_valid(svi._replace(a=-dip(svi.b, svi.rho, svi.sigma)))
    surface.require_valid(svi._replace(a=MAX_VARIANCE, b=2 * WAD * WAD // (WAD + abs(svi.rho))))
