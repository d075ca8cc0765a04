"""Margin metrics of an account in portfolio margin, on paper."""

from crossvault.differential import doors
from crossvault.mirror import correlation, portfolio, shock
from crossvault.mirror.account import PORTFOLIO
from crossvault.mirror.fixed import WAD
from crossvault.mirror.ruleset import Rules
from small_market import BROKER, PERP, TAKER, SmallMarket, trade

RULES = Rules(
    (shock.Scenario(spot_shock=-WAD // 10, dampening=WAD),),
    correlation.LossTerms(loss_initial=WAD, loss_maintenance=WAD // 2),
    correlation.Matrix((0,) * 28, (0,) * 28),
)
RISK = portfolio.PortfolioRisk(
    shock.VolRisk(floor_secs=1), shock.SkewRisk(min_width=10**9), shock.RateRisk(), portfolio.BasisRisk(),
    portfolio.Contingency(perp_initial=WAD // 50, perp_maintenance=WAD // 100),
)  # fmt: skip


def test_one_perp_loses_what_its_scenario_loses_and_what_is_contingent() -> None:
    """At 1,500 less 10 % it loses 150, of one underlying the loss at both levels; on top are 2 % and 1 % of 1,500.

    Required are 150 + 30 and 150 / 2 + 15. Of 10,000 in cash 9,820 are free; leverage is 1,500 / 10,000.
    """
    made = SmallMarket(maker=10_000, taker=10_000)
    for change in (doors.RULES.schedule, doors.RULES.enact):
        made.apply("governor", change, rules=RULES)
    for of_risk in (doors.PORTFOLIO.schedule, doors.PORTFOLIO.enact):
        made.apply("governor", of_risk, underlying=0, risk=RISK)
    assert made.attempt_call(BROKER, trade(PERP, 1, 1_500 * WAD)).refusal is None
    made.apply("taker", doors.set_mode, account=TAKER, mode=PORTFOLIO)
    [found] = made.model.metrics([TAKER], made.at)
    assert (found.mode, found.equity_wad) == (PORTFOLIO, 10_000 * WAD)
    assert (found.sum_wad, found.loss_initial_wad, found.loss_maintenance_wad) == (150 * WAD, 150 * WAD, 150 * WAD)
    assert (found.initial_requirement_wad, found.maintenance_requirement_wad) == (180 * WAD, 90 * WAD)
    assert (found.free_collateral_wad, found.leverage_wad) == (9_820 * WAD, 15 * WAD // 100)
