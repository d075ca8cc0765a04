"""Random parameters, all of them valid."""

from __future__ import annotations

from random import Random

from crossvault.mirror import (
    cash,
    collateral,
    correlation,
    fixed,
    liquidation,
    market,
    oracle,
    portfolio,
    ruleset,
    shock,
)

WAD = fixed.WAD
_GRACE_SECS = (30, 0, 120, 0)
_VALUE_BANDS = (0, 0, WAD // 2, 2 * WAD)
_FADING_SECS = (0, 600, 86_400, 30 * 86_400)


def risk(random: Random) -> market.MarketRisk:
    """Risk parameters of an underlying."""
    initial = random.randrange(2, 30) * WAD // 100
    maintenance = initial * random.randrange(30, 101) // 100
    return market.MarketRisk(
        heartbeat_secs=random.choice((600, 3_600, 7_200, 86_400)),
        mark_band=random.randrange(6) * WAD // 100,
        trade_band=random.randrange(1, 11) * WAD // 100,
        initial_rate=initial,
        base_rate=random.randrange(5) * WAD // 100,
        impact_rate=random.randrange(0, WAD),
        maintenance_rate=maintenance,
        maintenance_scale=random.randrange(WAD + 1),
        spread_rate=random.randrange(maintenance + 1),
        profit_weight=random.choice((0, WAD // 2, WAD)),
        confidence_threshold=random.choice((0, WAD * 4 // 10, WAD)),
        confidence_factor=random.randrange(WAD + 1),
        funding_base=random.choice((0, WAD // 10_000, -WAD // 1_000, WAD // 100)),
        funding_cap=random.choice((0, WAD // 1_000, WAD // 50, WAD // 50, WAD)),
        skew_scale=random.choice((1_000 * WAD, 10**6 * WAD)),
    )


def options(random: Random) -> market.OptionRisk:
    """Risk parameters of the options on an underlying; the band of their value by their most spot rate."""
    percent = random.randrange(5, 30)
    most = percent * WAD // 100
    least = most * random.randrange(101) // 100
    unpaired = random.choice((WAD, WAD * 11 // 10, 3 * WAD))
    return market.OptionRisk(
        heartbeat_secs=random.choice((3_600, 21_600, 86_400)),
        trade_band=random.choice((WAD // 100, WAD // 20, WAD // 5)),
        max_spot_rate=most,
        min_spot_rate=least,
        call_rate=random.randrange(least + 1),
        put_rate=random.randrange(least + 1),
        put_mark_rate=random.randrange(WAD + 1),
        put_initial_scale=random.choice((WAD, WAD * 105 // 100, 2 * WAD)),
        unpaired_initial=unpaired,
        unpaired_maintenance=random.randrange(WAD, unpaired + 1),
        value_band=_VALUE_BANDS[percent % 4],
    )


def guard(random: Random) -> oracle.PriceGuard:
    """Guard of an underlying against a manipulated print."""
    return oracle.PriceGuard(
        max_jump=random.choice((0, WAD // 100, WAD // 20, WAD // 20, WAD // 10)),
        confirm_secs=random.choice((0, 1, 60, 60, 300)),
        stable_rate=random.choice((0, WAD // 10_000, WAD // 100_000, WAD // 1_000)),
        surface_move=random.choice((0, WAD // 4, WAD // 2, WAD)),
    )


def interest(random: Random) -> cash.Interest:
    """Interest of borrowers."""
    return cash.Interest(
        min_rate=random.choice((0, WAD // 50, WAD)),
        low_slope=random.randrange(4 * WAD + 1),
        high_slope=random.randrange(5 * WAD + 1),
        optimal_utilisation=random.choice((0, WAD // 20, WAD // 5, WAD * 8 // 10, WAD)),
        reserve_factor=random.choice((0, WAD // 10, WAD // 10, WAD // 2, WAD)),
    )


def haircut(random: Random) -> collateral.HaircutTerms:
    """Haircuts and cap of a collateral, and the time in which its stale price fades, by its haircut."""
    percent = random.randrange(51)
    initial = percent * WAD // 100
    cap = random.choice((fixed.CAP, fixed.CAP, 4_000 * WAD))
    return collateral.HaircutTerms(initial, initial * random.randrange(101) // 100, cap, _FADING_SECS[percent % 4])


def depeg(random: Random) -> cash.DepegTerms:
    """Depeg terms of the quote token; the feed may be unknown."""
    feed = random.choice((cash.NO_FEED, 2, 2, 9))
    return cash.DepegTerms(feed, WAD, WAD * 12 // 10)


def auction(random: Random) -> liquidation.AuctionTerms:
    """Terms of an auction."""
    start = random.choice((WAD, WAD * 98 // 100))
    percent, part = random.randrange(31), random.randrange(60, 101)
    knee = start * part // 100
    return liquidation.AuctionTerms(
        buffer_wad=percent * WAD // 100,
        start_wad=start,
        knee_wad=knee,
        fast_secs=random.choice((60, 600)),
        slow_secs=random.choice((600, 7_200)),
        insolvent_secs=random.choice((60, 600)),
        grace_secs=_GRACE_SECS[percent % 4],
        floor_wad=(0, 0, knee // 2, knee)[part % 4],
    )


def portfolio_risk(random: Random) -> portfolio.PortfolioRisk:
    """Parameters of portfolio margin of an underlying."""
    perp, option = random.randrange(5) * WAD // 100, random.randrange(3) * WAD // 100
    return portfolio.PortfolioRisk(
        shock.VolRisk(
            range_up=random.randrange(20, 60) * WAD // 100,
            range_down=random.randrange(10, 40) * WAD // 100,
            min_vol=random.choice((0, WAD * 45 // 100)),
            short_power=WAD * 3 // 10,
            long_power=WAD * 13 // 100,
            floor_secs=random.choice((1, 86_400)),
        ),
        shock.SkewRisk(
            WAD * 15 // 100, -WAD // 20, WAD * 15 // 100, -WAD // 20, WAD // 100, 4 * WAD, WAD * 6 // 10, -WAD // 10
        ),
        shock.RateRisk(WAD * 95 // 100, WAD, WAD * 8 // 100, WAD * 104 // 100, WAD // 2, WAD * 8 // 100),
        portfolio.BasisRisk(WAD * 45 // 1000, -WAD * 45 // 1000, WAD // 2, 2 * WAD),
        portfolio.Contingency(
            perp, perp * random.randrange(101) // 100, option, option // 2, random.choice((0, WAD * 55 // 100)), WAD
        ),
    )


def rules(random: Random) -> ruleset.Rules:
    """Rules of portfolio margin: moves up and down with every mode of vols, tails dampened."""
    most = random.randrange(5, 25)
    moves = [(move * WAD // 100, WAD) for move in (most, most // 2, 0, -(most // 2), -most)]
    scenarios = [shock.Scenario(move, dampening, mode) for move, dampening in moves for mode in (0, 1, 2)]
    scenarios += [shock.Scenario(0, WAD, 3), shock.Scenario(0, WAD, 4)]
    scenarios += [shock.Scenario(move * WAD // 100, WAD // 5, 1) for move in (-66, -33, 50, 200)]
    random.shuffle(scenarios)
    alike = tuple(random.randrange(-WAD, WAD + 1) for _ in range(correlation.MAX_PAIRS))
    opposite = tuple(random.randrange(WAD + 1) for _ in range(correlation.MAX_PAIRS))
    loss = random.randrange(100, 130) * WAD // 100
    phi = random.randrange(60) * WAD // 59  # from nothing to all of the sum, so that it decides in many walks
    how = correlation.LossTerms(random.randrange(50) * WAD // 100, phi, phi // 2, loss, loss * 8 // 10, WAD, 2 * WAD)
    return ruleset.Rules(tuple(scenarios[: random.randrange(8, 22)]), how, correlation.Matrix(alike, opposite))
