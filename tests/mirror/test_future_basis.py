"""Futures bear the basis of their expiry: on paper, and as the calls less the puts that equal them."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp
from random import Random

import pytest

from crossvault.mirror import option, portfolio
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import BasisRisk, ExpiryHoldings, ExpiryOption, PortfolioExposure, PortfolioRisk, Stake
from crossvault.mirror.shock import STILL, Scenario
from portfolio_floats import a_risk, wad

UNIT, YEAR = 100 * WAD, 365 * 86_400
PAPER = BasisRisk(WAD * 45 // 1000, -WAD * 45 // 1000, WAD // 2, 2 * WAD)
RISK = a_risk(Random(1))._replace(basis=PAPER)
SPOT = 2_000 * WAD
MOVES = [Scenario(each, WAD, STILL) for each in (WAD * 18 // 100, -WAD * 18 // 100)]


def future(size: int, secs: int, forward: int = SPOT) -> ExpiryHoldings:
    return ExpiryHoldings(0, forward, 0, secs, 0, [], size)


def lost(perp: int, *terms: ExpiryHoldings) -> int:
    """W of a perp and of futures at the spot price; net: sizes of all at the forward."""
    net = sum(each.future_size * each.floating_wad for each in terms) + perp * SPOT
    profits, basis = portfolio.outcomes(PortfolioExposure(RISK, Stake(SPOT, net), [], terms), MOVES)
    return portfolio.loss(min(profits), basis)


@pytest.mark.parametrize(("perp", "sizes", "usd"), [
    (0, [(-1, YEAR)], 360.0),  # a future alone: 18 % of 2,000, above 90 * 2.5
    (0, [(1, 2 * YEAR)], 405.0),  # from 1.75 years on the basis: 90 * 4.5
    (1, [(-1, YEAR)], 225.0),  # a perp against it: 90 * 2.5
    (-1, [(1, YEAR // 2)], 135.0),  # 90 * 1.5
    (0, [(1, YEAR // 2), (-1, YEAR)], 360.0),  # a spread: 90 * 1.5 + 90 * 2.5
    (1, [(1, YEAR // 2), (-2, YEAR)], 135.0 + 450.0),  # each expiry by itself, whatever its side
    (1, [], 360.0),  # a perp alone has no basis
])  # fmt: skip
def test_what_futures_lose_is_what_paper_has(perp: int, sizes: list[tuple[int, int]], usd: float) -> None:
    assert lost(perp * UNIT, *(future(size * UNIT, secs) for size, secs in sizes)) == wad(100 * usd)


def synthetic(term: ExpiryHoldings, size: int, strike: int, vol: int) -> Sequence[ExpiryOption]:
    """A call less a put of a strike."""
    discount, found = option.discount(term.rate_wad, term.secs), []
    for is_call, sign in ((True, 1), (False, -1)):
        terms = option.OptionTerms(term.fixed_wad + term.floating_wad, strike, vol, term.secs, discount, is_call)
        found.append(ExpiryOption(strike, is_call, sign * size, vol, option.price(terms)))
    return found


def basis_of(term: ExpiryHoldings, risk: PortfolioRisk) -> int:
    return portfolio.basis(portfolio.ready(term, risk), risk.basis)


def drawn(seed: int) -> tuple[Random, ExpiryHoldings, PortfolioRisk, int, int]:
    """An expiry whose forward may be partly fixed, a strike and a vol."""
    random = Random(seed)
    forward, known = wad(random.uniform(1, 10**5)), random.choice([0.0, random.random()])
    fixed = int(forward * known)
    term = ExpiryHoldings(fixed, forward - fixed, 0, random.randint(60, 10**8), 0, [])
    return random, term, a_risk(random), int(forward * random.uniform(0.2, 4)), wad(random.uniform(0.05, 3))


def test_a_future_loses_what_a_call_less_a_put_loses_to_the_wei() -> None:
    for seed in range(300):
        random, term, risk, strike, vol = drawn(seed)
        size = random.choice([-1, 1]) * random.randint(1, 10**24)
        options = synthetic(term, size, strike, vol)
        assert basis_of(replace(term, future_size=size), risk) == basis_of(replace(term, lines=options), risk)
        assert basis_of(replace(term, lines=options, future_size=-size), risk) == 0
        other = synthetic(term, random.randint(-(10**24), 10**24), strike * 2, vol)
        whole, apart = replace(term, lines=[*options, *other]), replace(term, lines=other, future_size=size)
        assert basis_of(whole, risk) == basis_of(apart, risk)


def test_a_future_equals_as_many_calls_less_puts_as_one_over_the_discount() -> None:
    for seed in range(200):
        random, term, risk, strike, vol = drawn(seed)
        term.rate_wad = wad(random.uniform(0, 0.3))
        discount = option.discount(term.rate_wad, term.secs)
        size = random.choice([-1, 1]) * random.randint(WAD, 10**22)
        options = synthetic(term, size * WAD // discount, strike, vol)
        ours, theirs = basis_of(replace(term, future_size=size), risk), basis_of(replace(term, lines=options), risk)
        years, rate = term.secs / YEAR, term.rate_wad / WAD
        part = risk.basis.add_rate / WAD + risk.basis.year_rate / WAD * years
        wei = abs(size) / WAD * exp(rate * years) * (8 + 40e-18 * (strike + 3 * term.fixed_wad + 3 * term.floating_wad))
        assert abs(ours - theirs) <= wei * part + 10
