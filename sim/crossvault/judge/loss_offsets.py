"""Losses of underlyings aggregated by their correlations, within the errors of the losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.rounding import WAD, ceiling

if TYPE_CHECKING:
    from crossvault.judge.scenario_value import ScenarioProfits
    from crossvault.mirror.correlation import LossTerms, Matrix
    from crossvault.mirror.shock import Scenario

_MOST_LOSS = 2**120 - 1  # above it losses are scaled before they are squared


class UnderlyingRisk(NamedTuple):
    """Loss W of one underlying [wad], the directions that it may have, and how two-sided it is [wad]."""

    loss: Bracket
    directions: frozenset[int]
    two_sided: Bracket


def underlying_risk(scenarios: Sequence[Scenario], found: ScenarioProfits) -> UnderlyingRisk:
    """W = max(0, -min(least profit, basis)), its direction and two-sidedness."""
    profits, basis = found.profits, found.basis
    least = Bracket(min(each.low for each in profits), min(each.high for each in profits))
    low, high = min(least.low, basis.low), min(least.high, basis.high)
    loss = Bracket(max(0, -high), max(0, -low))
    signs = list[int]()
    for each, scenario in zip(profits, scenarios, strict=True):
        if each.low <= least.high:
            signs.append(_sign(int(scenario.spot_shock)))
            if each.low == each.high == least.low:
                break  # the first of equal ones
    directions = set(signs) if least.low <= basis.high else set()
    if basis.low < least.high or loss.low == 0:
        directions.add(0)
    rise, fall = (_side(scenarios, profits, sign) for sign in (1, -1))
    return UnderlyingRisk(loss, frozenset(directions), _two_sided(rise, fall))


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _side(scenarios: Sequence[Scenario], profits: Sequence[Bracket], sign: int) -> Bracket:
    """The largest loss of the scenarios that move in one direction, as a magnitude [wad]."""
    side = [each for each, scenario in zip(profits, scenarios, strict=True) if _sign(int(scenario.spot_shock)) == sign]
    low, high = min((each.low for each in side), default=0), min((each.high for each in side), default=0)
    return Bracket(max(0, -high), max(0, -low))


def _two_sided(one: Bracket, other: Bracket) -> Bracket:
    """The lesser loss of both directions by the larger one, rounded up; 0 without a loss [wad]."""
    least = min(_part(one.low, other.high), _part(other.low, one.high))
    if one.high < other.low or other.high < one.low:
        lesser, larger = (one, other) if one.high < other.low else (other, one)
        return Bracket(_part(lesser.low, larger.high), _part(lesser.high, larger.low))
    return Bracket(least if one.high and other.high else 0, WAD if one.high and other.high else 0)


def _part(lesser: int, larger: int) -> int:
    return min(WAD, ceiling(lesser * WAD, larger)) if larger else 0


def correlation(matrix: Matrix, place: int, one: UnderlyingRisk, other: UnderlyingRisk, breakdown: int) -> Bracket:
    """Correlation of two losses: alike + breakdown, at most 1, or in opposite directions what is left of an offset."""
    ends = list[int]()
    for a in one.directions:
        for b in other.directions:
            if a * b >= 0:
                ends.append(min(WAD, int(matrix.alike[place]) + breakdown))
                continue
            lowered = int(matrix.opposite[place]) - breakdown
            if lowered < 0 and breakdown:
                lowered = 0
            for mine, theirs in ((one.two_sided.low, other.two_sided.low), (one.two_sided.high, other.two_sided.high)):
                ends.append(ceiling(-lowered * (WAD - mine) * (WAD - theirs), WAD**2))
    return Bracket(min(ends), max(ends))


def combined(risks: Mapping[int, UnderlyingRisk], matrix: Matrix, breakdown: int) -> Bracket:
    """min(U, root of max(0, sum of W^2 + 2 * sum over pairs of rho * W * W)), rounded up [wad].

    Losses that are too large to be squared are scaled first, each rounded up.
    """
    total = total_loss(risks)
    scale = Bracket(1 + total.low // _MOST_LOSS, 1 + total.high // _MOST_LOSS)
    low = high = 0
    numbers = sorted(risks)
    for j in numbers:
        outer = _scaled(risks[j].loss, scale)
        low, high = low + outer.low**2, high + outer.high**2
        for i in numbers:
            if i < j and risks[i].loss.high and risks[j].loss.high:
                rho = correlation(matrix, j * (j - 1) // 2 + i, risks[i], risks[j], breakdown)
                inner = _scaled(risks[i].loss, scale)
                least, most = inner.low * outer.low, inner.high * outer.high
                low += ceiling(2 * rho.low * (most if rho.low < 0 else least), WAD)
                high += ceiling(2 * rho.high * (least if rho.high < 0 else most), WAD)
    return Bracket(min(total.low, _root(low) * scale.low), min(total.high, _root(high) * scale.high))


def _scaled(loss: Bracket, scale: Bracket) -> Bracket:
    return Bracket(ceiling(loss.low, scale.high), ceiling(loss.high, scale.low))


def _root(radicand: int) -> int:
    """Square root, rounded up; 0 of what is not positive."""
    return 1 + isqrt(radicand - 1) if radicand > 0 else 0


def total_loss(risks: Mapping[int, UnderlyingRisk]) -> Bracket:
    """U: the sum of the losses of all underlyings [wad]."""
    return Bracket(sum(each.loss.low for each in risks.values()), sum(each.loss.high for each in risks.values()))


def joint_loss(found: Mapping[int, ScenarioProfits], count: int) -> Bracket:
    """J: the largest loss of all underlyings in one scenario [wad]."""
    low = high = 0
    for k in range(count):
        low = min(low, sum(each.profits[k].low for each in found.values()))
        high = min(high, sum(each.profits[k].high for each in found.values()))
    return Bracket(-high, -low)


def offset_loss(
    found: Mapping[int, ScenarioProfits], risks: Mapping[int, UnderlyingRisk], terms: LossTerms, matrix: Matrix,
    count: int, is_initial: bool,
) -> Bracket:  # fmt: skip
    """Loss after risk offsets: max(combined, J, phi * U), at initial also where correlations break down [wad]."""
    phi = int(terms.phi_initial if is_initial else terms.phi_maintenance)
    total, joint = total_loss(risks), joint_loss(found, count)
    parts = [joint, Bracket(ceiling(total.low * phi, WAD), ceiling(total.high * phi, WAD)), combined(risks, matrix, 0)]
    if is_initial:
        parts.append(combined(risks, matrix, int(terms.breakdown)))
    return Bracket(max(each.low for each in parts), max(each.high for each in parts))
