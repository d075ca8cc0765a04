"""Laws of prices: a mark stays in its band, and a print is used while it is fresh."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, strategies as st

from crossvault.mirror import oracle
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.market import MarketRisk
from crossvault.mirror.refusal import Refusal
from laws import FEEDER, LAW, amounts, feed_of, ratios

NOW = 1_700_000_000
premiums = st.integers(-(2**95) + 1, 2**95 - 1)
bands = st.integers(0, WAD - 1)


@LAW
@given(st.integers(1, CAP), premiums, bands)
def test_the_mark_stays_in_its_band_and_above_zero(index: int, premium: int, band: int) -> None:
    mark = oracle.mark(index, premium, band)
    move = min(Fraction(abs(premium)), Fraction(index * band, WAD))
    assert mark >= 1
    assert move - 1 < abs(mark - index) <= move
    assert (mark - index) * premium >= 0


@LAW
@given(st.integers(10**6, CAP), bands, ratios)
def test_a_premium_inside_the_band_counts_in_full(index: int, band: int, share: int) -> None:
    premium = index * band // WAD * share // WAD
    assume(premium < 2**95)
    assert oracle.mark(index, premium, band) == index + premium
    assert oracle.mark(index, -premium, band) == index - premium


def test_the_mark_on_paper() -> None:
    """2000 with a premium of 150 and a band of 5 % is marked 2100; with -30 it is marked 1970."""
    assert oracle.mark(2000 * WAD, 150 * WAD, WAD // 20) == 2100 * WAD
    assert oracle.mark(2000 * WAD, -30 * WAD, WAD // 20) == 1970 * WAD


@LAW
@given(st.integers(0, 100_000), st.integers(1, 100_000))
def test_a_print_is_fresh_up_to_its_heartbeat(age: int, heartbeat: int) -> None:
    assert oracle.is_fresh(NOW - age, heartbeat, now=NOW) == (age <= heartbeat)
    assert not oracle.is_fresh(0, 2**64, now=NOW)


@LAW
@given(amounts, premiums, st.integers(0, WAD + 1), st.integers(NOW - 5, NOW + 1), st.integers(NOW - 5, NOW))
def test_a_print_is_stored_whole_or_refused_whole(
    index: int, premium: int, confidence: int, published_at: int, last_at: int
) -> None:
    self = feed_of(MarketRisk())
    price = self.ledger.prices[0]
    price.index, price.published_at = 7, last_at
    before = price.values()
    print_ = 0, index, premium, confidence, published_at
    if index == 0 or confidence > WAD or not last_at <= published_at <= NOW:
        with pytest.raises(Refusal):
            self.publish_price(*print_, sender=FEEDER, now=NOW)
        assert price.values() == before
    else:
        self.publish_price(*print_, sender=FEEDER, now=NOW)
        assert (price.index, price.premium, price.confidence, price.published_at) == print_[1:]
        assert (price.stable, price.pending, price.pending_at) == (index, 0, 0)
