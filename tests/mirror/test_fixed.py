"""Laws of the integers: every rounding against exact rationals, every refusal exactly where the result does not fit."""

from collections.abc import Callable
from math import ceil, floor

import pytest
from hypothesis import assume, example, given, strategies as st

from crossvault.mirror import fixed
from crossvault.mirror.fixed import WAD
from crossvault.mirror.number_errors import FullMulDivFailed, MagnitudeTooLarge
from laws import LAW, exact, ratios, signeds, words

DIRECTIONS = [(fixed.mul_div_down, floor), (fixed.mul_div_up, ceil)]
SIGNED_DIRECTIONS = [(fixed.mul_div_floor, floor), (fixed.mul_div_ceil, ceil)]
MOST, MOST_SIGNED = 2**256 - 1, 2**255 - 1
divisors = st.one_of(words, st.integers(0, 3), st.just(WAD))


@LAW
@given(words, words, divisors)
@example(MOST, MOST, MOST - 1)
@example(2**128, 2**128, 1)
@example(0, 0, 0)
def test_unsigned_products_are_rounded_as_named(a: int, b: int, c: int) -> None:
    for divide, rounded in DIRECTIONS:
        if c == 0 or rounded(exact(a, b, c)) > MOST:
            with pytest.raises(FullMulDivFailed):
                divide(a, b, c)
        else:
            assert divide(a, b, c) == rounded(exact(a, b, c))


@LAW
@given(signeds, signeds, divisors)
@example(-(2**255), 1, 1)
@example(-1, 1, 2)
@example(-(2**255), -(2**255), 2**255 - 1)
def test_signed_products_are_rounded_as_named(a: int, b: int, c: int) -> None:
    for divide, rounded in SIGNED_DIRECTIONS:
        if c == 0 or abs(rounded(exact(a, b, c))) > MOST:
            with pytest.raises(FullMulDivFailed):
                divide(a, b, c)
        elif abs(rounded(exact(a, b, c))) > MOST_SIGNED:
            with pytest.raises(MagnitudeTooLarge) as refused:
                divide(a, b, c)
            assert refused.value.args == (abs(rounded(exact(a, b, c))),)
        else:
            assert divide(a, b, c) == rounded(exact(a, b, c))


@LAW
@given(st.integers(-(2**120), 2**120), st.integers(-(2**120), 2**120), st.integers(1, 2**120))
def test_floor_and_ceil_mirror_each_other_and_differ_by_a_remainder(a: int, b: int, c: int) -> None:
    assert fixed.mul_div_ceil(a, b, c) == -fixed.mul_div_floor(-a, b, c) == -fixed.mul_div_floor(a, -b, c)
    assert fixed.mul_div_ceil(a, b, c) - fixed.mul_div_floor(a, b, c) == (1 if a * b % c else 0)
    assert fixed.mul_div_floor(a, b, c) == fixed.mul_div_floor(b, a, c)


@LAW
@given(st.integers(-MOST_SIGNED, MOST_SIGNED), ratios)
def test_a_part_never_exceeds_the_whole_and_the_rest_keeps_its_sign(value: int, fraction: int) -> None:
    part = fixed.part(value, fraction)
    quotient = exact(value, fraction, WAD)
    assert part == (floor(quotient) if value >= 0 else ceil(quotient))
    assert part * value >= 0 and (value - part) * value >= 0
    assert fixed.part(value, 0) == 0 and fixed.part(value, WAD) == value
    assert fixed.part(-value, fraction) == -part


@LAW
@given(st.one_of(words, st.integers(0, 2**128 - 1).map(lambda root: root * root)))
@example(MOST)
@example((2**128 - 1) ** 2 - 1)
def test_square_roots_enclose(a: int) -> None:
    down, up = fixed.sqrt_down(a), fixed.sqrt_up(a)
    assert down * down <= a < (down + 1) * (down + 1)
    assert (up - 1) * (up - 1) < a <= up * up if a else up == 0


@LAW
@given(signeds)
def test_magnitudes_and_signs(a: int) -> None:
    assert fixed.abs(a) == (a**2 if a == 0 else fixed.sqrt_down(a * a) if abs(a) < 2**128 else max(a, -a))
    assume(abs(a) <= MOST_SIGNED)
    assert fixed.signed(fixed.abs(a)) == max(a, -a)


@LAW
@given(words, words)
def test_smaller_and_larger(a: int, b: int) -> None:
    assert [fixed.min(a, b), fixed.max(a, b)] == sorted([a, b])


@LAW
@given(words, st.integers(0, 255), st.integers(1, 255))
def test_bits_are_those_of_the_binary_text(word: int, bottom: int, width: int) -> None:
    text = f"{word:0256b}"[::-1]
    assert fixed.bits(word, bottom, width) == int(text[bottom : bottom + width][::-1] or "0", 2)


@pytest.mark.parametrize("divide", [fixed.mul_div_down, fixed.mul_div_up, fixed.mul_div_floor, fixed.mul_div_ceil])
def test_figures_on_paper(divide: Callable[[int, int, int], int]) -> None:
    """7 * 3 / 2 = 10.5; -7 * 3 / 2 = -10.5."""
    upward = divide in (fixed.mul_div_up, fixed.mul_div_ceil)
    assert divide(7, 3, 2) == (11 if upward else 10)
    if divide in (fixed.mul_div_floor, fixed.mul_div_ceil):
        assert divide(-7, 3, 2) == (-10 if upward else -11)
