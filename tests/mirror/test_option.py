"""Laws of option prices: parity to the wei, bounds of a price, and greeks as derivatives."""

from dataclasses import dataclass
from math import erfc, exp, log, pi, sqrt
from random import Random
from typing import Any

import pytest
from hypothesis import assume, example, given, strategies as st
from mpmath import mp

from crossvault.mirror import option
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.option import YEAR, OptionGreeks, OptionTerms
from laws import LAW, amounts, ratios
from precise import DIGITS, black, derivatives, deviation

PART = 10**17  # a price is within 1e-17 of the smaller of forward and strike, and two wei
FLOAT = 1e-11  # precision of a greek in float64, relative to its size

expiries = st.integers(0, 2**40)
anything = st.builds(OptionTerms, amounts, amounts, amounts, expiries, ratios, st.booleans())


@st.composite
def traded(draw: st.DrawFn, *, discount: st.SearchStrategy[int] = ratios) -> OptionTerms:
    """An option whose strike is near enough to its forward to have a time value."""
    forward = draw(st.integers(10**12, CAP // 8))
    strike = forward * draw(st.integers(WAD // 8, 8 * WAD)) // WAD
    vol, secs = draw(st.integers(WAD // 100, 50 * WAD)), draw(st.integers(1, 10 * YEAR))
    return OptionTerms(forward, strike, vol, secs, draw(discount), draw(st.booleans()))


options = st.one_of(traded(), anything)


def error(terms: OptionTerms) -> int:
    """Allowed distance of a price from the formula, in wei."""
    return min(terms.forward_wad, terms.strike_wad) // PART + 2


@LAW
@given(options)
@example(OptionTerms(CAP, 1, CAP, 2**40, WAD, True))
@example(OptionTerms(1, CAP, WAD, YEAR, WAD, False))
def test_a_call_less_a_put_is_the_forward_less_the_strike_to_the_wei(terms: OptionTerms) -> None:
    whole = terms._replace(discount_wad=WAD)
    call, put = (option.price(whole._replace(is_call=each)) for each in (True, False))
    assert call - put == terms.forward_wad - terms.strike_wad
    call, put = (option.price(terms._replace(is_call=each)) for each in (True, False))
    apart = (terms.forward_wad - terms.strike_wad) * terms.discount_wad
    assert abs((call - put) * WAD - apart) < WAD


@LAW
@given(options)
def test_a_call_is_a_put_with_forward_and_strike_exchanged(terms: OptionTerms) -> None:
    other = terms._replace(forward_wad=terms.strike_wad, strike_wad=terms.forward_wad, is_call=not terms.is_call)
    assert option.price(terms) == option.price(other)


@LAW
@given(options)
def test_a_price_is_between_the_payoff_and_its_upper_bound(terms: OptionTerms) -> None:
    forward, strike, discount = terms.forward_wad, terms.strike_wad, terms.discount_wad
    price = option.price(terms)
    assert option.payoff(forward, strike, terms.is_call) * discount // WAD <= price
    assert price <= (forward if terms.is_call else strike) * discount // WAD


@LAW
@given(options, st.sampled_from(["vol_wad", "secs", "forward_wad", "strike_wad"]))
def test_without_time_or_vol_or_price_an_option_is_its_payoff(terms: OptionTerms, name: str) -> None:
    nothing: dict[str, Any] = {name: 0}
    terms = terms._replace(**nothing)
    payoff = option.payoff(terms.forward_wad, terms.strike_wad, terms.is_call)
    assert option.price(terms) == payoff * terms.discount_wad // WAD


@LAW
@given(traded(discount=st.just(WAD)), st.sampled_from(["vol_wad", "secs"]), st.integers(0, 10 * WAD))
def test_a_price_rises_with_vol_and_time(terms: OptionTerms, name: str, more: int) -> None:
    more = more if name == "vol_wad" else more % YEAR
    moved: dict[str, Any] = {name: getattr(terms, name) + more}
    later = terms._replace(**moved)
    assert option.price(later) >= option.price(terms) - 2 * error(terms)


@LAW
@given(traded(discount=st.just(WAD)), amounts)
def test_a_call_falls_with_its_strike_and_a_put_rises(terms: OptionTerms, more: int) -> None:
    higher = terms._replace(strike_wad=min(CAP, terms.strike_wad + more))
    first, second = (terms, higher) if terms.is_call else (higher, terms)
    assert option.price(first) >= option.price(second) - error(terms) - error(higher)


@LAW
@given(options)
@example(OptionTerms(CAP, 1, 50 * WAD, YEAR, WAD, False))
@example(OptionTerms(1, CAP, 50 * WAD, YEAR, WAD, True))
@example(OptionTerms(10**22, 10**22 + 1, 1, 1, WAD, True))
@example(OptionTerms(10**22, 10**22 + 10**5, 6000, YEAR // 9, WAD, True))
def test_a_price_is_within_its_error(terms: OptionTerms) -> None:
    with mp.workdps(DIGITS):
        assert abs(option.price(terms) - black(terms)) <= error(terms)


@LAW
@given(anything)
@example(OptionTerms(CAP, CAP, CAP, 2**40, WAD, True))
@example(OptionTerms(0, 0, 0, 0, 0, False))
@example(OptionTerms(CAP, 1, 1, 1, 1, False))
def test_greeks_fit_for_every_input_within_the_bounds_of_the_doors(terms: OptionTerms) -> None:
    delta, gamma, vega, theta = option.greeks(terms)
    assert (0 <= delta <= terms.discount_wad) if terms.is_call else (-terms.discount_wad <= delta <= 0)
    assert 0 <= gamma < 2**180
    assert 0 <= vega < 2**105
    assert abs(theta) < 2**165


def test_at_expiry_the_delta_is_that_of_the_payoff() -> None:
    for call, deltas in ((True, (0, WAD // 2, WAD)), (False, (-WAD, -WAD // 2, 0))):
        for forward, delta in zip((99, 100, 101), deltas, strict=True):
            terms = OptionTerms(forward * WAD, 100 * WAD, WAD, 0, WAD, call)
            assert option.greeks(terms) == OptionGreeks(delta, 0, 0, 0)


@LAW
@given(traded(discount=st.just(WAD)), st.integers(-(10**6), 10**6), st.integers(0, 66))
def test_delta_and_density_are_within_their_errors(terms: OptionTerms, apart: int, bits: int) -> None:
    """Including options near their strikes with hardly any deviation left."""
    near = terms._replace(strike_wad=terms.forward_wad + apart, vol_wad=2**bits, secs=YEAR)
    for each in (terms, near):
        found = option.greeks(each)
        with mp.workdps(DIGITS):
            spread, sign = deviation(each), 1 if each.is_call else -1
            d = mp.log(mp.mpf(each.forward_wad) / each.strike_wad) / spread + spread / 2
            allowed = 5 * (1 + 1 / spread)
            assert abs(found.delta_wad - sign * mp.ncdf(sign * d) * WAD) <= allowed
            breadth = each.forward_wad * spread / WAD
            assert abs(found.gamma_wad * breadth - mp.npdf(d) * WAD) <= allowed + breadth


@dataclass
class Floats:
    """Price and greeks of Black's formula in float64, and the numbers that set the scale of their errors."""

    terms: OptionTerms

    def __post_init__(self) -> None:
        f, k, vol, self.d = (each / WAD for each in (*self.terms[:3], self.terms.discount_wad))
        self.t = self.terms.secs / YEAR
        s = vol * sqrt(self.t)
        d1 = log(f / k) / s + s / 2
        sign = 1 if self.terms.is_call else -1
        density = exp(-d1 * d1 / 2) / sqrt(2 * pi)
        upper, lower = erfc(-sign * d1 / sqrt(2)) / 2, erfc(-sign * (d1 - s) / sqrt(2)) / 2
        price = sign * self.d * (f * upper - k * lower)
        decay = self.d * f * density * vol / (2 * sqrt(self.t))
        rate = -log(self.d) / self.t
        self.greeks = (
            sign * self.d * upper, self.d * density / (f * s), self.d * f * density * sqrt(self.t), rate * price - decay
        )  # fmt: skip
        self.scales = (1, 1 / (f * s), f * sqrt(self.t), f * vol / sqrt(self.t) + rate * (f + k))


@LAW
@given(traded(discount=st.integers(WAD // 1000, WAD)))
def test_greeks_equal_the_float64_formula(terms: OptionTerms) -> None:
    assume(option.deviation(terms.vol_wad, terms.secs) >= WAD // 1000)
    floats = Floats(terms)
    for ours, theirs, scale in zip(option.greeks(terms), floats.greeks, floats.scales, strict=True):
        assert abs(ours / WAD - theirs) <= FLOAT * scale + 2 / WAD


def test_greeks_are_the_derivatives_of_the_formula() -> None:
    random = Random(1)
    for _ in range(40):
        forward = random.randint(10**18, 10**24)
        strike = int(forward * random.uniform(0.5, 2))
        vol, secs = random.randint(WAD // 5, 3 * WAD), random.randint(10**5, 10**8)
        discount = random.randint(WAD // 2, WAD - 1)
        terms = OptionTerms(forward, strike, vol, secs, discount, random.random() < 0.5)
        with mp.workdps(DIGITS):
            found = zip(option.greeks(terms), derivatives(terms), Floats(terms).scales, strict=True)
            for ours, theirs, scale in found:
                assert abs(ours - theirs * WAD) <= 300 * max(scale, 1)


def test_figures_on_paper() -> None:
    """At the money without discount a price is F * (2 * N(s / 2) - 1): with s = 0.2 that is F * 0.0796556745540580."""
    terms = OptionTerms(100 * WAD, 100 * WAD, WAD // 5, YEAR, WAD, True)
    assert option.deviation(terms.vol_wad, terms.secs) == WAD // 5
    assert option.price(terms) // 1000 == 7_965567455405796
    assert option.payoff(110 * WAD, 100 * WAD, True) == option.payoff(90 * WAD, 100 * WAD, False) == 10 * WAD
    assert option.discount(0, YEAR) == option.discount(WAD, 0) == WAD
    assert option.discount(WAD // 2, 2 * YEAR) == 367879441171442321


@LAW
@given(amounts, expiries)
def test_a_deviation_is_a_root_rounded_once(vol: int, secs: int) -> None:
    found = option.deviation(vol, secs)
    assert found * found * YEAR <= vol * vol * secs < (found + 1) ** 2 * YEAR


@LAW
@given(amounts, expiries)
def test_a_discount_falls_with_rate_and_time_and_never_exceeds_one(rate: int, secs: int) -> None:
    assert option.discount(rate, secs) <= WAD
    assert option.discount(rate, secs + YEAR) <= option.discount(rate, secs)
    assert option.discount(rate + WAD, secs) <= option.discount(rate, secs)


@pytest.mark.parametrize("strike", [1, CAP])
def test_far_strikes_and_vols_keep_the_limits(strike: int) -> None:
    """A vol beyond all bounds prices a call at the forward and a put at the strike."""
    for vol in (10_000 * WAD, CAP):
        assert option.price(OptionTerms(10**21, strike, vol, YEAR, WAD, True)) == 10**21
        assert option.price(OptionTerms(10**21, strike, vol, YEAR, WAD, False)) == strike
