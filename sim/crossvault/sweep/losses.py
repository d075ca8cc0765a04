"""Scenario profits and correlated losses over arrays, from unit values.

Floats in units of the quote token. Unit values come from the specification (`quotes`) or from the mirror's integers
(`units`); the sums are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from crossvault.sweep.population import Floats, Ints


class ExpiryLosses(NamedTuple):
    """One expiry: places of its options, and their unit values, and its future, -1 without one."""

    columns: Ints  # [C]
    base: Floats  # [C] mark
    shocked: Floats  # [C, D] in each different pair of spot shock and vol mode
    apart: Floats  # [C, 2] with the forward alone up and down
    long: float  # static discounts of assets and liabilities
    short: float
    basis_rate: float
    future: int
    moves: Floats  # [2] of the forward alone, up and down


class UnderlyingScenarios(NamedTuple):
    """The scenarios of one underlying."""

    sheets: Sequence[ExpiryLosses]
    pairs: Ints  # [K] which of the D pairs
    shocks: Floats  # [K]
    dampening: Floats  # [K]
    skews: Ints  # [K] 1 for a skew shock


class Correlations(NamedTuple):
    """Correlations of the losses of underlyings."""

    alike: Floats  # by pair, the second underlying first
    opposite: Floats
    breakdown: float
    phi: tuple[float, float]  # initial, maintenance


def profits(stress: UnderlyingScenarios, sizes: Floats, moved: Floats) -> tuple[Floats, Floats]:
    """Profit [n, K] by scenario and basis loss [n], from sizes [n, I] and the value [n] that moves with spot."""
    total = np.outer(moved, stress.shocks)
    basis = np.zeros(len(moved))
    for sheet in stress.sheets:
        futures = sizes[:, sheet.future] if sheet.future >= 0 else np.zeros(len(sizes))
        rows = np.flatnonzero(sizes[:, sheet.columns].any(axis=1) | (futures != 0))
        mine = sizes[np.ix_(rows, sheet.columns)]
        base = mine @ sheet.base
        value = mine @ sheet.shocked
        value *= np.where(value > 0, sheet.long, sheet.short)
        change = value[:, stress.pairs] - base[:, None]
        skews = stress.skews == 1
        change[:, skews] = -np.abs(change[:, skews])
        total[rows] += change
        moves = (mine @ sheet.apart + np.outer(futures[rows], sheet.moves)).min(axis=1) - base
        basis[rows] += np.minimum(moves, 0) * sheet.basis_rate
    return total * stress.dampening, basis


def legs(stress: UnderlyingScenarios, profit: Floats, basis: Floats) -> tuple[Floats, Floats, Floats]:
    """Loss, direction and two-sidedness [n] in one underlying."""
    place = profit.argmin(axis=1)
    least = profit[np.arange(len(profit)), place]
    loss = np.maximum(0.0, -np.minimum(least, basis))
    direction = np.where((least <= basis) & (loss > 0), np.sign(stress.shocks)[place], 0.0)
    rise, fall = (
        np.maximum(0.0, -profit[:, side].min(axis=1, initial=0.0)) for side in (stress.shocks > 0, stress.shocks < 0)
    )
    larger = np.maximum(rise, fall)
    two_sided = np.minimum(rise, fall) / np.where(larger == 0, 1.0, larger)
    return loss, direction, two_sided


def combined(loss: Floats, direction: Floats, two_sided: Floats, how: Correlations, slip: float) -> Floats:
    """Loss [n] of all underlyings by their correlations, from [n, U]."""
    total = (loss**2).sum(axis=1)
    for j in range(loss.shape[1]):
        for i in range(j):
            place = j * (j - 1) // 2 + i
            alike = min(1.0, how.alike[place] + slip)
            lowered = how.opposite[place] - slip
            opposite = max(0.0, lowered) if slip else lowered
            rho = np.where(
                direction[:, i] * direction[:, j] < 0,
                -opposite * (1 - two_sided[:, i]) * (1 - two_sided[:, j]),
                alike,
            )
            total += 2 * rho * loss[:, i] * loss[:, j]
    found: Floats = np.minimum(np.sqrt(np.maximum(total, 0.0)), loss.sum(axis=1))
    return found


def account_loss(
    loss: Floats, direction: Floats, two_sided: Floats, joint: Floats, how: Correlations
) -> tuple[Floats, Floats]:
    """Loss [n] at the initial and at the maintenance level."""
    whole, plain = loss.sum(axis=1), combined(loss, direction, two_sided, how, 0.0)
    found = np.maximum(plain, joint)
    initial = np.maximum(found, how.phi[0] * whole)
    broken = combined(loss, direction, two_sided, how, how.breakdown)
    return np.maximum(initial, broken), np.maximum(found, how.phi[1] * whole)
