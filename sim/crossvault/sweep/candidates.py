"""Selects the scenarios that can be the worst of an account, by floats with a proven bound; few need integers.

Bound. With u = 2^-53: a size is within 3u of its float, a unit value within u. A sum of n such products, in any order,
is within (n + 5)u of the sum of their magnitudes; the static discount, the sum over at most 8 expiries and the value
that moves with the spot price add less than 20u; where a value near zero takes the other discount, the error triples.
So 4(n + 32)u times the sum of magnitudes, each at its largest over the scenarios and at the larger discount, bounds the
error of every profit; the mirror's own floors are below 2 wei. A profit more than two bounds above the least cannot be
the worst.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from crossvault.sweep import losses
from crossvault.sweep.account_arrays import AccountArrays, Flags, summed
from crossvault.sweep.losses import UnderlyingScenarios
from crossvault.sweep.population import Floats
from crossvault.sweep.quotes import Quotes

ULP = 2.0**-53
WEI = 4e-18


class Candidates(NamedTuple):
    """Scenarios to compute in integers."""

    legs: Flags  # [n, U, K] for the worst of an underlying, and of both directions where they matter
    joint: Flags  # [n, K] for the worst of all underlyings together; none where there is only one


def candidates_of(arrays: AccountArrays, at: Quotes, stresses: Mapping[int, UnderlyingScenarios]) -> Candidates:
    """The scenarios that can be the worst."""
    shape = arrays.base.shape
    shocks = next(iter(stresses.values())).shocks
    profit = np.zeros((*shape, len(shocks)))
    slack = np.zeros(shape)
    most = int(np.bincount(arrays.owner, minlength=1).max(initial=0))
    moved = arrays.moving + arrays.hedged
    heavy = (
        summed(arrays, np.where(arrays.is_linear, np.abs(arrays.size * at.moving[arrays.column]), 0.0)) + arrays.hedged
    )
    sizes = np.abs(arrays.sizes)
    for number, stress in stresses.items():
        profit[:, number], _ = losses.profits(stress, arrays.sizes, moved[:, number])
        gross = heavy[:, number] * np.abs(shocks).max()
        for sheet in stress.sheets:
            gross += sizes[:, sheet.columns] @ (sheet.shocked.max(axis=1) * max(1.0, sheet.short) + sheet.base)
        slack[:, number] = 4 * (most + 32) * ULP * gross + WEI * (gross > 0)
    return _chosen(profit, slack, shocks)


def _chosen(profit: Floats, slack: Floats, shocks: Floats) -> Candidates:
    """The scenarios within two bounds of the least."""
    reach = 2 * slack[:, :, None]
    held = slack > 0
    legs = (profit <= profit.min(axis=2, keepdims=True) + reach) & held[:, :, None]
    sides = shocks > 0, shocks < 0
    opposed = np.logical_and(*((legs & side).any(axis=(1, 2)) for side in sides)) & (held.sum(axis=1) > 1)
    rows = np.flatnonzero(opposed)  # only there do both directions of an underlying matter
    for side in sides:
        if len(rows) and side.any():
            mine = profit[rows][:, :, side]
            near = (mine <= mine.min(axis=2, keepdims=True) + reach[rows]) & held[rows][:, :, None]
            legs[np.ix_(rows, np.arange(legs.shape[1]), np.flatnonzero(side))] |= near
    total = profit.sum(axis=1)
    joint = total <= total.min(axis=1, keepdims=True) + 2 * slack.sum(axis=1)[:, None]
    return Candidates(legs, joint & (held.sum(axis=1) > 1)[:, None])
