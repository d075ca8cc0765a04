"""Laws of the auction: the largest part restores the buffer margin, the price only falls, the reward only rises."""

from fractions import Fraction

from hypothesis import assume, given, strategies as st

from crossvault.mirror import liquidation
from crossvault.mirror.fixed import WAD
from crossvault.mirror.liquidation import AuctionTerms
from laws import LAW, exact, high, low, ratios

money = st.integers(1, 2**110)
secs = st.integers(1, 30 * 86_400)


@st.composite
def terms(draw: st.DrawFn) -> AuctionTerms:
    start = draw(st.integers(1, WAD))
    knee = draw(st.integers(1, start))
    floor = draw(st.integers(0, knee))
    return AuctionTerms(draw(ratios), start, knee, draw(secs), draw(secs), draw(secs), floor_wad=floor)


@LAW
@given(money, money, st.integers(0, 2**110), ratios)
def test_the_largest_part_restores_the_buffer_margin(missing: int, equity: int, reserved: int, discount: int) -> None:
    """After a sale of f the buffer margin is (1 - f)(BM - R) + R + f(E - R)d; it must reach 0 and not pass it."""
    assume(equity > reserved)

    def left(part: Fraction) -> Fraction:
        factor = Fraction(discount, WAD)
        return (1 - part) * (-missing - reserved) + reserved + part * (equity - reserved) * factor

    most = liquidation.max_fraction(-missing, equity, reserved, discount, 0)
    assert 1 <= most <= WAD
    assert most == 1 or left(Fraction(most, WAD)) <= 0
    assert left(min(Fraction(1), Fraction(most + 1, WAD) + Fraction(2, missing))) >= 0


@LAW
@given(terms(), st.integers(0, 61 * 86_400), st.integers(0, 86_400))
def test_the_discount_only_falls(how: AuctionTerms, elapsed: int, later: int) -> None:
    now, then = liquidation.discount(how, elapsed), liquidation.discount(how, elapsed + later)
    assert how.start_wad >= now >= then >= how.floor_wad
    assert liquidation.discount(how, 0) == how.start_wad
    assert liquidation.discount(how, how.fast_secs) == how.knee_wad
    assert liquidation.discount(how, how.fast_secs + how.slow_secs - 1) > 0
    assert liquidation.discount(how, how.fast_secs + how.slow_secs) == how.floor_wad


@LAW
@given(terms(), st.integers(0, 61 * 86_400))
def test_the_discount_is_the_linear_formula_rounded_up(how: AuctionTerms, elapsed: int) -> None:
    fast, slow = how.fast_secs, how.slow_secs
    if elapsed < fast:
        line = how.start_wad - exact(how.start_wad - how.knee_wad, elapsed, fast)
    else:
        line = max(Fraction(how.floor_wad), how.knee_wad - exact(how.knee_wad, elapsed - fast, slow))
    assert 0 <= liquidation.discount(how, elapsed) - line < 1


@LAW
@given(st.integers(0, 2**190), ratios)
def test_the_price_favours_the_account_in_liquidation(value: int, discount: int) -> None:
    assert liquidation.price(value, discount) == high(exact(value, discount, WAD)) <= value


@LAW
@given(st.integers(-(2**110), 2**110), money, secs, st.integers(0, 60 * 86_400), st.integers(0, 1000))
def test_the_reward_rises_from_the_deficit_to_the_missing_margin(
    equity: int, haircut: int, length: int, elapsed: int, later: int
) -> None:
    margin = equity - haircut
    now, then = (liquidation.payout(equity, margin, each, length) for each in (elapsed, elapsed + later))
    assert -equity <= now <= then <= -margin
    assert liquidation.payout(equity, margin, 0, length) == -equity
    assert liquidation.payout(equity, margin, length, length) == -margin
    assert now == low(exact(haircut, min(elapsed, length), length)) - equity


@LAW
@given(st.integers(-(2**110), 2**110), st.integers(0, 2**110), ratios)
def test_the_buffer_only_lowers_the_margin(margin: int, haircut: int, buffer: int) -> None:
    equity = margin + haircut
    found = liquidation.buffer_margin(margin, equity, buffer)
    assert found == low(margin - exact(haircut, buffer, WAD)) <= margin
