"""What each position would ask for as an account of its own: what cross margin is measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.mirror import market
from sim.mirror.standard import Level
from sim.sweep import linear, losses
from sim.sweep.held import Crowd, doubt
from sim.sweep.linear import Strip
from sim.sweep.losses import Stress
from sim.sweep.market import Market
from sim.sweep.population import Floats
from sim.sweep.quotes import UNIT, Quotes

# initial requirement per unit [2, 2, I]: standard or portfolio margin, short or long
Units = Floats


def units_of(self: Market, at: Quotes, strips: Sequence[Strip], stresses: Mapping[int, Stress]) -> Units:
    """What one unit of each instrument asks for alone; of perps and futures by standard margin only the doubts."""
    found = np.zeros((2, 2, len(self.instruments)))
    for column, each in enumerate(self.instruments):
        number = market.underlying_of(each)
        if not market.is_option(market.kind_of(each)):
            price = self.state.prices[number]
            further = doubt(self.state.risks[number], price.confidence) + linear.depeg(self)
            found[0, :, column] = further * price.index / UNIT
    for strip in strips:
        one = -np.eye(len(strip.columns))
        found[0, 0, strip.columns] = linear.strip_requirement(strip, one, Level.INITIAL)
    for number, stress in stresses.items():
        _add_portfolio(self, at, number, stress, found)
    return found


def _add_portfolio(self: Market, at: Quotes, number: int, stress: Stress, found: Units) -> None:
    """Adds what portfolio margin asks for on one underlying."""
    columns = [i for i, each in enumerate(self.instruments) if market.underlying_of(each) == number]
    terms, risk = self.state.rules.terms, self.state.portfolio_risks[number].contingency
    feed, price = self.state.cash.terms.feed, self.state.prices[number]
    quote = self.state.prices[feed].index if feed < self.underlyings else 10**18
    factor = (terms.loss_initial + max(0, terms.peg_threshold - quote) * terms.peg_factor / UNIT) / UNIT
    for side, sign in enumerate((-1.0, 1.0)):
        sizes = np.zeros((len(columns), len(self.instruments)))
        sizes[np.arange(len(columns)), columns] = sign
        plain = np.array([not market.is_option(market.kind_of(self.instruments[each])) for each in columns])
        moved = np.where(plain, sign * at.moving[columns], 0.0)
        loss, _, _ = losses.legs(stress, *losses.profits(stress, sizes, moved))
        for place, column in enumerate(columns):
            confidence, rate = price.confidence, risk.perp_initial
            if not plain[place]:
                curve = self.curve(self.instruments[column])
                confidence = min(confidence, curve.confidence, curve.surface_confidence)
                rate = risk.option_initial if sign < 0 else 0
            beside = (rate / UNIT + doubt(risk, confidence)) * price.index / UNIT
            found[1, side, column] = loss[place] * factor + beside


def isolated(self: Market, crowd: Crowd, units: Units) -> Floats:
    """Sum [n] of the initial requirements of the positions of each account, each alone, in the account's mode."""
    plain = ~crowd.modelled[crowd.owner, crowd.underlying]
    per_unit = units[np.where(plain, 0, 1), np.where(crowd.size < 0, 0, 1), crowd.column]
    asked = np.abs(crowd.size) * per_unit
    for number in range(self.underlyings):
        mine = plain & crowd.is_linear & (crowd.underlying == number)
        size = crowd.size[mine]
        asked[mine] += np.abs(size) * crowd.mark[mine] * linear.rate(self, number, size, Level.INITIAL)
    return np.bincount(crowd.owner, asked, len(crowd.modes)).astype(float)
