"""Laws of exponential and logarithm: they revert exactly outside their domain, and invert each other."""

import pytest
from hypothesis import example, given, strategies as st
from mpmath import exp as exact_exp, log as exact_log, mp

from crossvault.mirror import exp
from crossvault.mirror.fixed import WAD
from crossvault.mirror.number_errors import ExpOverflow, LnWadUndefined
from laws import LAW
from precise import DIGITS, real

SMALLEST, LARGEST = -41446531673892822313, 135305999368893231588
MOST = 2**255 - 1
EXP_WEI, EXP_PART, LN_WEI = 1, 3, 2  # an exponential is within a wei and 3e-20 of itself

exponents = st.integers(SMALLEST - WAD, LARGEST)
numbers = st.one_of(st.integers(1, MOST), st.integers(0, 254).map(lambda power: 2**power), st.integers(1, 10**24))


def test_figures_on_paper() -> None:
    assert exp.exp(0) == WAD and exp.ln(WAD) == 0
    assert exp.exp(WAD) == 2_718281828459045235
    assert exp.exp(-WAD) == 367879441171442321
    assert exp.ln(2 * WAD) == 693147180559945309


@LAW
@given(exponents)
@example(LARGEST)
@example(SMALLEST)
@example(SMALLEST + 1)
@example(-1)
@example(1)
def test_an_exponential_is_within_its_error(x: int) -> None:
    with mp.workdps(2 * DIGITS):
        wanted = exact_exp(real(x)) * WAD
        assert abs(exp.exp(x) - wanted) <= EXP_WEI + wanted * EXP_PART / 10**20


@LAW
@given(numbers)
@example(1)
@example(MOST)
@example(WAD - 1)
@example(WAD + 1)
def test_a_logarithm_is_within_its_error(x: int) -> None:
    with mp.workdps(DIGITS):
        assert abs(exp.ln(x) - exact_log(real(x)) * WAD) <= LN_WEI


@LAW
@given(st.integers(-(2**255), SMALLEST), st.integers(LARGEST + 1, MOST))
def test_an_exponential_is_zero_far_below_and_refused_far_above(low: int, high: int) -> None:
    assert exp.exp(low) == 0
    with pytest.raises(ExpOverflow):
        exp.exp(high)
    assert exp.exp(LARGEST) <= MOST


@LAW
@given(st.integers(2**255, 2**256 - 1))
@example(0)
def test_a_number_without_a_logarithm_is_refused(x: int) -> None:
    with pytest.raises(LnWadUndefined):
        exp.ln(x)


@LAW
@given(exponents, st.integers(0, 10**20))
def test_both_functions_rise(x: int, more: int) -> None:
    assert exp.exp(min(x + more, LARGEST)) >= exp.exp(x)


@LAW
@given(numbers, st.integers(0, 10**30))
def test_a_logarithm_rises(x: int, more: int) -> None:
    assert exp.ln(min(x + more, MOST)) >= exp.ln(x)


@LAW
@given(st.integers(10**9, 2**190))
def test_an_exponential_inverts_a_logarithm(x: int) -> None:
    """An error of two wei in the logarithm is an error of 2e-18 of the number, and a wei."""
    assert abs(exp.exp(exp.ln(x)) - x) * WAD <= 3 * x + 2 * WAD
