"""Initial requirement of each position as an account of its own: the reference for cross margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from crossvault.mirror import market, ruleset
from crossvault.mirror.standard import Level
from crossvault.sweep import linear, losses, quotes
from crossvault.sweep.account_arrays import AccountArrays, doubt_rate
from crossvault.sweep.instruments import Market
from crossvault.sweep.linear import OptionStrip
from crossvault.sweep.losses import UnderlyingScenarios
from crossvault.sweep.population import Floats
from crossvault.sweep.quotes import UNIT, Quotes

# initial requirement per unit [2, 2, I]: standard or portfolio margin, short or long
Units = Floats


def contingency_of(self: Market, at: Quotes) -> Floats:
    """Contingency of portfolio margin per unit [2, 2, I]: by level, short or long, instrument."""
    found = np.zeros((2, 2, len(self.instruments)))
    for column, each in enumerate(self.instruments):
        number, is_option = market.underlying_of(each), market.is_option(market.kind_of(each))
        risk, confidence = (
            ruleset.risk_of(self.state.model.data, number).contingency,
            self.state.prices[number].confidence,
        )
        rates = (risk.option_initial, risk.option_maintenance) if is_option else ()
        if is_option:
            curve = self.curve(each)
            confidence = min(confidence, curve.confidence, curve.surface_confidence)
        for level, rate in zip(Level, rates or (risk.perp_initial, risk.perp_maintenance), strict=True):
            found[level, :, column] = doubt_rate(risk, confidence) if level == Level.INITIAL else 0.0
            found[level, 0, column] += rate / UNIT
            found[level, 1, column] += 0.0 if is_option else rate / UNIT  # a long option is never naked
        found[:, :, column] *= at.index[number]
    return found


def units_of(
    self: Market,
    strips: Sequence[OptionStrip],
    stresses: Mapping[int, UnderlyingScenarios],
    contingency: Floats,
    at: Quotes,
) -> Units:
    """Standalone initial requirement per unit; of perps and futures in standard margin only the surcharges."""
    found = np.zeros((2, 2, len(self.instruments)))
    for column, each in enumerate(self.instruments):
        number = market.underlying_of(each)
        if not market.is_option(market.kind_of(each)):
            price = self.state.prices[number]
            further = doubt_rate(self.state.risks[number], price.confidence) + linear.depeg(self)
            found[0, :, column] = further * price.index / UNIT
    for strip in strips:
        one = -np.eye(len(strip.columns))
        found[0, 0, strip.columns] = linear.strip_requirement(strip, one, Level.INITIAL)
    found[1] = contingency[Level.INITIAL]
    for number, stress in stresses.items():
        _add_loss(self, at, number, stress, found)
    return found


def _add_loss(self: Market, at: Quotes, number: int, stress: UnderlyingScenarios, found: Units) -> None:
    """Adds the requirement of the worst loss of each instrument on one underlying."""
    columns = [i for i, each in enumerate(self.instruments) if market.underlying_of(each) == number]
    plain = np.array([not market.is_option(market.kind_of(self.instruments[each])) for each in columns])
    factor = quotes.loss_factor(self, Level.INITIAL)
    for side, sign in enumerate((-1.0, 1.0)):
        sizes = np.zeros((len(columns), len(self.instruments)))
        sizes[np.arange(len(columns)), columns] = sign
        moved = np.where(plain, sign * at.moving[columns], 0.0)
        loss, _, _ = losses.legs(stress, *losses.profits(stress, sizes, moved))
        found[1, side, columns] += loss * factor


def isolated(self: Market, arrays: AccountArrays, units: Units) -> Floats:
    """Sum [n] of the standalone initial requirements of the positions of each account, in the account's mode."""
    plain = ~arrays.modelled[arrays.owner, arrays.underlying]
    per_unit = units[np.where(plain, 0, 1), np.where(arrays.size < 0, 0, 1), arrays.column]
    required = np.abs(arrays.size) * per_unit
    for number in range(self.underlyings):
        mine = plain & arrays.is_linear & (arrays.underlying == number)
        size = arrays.size[mine]
        required[mine] += np.abs(size) * arrays.mark[mine] * linear.rate(self, number, size, Level.INITIAL)
    return np.bincount(arrays.owner, required, len(arrays.modes)).astype(float)
