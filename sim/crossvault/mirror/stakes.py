"""Exposures of portfolio margin: collateral, options and futures of a valued account, by underlying and expiry."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.mirror import fixed, portfolio, standard
from crossvault.mirror.margin import Holding
from crossvault.mirror.portfolio import (
    ExpiryHoldings,
    ExpiryOption as PortfolioLine,
    Hedge,
    PortfolioExposure,
    PortfolioRisk,
    Stake,
)
from crossvault.mirror.standard import HeldFuture, HeldOption


def gather(
    stakes: Sequence[Stake],
    holdings: Sequence[Holding],
    lines: Sequence[HeldOption],
    futures: Sequence[HeldFuture],
    risks: Sequence[PortfolioRisk],
) -> list[PortfolioExposure]:
    """Exposures of an account, by number of the underlying."""
    found = [PortfolioExposure() for _ in stakes]
    places = firsts(lines)
    for i, (stake, risk) in enumerate(zip(stakes, risks, strict=False)):
        if not portfolio.is_modelled(risk):
            continue
        found[i].risk = risk
        found[i].stake = stake
        found[i].hedges = hedges(holdings, i, stake.confidence_wad)
        found[i].terms = terms(lines, places, futures, i)
    return found


def hedges(holdings: Sequence[Holding], underlying: int, confidence_wad: int) -> list[Hedge]:
    """Collateral of an account that an underlying prices."""
    found = []
    for held in holdings:
        if not is_hedge(held, underlying):
            continue
        value_wad = fixed.min(held.value_wad, held.terms.cap_wad)
        found.append(Hedge(value_wad, held.terms.haircut_initial, held.terms.haircut_maintenance, confidence_wad))
    return found


def is_hedge(held: Holding, underlying: int) -> bool:
    """Whether a collateral balance is positive and priced by an underlying, at a fresh price."""
    return held.value_wad != 0 and held.faded_wad == 0 and held.underlying == underlying


def firsts(lines: Sequence[HeldOption]) -> list[int]:
    """Place of the first option of the same expiry, by place of the option."""
    found: list[int] = []
    for i, line in enumerate(lines):
        place = 0
        while place < i and (found[place] != place or not standard.is_same_term(lines[place], line)):
            place += 1
        found.append(place)
    return found


def terms(
    lines: Sequence[HeldOption], places: Sequence[int], futures: Sequence[HeldFuture], underlying: int
) -> list[ExpiryHoldings]:
    """Options and futures of an account on an underlying, by expiry."""
    own = [i for i, line in enumerate(lines) if places[i] == i and line.underlying == underlying]
    alone = [i for i, held in enumerate(futures) if held.underlying == underlying and is_alone(lines, futures, i)]
    return [term(lines, places, futures, i) for i in own] + [bare(futures, i) for i in alone]


def term(
    lines: Sequence[HeldOption], places: Sequence[int], futures: Sequence[HeldFuture], first: int
) -> ExpiryHoldings:
    """Options and futures of one expiry."""
    sample = lines[first]
    return ExpiryHoldings(
        fixed_wad=sample.fixed_wad,
        floating_wad=sample.forward_wad - sample.fixed_wad,
        rate_wad=sample.rate_wad,
        secs=sample.secs,
        confidence_wad=sample.confidence_wad,
        lines=[
            PortfolioLine(line.strike_wad, line.is_call, line.size, line.vol_wad, line.mark_wad)
            for line, place in zip(lines[first:], places[first:], strict=True)
            if place == first
        ],
        future_size=future_size(futures, sample.underlying, sample.expiry),
    )


def bare(futures: Sequence[HeldFuture], first: int) -> ExpiryHoldings:
    """Futures of an expiry without options."""
    sample = futures[first]
    return ExpiryHoldings(
        fixed_wad=sample.fixed_wad,
        floating_wad=sample.floating_wad,
        secs=sample.secs,
        future_size=future_size(futures, sample.underlying, sample.expiry),
    )


def future_size(futures: Sequence[HeldFuture], underlying: int, expiry: int) -> int:
    """Sum of the sizes of the futures of an expiry."""
    return sum(held.size for held in futures if held.underlying == underlying and held.expiry == expiry)


def is_alone(lines: Sequence[HeldOption], futures: Sequence[HeldFuture], place: int) -> bool:
    """Whether a future is the first position in its expiry, and no option has that expiry."""
    held = futures[place]
    if any(line.underlying == held.underlying and line.expiry == held.expiry for line in lines):
        return False
    return all(each.underlying != held.underlying or each.expiry != held.expiry for each in futures[:place])
