"""The judge's prices, interest, funding and margins give figures that were computed on paper."""

from decimal import Decimal
from random import Random

import mpmath
import pytest

from crossvault.judge.books import (
    CashBook,
    CurveBook,
    PriceBook,
    TrackBook,
    UnderlyingBook,
)  # fmt: skip
from crossvault.judge.bracket import Bracket
from crossvault.judge.elementary import BITS, exp, exponential, log_ratio
from crossvault.judge.exposures import UnderlyingExposure, ValuedOption
from crossvault.judge.interest import borrow_rate, cash_indexes, present_cash, utilisation
from crossvault.judge.marks import forward_parts, funding_due, funding_index, perp_mark
from crossvault.judge.option_value import implied_vol, option_mark, time_value
from crossvault.judge.rounding import RAY, WAD, YEAR, ceiling, ceiling_of_both
from crossvault.judge.standard_margin import expiry_requirement, largest_loss, linear_requirement, short_requirement
from crossvault.mirror.cash import DepegTerms, Interest
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.oracle import PriceGuard
from crossvault.mirror.portfolio import PortfolioRisk
from crossvault.mirror.surface import Svi

PERCENT = WAD // 100
RISK = MarketRisk(
    heartbeat_secs=86_400, mark_band=5 * PERCENT, initial_rate=10 * PERCENT, maintenance_rate=5 * PERCENT,
    spread_rate=PERCENT,
    maintenance_scale=WAD // 2, skew_scale=1_000 * WAD, impact_rate=WAD, profit_weight=WAD // 2,
    funding_base=WAD // 10_000, funding_cap=WAD // 100,
)  # fmt: skip
OPTIONS = OptionRisk(
    max_spot_rate=15 * PERCENT, min_spot_rate=10 * PERCENT, call_rate=7 * PERCENT, put_rate=8 * PERCENT,
    put_mark_rate=50 * PERCENT, put_initial_scale=WAD, unpaired_initial=12 * WAD // 10, unpaired_maintenance=WAD,
)  # fmt: skip


def book(index: int = 2_000 * WAD, premium: int = 0, stable: int = 0, at: int = 0, summed: int = 0) -> UnderlyingBook:
    return waited(0, index, premium, stable, at, summed)


def waited(
    pending: int, index: int = 2_000 * WAD, premium: int = 0, stable: int = 0, at: int = 0, summed: int = 0
) -> UnderlyingBook:
    """An underlying with a jump that waits since 0, and lapses after a day."""
    price = PriceBook(index, premium, WAD, at, stable or index, pending, 0, summed)
    return UnderlyingBook("ETH", RISK, OPTIONS, PriceGuard(), PortfolioRisk(), price, TrackBook(7 * RAY, at), ())


PLAIN = UnderlyingExposure(book(), 0)


def test_divisions_round_by_name() -> None:
    assert [ceiling(7, 2), ceiling(-7, 2), ceiling(6, 2), -7 // 2] == [4, -3, 3, -4]
    assert ceiling_of_both(1, 1, 1) == 1  # a wei of a wei, rounded up twice


@pytest.mark.parametrize(("premium", "mark"), [(50, 2_050), (150, 2_100), (-150, 1_900)])
def test_the_mark_of_a_perp_is_clamped_to_its_band(premium: int, mark: int) -> None:
    assert perp_mark(book(premium=premium * WAD)) == mark * WAD


def test_funding_of_a_quarter_of_its_period() -> None:
    """2 / 2,000 + 0.0001 = 0.0011 per 8 h of 2,000: 2.2, so 0.55 in 2 h; three units long pay 1.65."""
    grown = funding_index(book(premium=2 * WAD, at=100), 100 + 7_200) - 7 * RAY
    assert grown == 55 * RAY // 100
    assert (funding_due(3 * WAD, grown), funding_due(-3 * WAD, grown)) == (-165 * PERCENT, 165 * PERCENT)
    assert (funding_due(1, 1), funding_due(-1, 1)) == (-1, 0)  # both sides down
    capped = funding_index(book(premium=100 * WAD, at=100), 100 + 28_800)
    assert capped == 7 * RAY + 20 * RAY  # 1 % of 2,000


CURVE = CurveBook(2_400 * WAD, 0, WAD, 0, WAD, 0, 0, Svi(), 0, 0)


@pytest.mark.parametrize(
    ("at", "fixed", "floating"),
    [(8_200, 0, 2_400), (9_100, 1_000, 1_200), (10_000, 2_000, 0), (11_000, 2_000, 0)],
)
def test_the_forward_of_an_expiry_at_10_000_in_its_window(at: int, fixed: int, floating: int) -> None:
    """The index has been 2,000 since 8,000: at half of the 1,800 s, half of it is fixed."""
    price = book(at=8_000, summed=WAD).price
    assert forward_parts(CURVE, price, 10_000, at) == (fixed * WAD, floating * WAD)


def test_an_average_begins_with_the_sum_at_the_start_of_its_window() -> None:
    """1,000 until 9,100, then 2,000: 1,500 at the end, whether a print or the clock passed the start."""
    passed = CURVE._replace(start_cumulative=8_200 * 1_000 * WAD)
    price = book(at=9_100, summed=9_100 * 1_000 * WAD).price
    assert forward_parts(passed, price, 10_000, 10_500) == (1_500 * WAD, 0)


POOL = CashBook(
    "USDC", 6, DepegTerms(), Interest(2 * PERCENT, 10 * PERCENT, WAD, 80 * PERCENT, 20 * PERCENT), 0,
    RAY, RAY, 1_000 * WAD, 900 * WAD, 0, 0,
)  # fmt: skip


def test_interest_of_a_year() -> None:
    """90 % used: 2 % + 8 % + 10 % = 20 %; debts grow by e^0.2 - 1, suppliers earn 0.9 * 0.8 of that rate."""
    assert (utilisation(POOL), borrow_rate(POOL)) == (90 * PERCENT, 20 * PERCENT)
    supply, borrow = cash_indexes(POOL, YEAR)
    grown = Decimal("0.221402758160169833921071994639674170307580941520")  # e^0.2 - 1
    for index, exact in ((borrow, 1 + grown), (supply, 1 + grown * Decimal("0.72"))):
        assert index.low - 2 * 10**9 <= exact * RAY <= index.high + 2 * 10**9  # of a growth in wads, per 1e27
        assert index.high - index.low <= 3 * 10**9
    assert cash_indexes(POOL, 0) == (Bracket.of(RAY), Bracket.of(RAY))
    assert present_cash(POOL, -WAD, 0) == Bracket.of(-WAD)
    assert present_cash(POOL._replace(borrow_index=RAY + 1), -1, 0) == Bracket.of(-2)  # a debt rounds up
    assert utilisation(POOL._replace(total_borrow=0)) == 0
    assert utilisation(POOL._replace(total_supply=0)) == WAD


def test_a_hedged_perp_and_future() -> None:
    """10 long and 6 short at 2,000: N = 8,000, gross 32,000; 8,000 * (10 % - 1 %) + 32,000 * 1 % = 1,040.

    Of 200 units the size term is 20 %, at maintenance 10 %: 200 * 2,000 * 20 % and 10 %.
    """
    hedged, large = UnderlyingExposure(book(), 0), UnderlyingExposure(book(), 0)
    hedged.add(10 * WAD, 0, 2_000 * WAD)
    hedged.add(-6 * WAD, 0, 2_000 * WAD)
    assert (linear_requirement(hedged, True), linear_requirement(hedged, False)) == (1_040 * WAD, 640 * WAD)
    large.add(200 * WAD, 0, 2_000 * WAD)
    assert (linear_requirement(large, True), linear_requirement(large, False)) == (80_000 * WAD, 40_000 * WAD)


def test_profits_at_the_worse_of_index_and_stable_price() -> None:
    """Index 2,000, stable 1,900: a long that paid 1,950 gains 50 and is safe at -50; a short is as it is."""
    exposure = UnderlyingExposure(book(stable=1_900 * WAD), 0)
    exposure.add(WAD, -1_950 * WAD, 2_000 * WAD)
    exposure.add(-WAD, 2_010 * WAD, 2_000 * WAD)
    assert (exposure.gain, exposure.loss) == (60 * WAD, 0)
    assert (exposure.safe_gain, exposure.safe_loss) == (10 * WAD, -50 * WAD)


@pytest.mark.parametrize(
    ("pending", "at", "gain", "loss"),
    [(1_500, 86_400, 10, -450), (2_600, 86_400, 50, -590), (1_500, 86_401, 60, 0), (0, 0, 60, 0)],
)
def test_profits_at_the_worst_of_index_stable_and_waiting_price(pending: int, at: int, gain: int, loss: int) -> None:
    """A long that paid 1,950 and a short that got 2,010, at 2,000: at 1,500 the long is worth 450 less than it paid.

    At 2,600 the short loses 590. A jump lapses a day, its heartbeat, after it may be confirmed.
    """
    exposure = UnderlyingExposure(waited(pending * WAD), at)
    exposure.add(WAD, -1_950 * WAD, 2_000 * WAD)
    exposure.add(-WAD, 2_010 * WAD, 2_000 * WAD)
    assert (exposure.gain, exposure.loss) == (60 * WAD, 0)
    assert (exposure.safe_gain, exposure.safe_loss) == (gain * WAD, loss * WAD)


@pytest.mark.parametrize(
    ("strike", "is_call", "pending", "initial"),
    [
        (2_000, True, 2_400, 860),  # 15 % of 2,400, the mark of 100, and a rise by 400
        (2_000, True, 1_600, 400),  # 10 % of 1,600 and the mark are less than at the index
        (2_000, False, 1_600, 740),  # 15 % of 1,600, the mark, and a rise by 400
        (2_000, False, 2_400, 400),
    ],
)
def test_a_short_option_while_a_price_waits(strike: int, is_call: bool, pending: int, initial: int) -> None:
    exposure = UnderlyingExposure(waited(pending * WAD), 0)
    assert short_requirement(exposure, option(-1, strike, is_call), 100 * WAD, True) == initial * WAD
    worse = 100 + 400 * (is_call == (pending > 2_000))
    assert option(-1, strike, is_call).worse(exposure) == Bracket.of(-worse * WAD)
    assert option(1, strike, not is_call).worse(exposure) == Bracket.of((100 if worse == 100 else 0) * WAD)


def option(size: int, strike: int, is_call: bool, mark: int = 100) -> ValuedOption:
    marked = Bracket.of(mark * WAD)
    return ValuedOption(0, 1, strike * WAD, is_call, size * WAD, marked, 2_000 * WAD, WAD, 0, 1)


@pytest.mark.parametrize(
    ("strike", "is_call", "initial", "maintenance"),
    [
        (2_000, True, 400, 240),  # 15 % and 7 % of 2,000, and the mark of 100
        (2_040, True, 360, 240),  # 2 % out of the money: 13 %
        (3_000, True, 300, 240),  # no less than 10 %
        (1_900, False, 300, 260),  # 5 % out of the money; 8 % of 2,000 is more than half of the mark
    ],
)
def test_a_short_option_alone(strike: int, is_call: bool, initial: int, maintenance: int) -> None:
    short = option(-1, strike, is_call)
    assert short_requirement(PLAIN, short, 100 * WAD, True) == initial * WAD
    assert short_requirement(PLAIN, short, 100 * WAD, False) == maintenance * WAD


def test_a_spread_requires_its_largest_loss_and_an_uncovered_call_more() -> None:
    """Short a 2,000 call, long a 2,100 call: at most 100. A second short of 2,100 is uncovered: 2,000 * 120 % more.

    Each alone: 400 and 300 (5 % out of the money: 10 %, and the mark), so the lesser is 700.
    """
    spread = [option(-1, 2_000, True), option(1, 2_100, True)]
    assert largest_loss(spread) == 100 * WAD**2
    assert expiry_requirement(PLAIN, spread, True) == Bracket.of(100 * WAD)
    uncovered = [option(-1, 2_000, True), option(-1, 2_100, True), option(1, 2_100, True)]
    assert expiry_requirement(PLAIN, uncovered, True) == Bracket.of(700 * WAD)
    assert expiry_requirement(PLAIN, [option(1, 2_000, True)], True) == Bracket.of(0)


def test_exponentials_and_logarithms_against_fifty_digits() -> None:
    with mpmath.workdps(70):
        for text in ("1e-18", "0.3", "1", "5.5", "9.999"):
            exact = mpmath.exp(mpmath.mpf(text))
            assert abs(mpmath.mpf(exp(int(mpmath.mpf(text) * 2**BITS))) / 2**BITS / exact - 1) < mpmath.mpf("1e-50")
            bracket = exponential(int(mpmath.mpf(text) * WAD))
            assert bracket.low <= exact * WAD <= bracket.high <= bracket.low + 2 + exact * WAD * mpmath.mpf("6e-20")
        for larger, smaller in ((10**18 + 1, 10**18), (3, 2), (2**96, 1)):
            exact = mpmath.log(mpmath.mpf(larger) / smaller)
            assert abs(mpmath.mpf(log_ratio(larger, smaller)) / 2**BITS - exact) < mpmath.mpf("1e-50")


def test_time_values_against_fifty_digits() -> None:
    """Black's formula by mpmath, over deviations and distances that no door refuses."""
    random = Random(3)
    with mpmath.workdps(80):
        for _ in range(60):
            forward = int(10 ** random.uniform(0, 28))
            strike = min(2**96 - 1, int(forward * random.lognormvariate(0, random.choice((0.1, 1, 5)))) + 1)
            s = random.choice((random.uniform(0.001, 0.5), random.uniform(0.1, 3), random.uniform(1, 20)))
            smaller, larger = min(forward, strike), max(forward, strike)
            d = mpmath.mpf(s) / 2 - mpmath.log(mpmath.mpf(larger) / smaller) / s
            exact = smaller * mpmath.ncdf(d) - larger * mpmath.ncdf(d - s)
            ours = mpmath.mpf(time_value(forward, strike, int(mpmath.mpf(s) * 2**BITS))) / 2**BITS
            assert abs(ours - exact) <= smaller * mpmath.mpf("1e-22"), (forward, strike, s)


def test_an_option_at_the_money_and_at_its_expiry() -> None:
    """A flat vol of 50 % over a quarter of a year: s = 0.25, and 2,000 * (2 * 0.54973822483011289 - 1)"""
    flat = Svi(a=WAD // 16, ref_secs=YEAR // 4, ref_forward=2_000 * WAD)
    vol, error = implied_vol(flat, 2_000 * WAD)
    assert abs(vol - (1 << BITS) // 2) <= error
    mark = option_mark(flat, 2_000 * WAD, 2_000 * WAD, 0, YEAR // 4, True)
    assert mark.low <= 198952899320451571917 <= mark.high
    assert mark.high - mark.low < 10**6
    assert option_mark(flat, 2_000 * WAD, 1_900 * WAD, PERCENT, 0, True) == Bracket.of(100 * WAD)
