"""Portfolio margin of one underlying against float64 written from the specification, and its laws."""

from dataclasses import replace
from random import Random

import pytest

from crossvault.mirror import exp, fixed, option, portfolio, shock
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import ExpiryHoldings, ExpiryOption, PortfolioExposure
from crossvault.mirror.shock import ABSOLUTE, DOWN, LINEAR, STILL, UP, RateRisk, Scenario
from crossvault.mirror.standard import Level
from portfolio_floats import (
    a_risk,
    an_expiry,
    an_exposure,
    basis_usd,
    contingency_usd,
    gross_usd,
    profit_usd,
    some_scenarios,
    term_usd,
    vol_usd,
    wad,
)

UNIT = float(WAD)
BOOKS = 300
NEAR, GRAIN = 1e-9, 1e-14  # of the result, and of all that floats add up
PLAIN = RateRisk(long_base=WAD, short_base=WAD)  # no static discount
MODES = (STILL, UP, DOWN, LINEAR, ABSOLUTE)


def books(count: int = BOOKS) -> list[tuple[Random, PortfolioExposure, list[Scenario]]]:
    made = []
    for seed in range(count):
        random = Random(seed)
        made.append((random, an_exposure(random), some_scenarios(random)))
    return made


def assert_near(ours: int, theirs: float, gross: float = 0.0) -> None:
    assert abs(ours / UNIT - theirs) <= NEAR * abs(theirs) + GRAIN * gross + 1e-15, (ours / UNIT, theirs)


def test_outcomes_and_contingencies_equal_the_float64_formulas() -> None:
    for _, stake, scenarios in books():
        profits, basis = portfolio.outcomes(stake, scenarios)
        gross = gross_usd(stake)
        for profit, scenario in zip(profits, scenarios, strict=True):
            assert_near(profit, profit_usd(stake, scenario), gross * (1 + scenario.spot_shock / UNIT))
        assert_near(basis, basis_usd(stake), gross * 4)
        for level in Level:
            assert_near(portfolio.contingency(stake, level), contingency_usd(stake, level))


def test_vols_equal_the_float64_formulas() -> None:
    for seed in range(BOOKS):
        random = Random(seed)
        risk, term = a_risk(random), an_expiry(random, 3_000)
        shape = shock.shape(risk.vol, risk.skew, term.secs)
        forward_log = exp.ln(term.fixed_wad + term.floating_wad)
        for line in term.lines:
            apart = exp.ln(line.strike_wad) - forward_log
            for mode in MODES:
                ours = shock.vol(shape, line.vol_wad, apart, mode)
                assert_near(ours, vol_usd(risk, line.vol_wad / UNIT, mode, apart / UNIT, term.secs))


def test_the_value_of_an_expiry_is_the_sum_of_its_option_prices() -> None:
    """To the wei: a shared logarithm and deviation change no price."""
    for random, stake, _ in books():
        for term in stake.terms:
            sheet, move = portfolio.ready(term, stake.risk), wad(random.uniform(-0.9, 4))
            forward = shock.forward(term.fixed_wad, term.floating_wad, move)
            terms = (
                (
                    line,
                    option.OptionTerms(
                        forward, line.strike_wad, line.vol_wad, term.secs, sheet.discount_wad, line.is_call
                    ),
                )
                for line in term.lines
            )
            value = sum(line.size * option.price(each) for line, each in terms)
            assert portfolio.shocked(sheet, move, STILL) == value
            assert portfolio.shocked(sheet, 0, STILL) == sheet.value_wad2
            assert_near(value // WAD, term_usd(stake.risk, term, move / UNIT, STILL), gross_usd(stake) * 5)


def test_the_profit_is_zero_without_a_shock_and_a_static_discount() -> None:
    for _, stake, _ in books(100):
        stake.risk = stake.risk._replace(rate=PLAIN)
        assert portfolio.outcomes(stake, [Scenario(0, WAD, STILL)])[0] == (0,)


def test_perps_and_collateral_alone_move_with_the_spot_price_exactly() -> None:
    for _, stake, scenarios in books(100):
        stake.terms = []
        held = stake.stake.net_wad2 + sum(each.value_wad for each in stake.hedges) * WAD
        profits, basis = portfolio.outcomes(stake, scenarios)
        for profit, each in zip(profits, scenarios, strict=True):
            exact = held * each.spot_shock * each.dampening
            assert profit * WAD**3 <= exact < (profit + 2) * WAD**3
        assert basis == 0


def test_one_more_scenario_never_lowers_the_loss() -> None:
    for random, stake, scenarios in books():
        profits, basis = portfolio.outcomes(stake, [*scenarios, *some_scenarios(random)])
        few = profits[: len(scenarios)]
        assert portfolio.loss(min(few), basis) <= portfolio.loss(min(profits), basis)
        assert few == portfolio.outcomes(stake, scenarios)[0]
        assert profits[portfolio.worst(profits)] == min(profits)
        assert portfolio.worst(profits) == profits.index(min(profits))


def test_the_loss_is_the_larger_of_scenarios_and_basis_and_never_negative() -> None:
    for least, basis, loss in ((-5, -3, 5), (-3, -5, 5), (4, 0, 0), (4, -2, 2), (0, 0, 0)):
        assert portfolio.loss(least, basis) == loss


def test_dampening_scales_the_profit_of_a_scenario() -> None:
    for random, stake, scenarios in books(100):
        share = wad(random.uniform(0, 1))
        full = [each._replace(dampening=WAD) for each in scenarios]
        part = [each._replace(dampening=share) for each in scenarios]
        for whole, damped in zip(portfolio.outcomes(stake, full)[0], portfolio.outcomes(stake, part)[0], strict=True):
            assert fixed.mul_div_floor(whole, share, WAD) <= damped <= fixed.mul_div_floor(whole, share, WAD) + 1
        still = [each._replace(dampening=0) for each in scenarios]
        assert set(portfolio.outcomes(stake, still)[0]) == {0}


def test_a_skew_never_gains_and_both_lists_are_independent() -> None:
    for _, stake, _ in books(100):
        options = replace(stake, stake=replace(stake.stake, net_wad2=0), hedges=[])
        skews = [Scenario(move, WAD, mode) for move in (-WAD // 5, 0, WAD // 5) for mode in (LINEAR, ABSOLUTE)]
        assert all(profit <= 0 for profit in portfolio.outcomes(options, skews)[0])


def test_losses_and_contingencies_scale_with_all_sizes() -> None:
    for _, stake, scenarios in books(100):
        profits, basis = portfolio.outcomes(stake, scenarios)
        more, deeper = portfolio.outcomes(scaled(stake, 3), scenarios)
        for one, three in zip(profits, more, strict=True):
            assert 3 * one <= three <= 3 * one + 3
        assert 3 * basis <= deeper <= 3 * basis + 3 * len(stake.terms)
        for level in Level:
            grown, least = (portfolio.contingency(each, level) for each in (scaled(stake, 3), stake))
            assert least <= grown <= 3 * least


def scaled(stake: PortfolioExposure, by: int) -> PortfolioExposure:
    terms = [
        replace(t, lines=[replace(each, size=each.size * by) for each in t.lines], future_size=t.future_size * by)
        for t in stake.terms
    ]
    hedges = [replace(each, value_wad=each.value_wad * by) for each in stake.hedges]
    linear = replace(stake.stake, gross_size_wad=stake.stake.gross_size_wad * by, net_wad2=stake.stake.net_wad2 * by)
    return replace(stake, stake=linear, hedges=hedges, terms=terms)


def test_a_lower_confidence_or_a_higher_haircut_never_lowers_a_contingency() -> None:
    """V7."""
    for random, stake, _ in books():
        doubted = replace(stake.stake, confidence_wad=up_to(random, stake.stake.confidence_wad))
        uncertain = replace(stake, stake=doubted)
        uncertain.terms = [replace(t, confidence_wad=up_to(random, t.confidence_wad)) for t in stake.terms]
        uncertain.hedges = [
            replace(each, confidence_wad=up_to(random, each.confidence_wad), haircut_initial=each.haircut_initial + 1,
                    haircut_maintenance=each.haircut_maintenance + random.randrange(WAD // 10))
            for each in stake.hedges
        ]  # fmt: skip
        for level in Level:
            assert portfolio.contingency(stake, level) <= portfolio.contingency(uncertain, level)
        assert portfolio.contingency(stake, Level.MAINTENANCE) <= portfolio.contingency(stake, Level.INITIAL)
        assert portfolio.doubt(stake, Level.MAINTENANCE) == 0


def up_to(random: Random, high: int) -> int:
    return random.randint(0, high)


def test_naked_shorts_pair_within_a_strike_and_a_type() -> None:
    calls = [
        ExpiryOption(100, True, -5),
        ExpiryOption(100, True, 3),
        ExpiryOption(100, False, 9),
        ExpiryOption(90, True, 9),
        ExpiryOption(90, False, -1),
    ]
    assert portfolio.naked(calls) == 2 + 1
    assert portfolio.naked(calls[::-1]) == 2 + 1
    assert portfolio.naked([]) == 0


def test_static_discounts_lower_assets_and_raise_liabilities() -> None:
    for seed in range(BOOKS):
        random = Random(seed)
        risk, rate, secs = a_risk(random).rate, wad(random.uniform(0, 1)), random.randrange(10**8)
        discount = option.discount(rate, secs)
        long, short = shock.discounts(risk, rate, secs, discount)
        later = shock.discounts(risk, rate, secs + 10**6, option.discount(rate, secs + 10**6))
        assert long <= WAD <= short and later[0] <= long
        assert short * discount <= WAD * WAD + discount


def test_the_volatility_shock_is_plain_at_thirty_days() -> None:
    for seed in range(50):
        risk = a_risk(Random(seed)).vol
        assert shock.breadth(risk, shock.PIVOT) == WAD
        assert shock.breadth(risk, 1) == shock.breadth(risk, risk.floor_secs) >= shock.breadth(risk, shock.PIVOT - 1)
        assert shock.breadth(risk, 10 * shock.PIVOT) <= WAD


def test_the_fixed_part_of_a_forward_does_not_move() -> None:
    assert shock.forward(7 * WAD, 0, -WAD // 2) == 7 * WAD
    assert shock.forward(6 * WAD, 2 * WAD, WAD // 2) == 9 * WAD
    term = ExpiryHoldings(3_000 * WAD, 0, 0, 60, WAD, [ExpiryOption(2_900 * WAD, True, -WAD, WAD // 2, 0)])
    sheet = portfolio.ready(term, a_risk(Random(0)))
    assert len({portfolio.shocked(sheet, move, UP) for move in (-WAD // 2, 0, 3 * WAD)}) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_long_option_gains_from_vol_and_a_skew_leaves_the_forward_unchanged(mode: int) -> None:
    for seed in range(50):
        random = Random(seed)
        risk = a_risk(random)
        shape = shock.shape(risk.vol, risk.skew, random.randint(DAY, 400 * DAY))
        vol = wad(random.uniform(0.5, 2))
        found = shock.vol(shape, vol, 0, mode)
        assert found == vol if mode in (STILL, LINEAR, ABSOLUTE) else (found > vol) == (mode == UP)
        assert shock.vol(shape, vol, WAD, LINEAR) == shock.vol(shape, vol, WAD, LINEAR) >= vol
        assert shock.vol(shape, vol, -WAD, LINEAR) <= vol <= shock.vol(shape, vol, -WAD, ABSOLUTE)
        assert shock.vol(shape, vol, -WAD, ABSOLUTE) == shock.vol(shape, vol, WAD, ABSOLUTE)


DAY = 86_400
