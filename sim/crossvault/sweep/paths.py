"""Price paths of a market with a shared factor, in a regime where correlation holds and one where it breaks down.

Volatilities keep their smile over moneyness; a step is half a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np

from crossvault.mirror import market as instruments
from crossvault.sweep import quotes
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Floats

STEPS, STEP_SECS = 12, 12 * 3_600
VOL, COUPLING = 0.8, 0.6  # [per root of a year] without jumps, and the correlation that the parameters assume
JUMP_RATE, JUMP = 0.08, 0.12  # per step, and its deviation
REGIMES = ("holds", "breaks")


def moves(seed: int, path: int, underlyings: int, regime: str) -> Floats:
    """Logarithms of prices over initial prices [steps, U]: a shared factor with jumps, and one of each underlying.

    Every odd path is the mirror image of the one before, so that the paths as a whole favour no direction. Both regimes
    use the same draws; where correlation breaks, every second underlying, in an order drawn for the path, follows the
    shared factor with the opposite sign.
    """
    rng = np.random.default_rng([seed, path // 2])
    scale = VOL * sqrt(STEP_SECS / quotes.YEAR)
    shared = rng.normal(0, scale, STEPS) + (rng.random(STEPS) < JUMP_RATE) * rng.normal(0, JUMP, STEPS)
    own = rng.normal(0, scale, (STEPS, underlyings))
    against = rng.permutation(underlyings) % 2 == 1
    turns = np.where(against & (regime == "breaks"), -1.0, 1.0)
    found: Floats = np.cumsum(shared[:, None] * turns * sqrt(COUPLING) + own * sqrt(1 - COUPLING), axis=0)
    return -found if path % 2 else found


def along(first: Market, path: Floats) -> Iterator[Market]:
    """Yields the market at each step of a path; changes the ledger of the first market in place and restores it."""
    state, now = first.state, first.now
    spots = [state.prices[i].index for i in range(first.underlyings)]
    dated = [each for each in first.instruments if instruments.kind_of(each) != instruments.PERP]
    named = {(instruments.underlying_of(each), instruments.expiry_of(each)): each for each in dated}
    forwards = {each: first.curve(each).forward for each in named.values()}  # one of each expiry
    for number in range(len(path) + 1):
        at = now if number == len(path) else now + (number + 1) * STEP_SECS
        factors = np.ones(first.underlyings) if number == len(path) else np.exp(path[number])
        for i, spot in enumerate(spots):
            price = state.prices[i]
            price.index = price.stable = int(spot * float(factors[i]))
            price.premium, price.published_at, price.pending = price.index // 2_000, at, 0
        for each, forward in forwards.items():
            curve = first.curve(each)
            curve.forward = int(forward * float(factors[instruments.underlying_of(each)]))
            curve.svi = curve.svi._replace(ref_forward=curve.forward)
            curve.published_at = curve.surface_published_at = at
        if number < len(path):
            yield Market(state, at, first.instruments)
