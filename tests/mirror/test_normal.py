"""Laws of the normal distribution: both tails add up to one to the wei, and errors are bounded against fifty digits."""

import re
from math import erf, sqrt

import pytest
from hypothesis import example, given, strategies as st
from mpmath import mp, ncdf, npdf

from crossvault.mirror import normal
from crossvault.mirror.fixed import RAY, WAD
from crossvault.setup.toolchain import contracts_dir
from laws import LAW, signeds, words
from precise import DIGITS, mills, real

CDF_WEI, PDF_WEI, MILLS_WEI = 2, 2, 8
BOUNDS = [0, 662910000000000000, 5656854249492380195, 10 * WAD]  # where one approximation follows another

near = st.integers(-11 * WAD, 11 * WAD)
anywhere = st.one_of(near, signeds)


@LAW
@given(anywhere)
def test_both_sides_add_up_to_one(x: int) -> None:
    assert normal.cdf(x) + normal.cdf(-x) == WAD
    assert 0 <= normal.cdf(x) <= WAD
    assert normal.pdf(x) == normal.pdf(-x) <= normal.pdf(0)


def test_half_is_on_either_side_of_the_mean() -> None:
    assert normal.cdf(0) == WAD // 2
    assert normal.pdf(0) == 398942280401432677


@pytest.mark.parametrize("x", [-(2**255), -(2**128), -10 * WAD])
def test_the_distribution_saturates_far_out(x: int) -> None:
    assert normal.cdf(x) == normal.pdf(x) == 0
    assert normal.cdf(min(-x, 2**255 - 1)) == WAD


@LAW
@given(near)
@example(-BOUNDS[1])
@example(-BOUNDS[1] - 1)
@example(-BOUNDS[2])
@example(-BOUNDS[2] - 1)
@example(-BOUNDS[3])
@example(-BOUNDS[3] + 1)
@example(1)
def test_distribution_and_density_are_within_their_errors(x: int) -> None:
    with mp.workdps(DIGITS):
        assert abs(normal.cdf(x) - ncdf(real(x)) * WAD) <= CDF_WEI
        assert abs(normal.pdf(x) - npdf(real(x)) * WAD) <= PDF_WEI


@LAW
@given(st.one_of(st.integers(0, 40 * WAD), st.sampled_from([bound + one for bound in BOUNDS for one in (0, 1)])))
def test_the_ratio_of_mills_is_within_its_error(x: int) -> None:
    with mp.workdps(DIGITS):
        assert abs(normal.mills(x) - mills(real(x)) * WAD) <= MILLS_WEI


@LAW
@given(st.one_of(words, st.integers(10**21, 10**40)))
def test_the_ratio_of_mills_far_out_is_one_over_the_distance(x: int) -> None:
    """1/x - 1/x^3 < mills(x) < 1/x."""
    if x >= 10**21:
        exact = WAD * WAD // x
        assert exact - WAD**4 // x**3 - MILLS_WEI <= normal.mills(x) <= exact


@LAW
@given(near, st.integers(0, WAD))
def test_the_distribution_rises_within_its_error(x: int, more: int) -> None:
    assert normal.cdf(x + more) >= normal.cdf(x) - 2 * CDF_WEI


@LAW
@given(st.integers(0, 40 * WAD), st.integers(0, WAD))
def test_the_ratio_of_mills_falls_within_its_error(x: int, more: int) -> None:
    assert normal.mills(x + more) <= normal.mills(x) + 2 * MILLS_WEI


@LAW
@given(near)
def test_the_distribution_equals_that_of_the_standard_library(x: int) -> None:
    """To the precision of a float64."""
    assert abs(normal.cdf(x) / WAD - (1 + erf(x / WAD / sqrt(2))) / 2) <= 4e-16


def test_the_contract_has_the_same_coefficients_to_the_last_digit() -> None:
    """A changed digit below those of a wad would change no compared result."""
    text = (contracts_dir() / "Normal.sol").read_text(encoding="utf8")
    theirs = [int(found.replace("_", "")) for found in re.findall(r"\b[\d_]{17,}\b", text)]
    tables = [value for name, value in vars(normal).items() if isinstance(value, tuple) and name[0] == "_"]
    ours = [value for table in tables for value in table if value != RAY]
    assert theirs == [normal._PEAK, normal._BREADTH, *ours]
