"""Portfolio margin across underlyings against float64 written from the specification, and its laws."""

from dataclasses import replace
from itertools import permutations
from random import Random

from crossvault.mirror import correlation, fixed, portfolio
from crossvault.mirror.correlation import Matrix, ScenarioLossTable, UnderlyingLoss
from crossvault.mirror.fixed import WAD
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import Level
from portfolio_floats import (
    PAIRS,
    a_matrix,
    an_exposure,
    basis_usd,
    contingency_usd,
    gross_usd,
    loss_usd,
    profit_usd,
    some_loss_terms,
    some_scenarios,
    wad,
)

UNIT = float(WAD)
BOOKS = 250
NEAR, GRAIN = 1e-9, 1e-13
NONE = UnderlyingLoss()


def some_legs(random: Random, count: int | None = None) -> list[UnderlyingLoss]:
    made = []
    for _ in range(random.randint(1, 8) if count is None else count):
        loss = random.choice([0, random.getrandbits(random.randint(1, 177)), wad(random.uniform(0, 10**6))])
        made.append(UnderlyingLoss(loss, random.choice([-1, 0, 1]), random.choice([0, WAD, wad(random.uniform(0, 1))])))
    return made


def an_outlook(legs: list[UnderlyingLoss], random: Random) -> ScenarioLossTable:
    """Losses of underlyings, with an attainable joint loss."""
    return ScenarioLossTable([], [], legs, random.randint(0, correlation.sum(legs)))


def uniform(alike: int, opposite: int) -> Matrix:
    return Matrix((alike,) * PAIRS, (opposite,) * PAIRS)


def test_the_loss_of_many_underlyings_equals_the_float64_formula() -> None:
    for seed in range(60):
        random = Random(seed)
        stakes, scenarios = [an_exposure(random) for _ in range(random.randint(1, 4))], some_scenarios(random)
        stakes = [stake for stake in stakes if stake.stake.net_wad2 or stake.terms or stake.hedges]
        matrix, terms = a_matrix(random), some_loss_terms(random)
        outlook = correlation.outlook(stakes, scenarios)
        profits = [[profit_usd(stake, each) for each in scenarios] for stake in stakes]
        basis, shocks = [basis_usd(stake) for stake in stakes], [each.spot_shock for each in scenarios]
        if not stakes or ambiguous(outlook):
            continue
        gross = sum(map(gross_usd, stakes))
        quote = wad(random.uniform(0.9, 1.01))
        for level in Level:
            theirs = loss_usd(profits, basis, shocks, (matrix, terms), level)
            loss_wad = correlation.loss(outlook, terms, matrix, level)
            assert abs(loss_wad / UNIT - theirs) <= NEAR * theirs + GRAIN * gross, (seed, level)
            factor = (terms.loss_initial if level == Level.INITIAL else terms.loss_maintenance) / UNIT
            if level == Level.INITIAL:
                factor += max(0.0, 0.98 - quote / UNIT) * 2
            theirs = theirs * factor + sum(contingency_usd(stake, level) for stake in stakes)
            ours = correlation.requirement(stakes, loss_wad, terms, quote, level) / UNIT
            assert abs(ours - theirs) <= NEAR * theirs + GRAIN * gross * 3, (seed, level)


def ambiguous(outlook: ScenarioLossTable) -> bool:
    """Whether two scenarios lose the same to nine digits, so that floats may pick the other as the worst."""
    for profits in outlook.profits_wad:
        low, *others = sorted(profits)
        if any(each - low <= abs(low) // 10**9 for each in others):
            return True
    return False


def test_one_underlying_gives_its_loss_exactly() -> None:
    for seed in range(BOOKS):
        random = Random(seed)
        stakes = [an_exposure(random)]
        scenarios, matrix, terms = some_scenarios(random), a_matrix(random), some_loss_terms(random)
        outlook = correlation.outlook(stakes, scenarios)
        profits, basis = portfolio.outcomes(stakes[0], scenarios)
        alone = portfolio.loss(min(profits), basis)
        assert outlook.legs[0].loss_wad == alone
        for level in Level:
            assert correlation.loss(outlook, terms, matrix, level) == alone
        for leg in some_legs(random, 1):
            assert correlation.combined([NONE, leg, NONE], matrix, terms.breakdown) == leg.loss_wad


def test_the_loss_is_between_its_bounds() -> None:
    for seed in range(BOOKS):
        random = Random(seed)
        outlook, terms, matrix = an_outlook(some_legs(random), random), some_loss_terms(random), a_matrix(random)
        total = correlation.sum(outlook.legs)
        losses = [correlation.loss(outlook, terms, matrix, level) for level in Level]
        for loss, phi in zip(losses, (terms.phi_initial, terms.phi_maintenance), strict=True):
            assert max(outlook.joint_wad, total * phi // WAD) <= loss <= total
        assert losses[Level.MAINTENANCE] <= losses[Level.INITIAL]


def test_the_joint_loss_of_real_accounts_is_no_more_than_the_sum() -> None:
    for seed in range(60):
        random = Random(seed)
        stakes, scenarios = [an_exposure(random) for _ in range(3)], some_scenarios(random)
        outlook = correlation.outlook(stakes, scenarios)
        assert outlook.joint_wad <= correlation.sum(outlook.legs)
        sums = [0] * len(scenarios)
        for profits in outlook.profits_wad:
            sums = [total + profit for total, profit in zip(sums, profits, strict=True)] if profits else sums
        assert outlook.joint_wad == max(0, -min(sums))


def test_the_loss_does_not_fall_when_correlations_break_down_further() -> None:
    """V7."""
    for seed in range(BOOKS):
        random = Random(seed)
        outlook, terms, matrix = an_outlook(some_legs(random), random), some_loss_terms(random), a_matrix(random)
        last = 0
        for slip in range(0, 2 * WAD, WAD // 7):
            loss = correlation.loss(outlook, terms._replace(breakdown=slip), matrix, Level.INITIAL)
            assert last <= loss
            last = loss
        assert last >= correlation.combined(outlook.legs, uniform(WAD, 0), 0)


def test_underlyings_have_no_order() -> None:
    for seed in range(60):
        random = Random(seed)
        legs, matrix = some_legs(random, 4), a_matrix(random)
        wanted = correlation.combined(legs, matrix, 0)
        for order in permutations(range(4)):
            halves = [[half[pair(order[i], order[j])] for j in range(4) for i in range(j)] for half in matrix]
            turned = Matrix(tuple(halves[0]), tuple(halves[1]))
            assert correlation.combined([legs[place] for place in order], turned, 0) == wanted


def pair(a: int, b: int) -> int:
    """Place of an unordered pair of underlyings in the matrix."""
    low, high = sorted((a, b))
    return high * (high - 1) // 2 + low


def test_correlations_of_one_and_of_zero_on_paper() -> None:
    up, down = UnderlyingLoss(3 * WAD, 1, 0), UnderlyingLoss(4 * WAD, -1, 0)
    same = UnderlyingLoss(4 * WAD, 1, 0)
    assert correlation.combined([up, same], uniform(WAD, 0), 0) == 7 * WAD
    assert correlation.combined([up, same], uniform(0, 0), 0) == 5 * WAD
    assert correlation.combined([up, down], uniform(WAD, WAD), 0) == WAD
    assert correlation.combined([up, down], uniform(WAD, 0), 0) == 5 * WAD
    assert correlation.combined([up, replace(down, two_sided_wad=WAD)], uniform(WAD, WAD), 0) == 5 * WAD
    assert correlation.combined([up, replace(down, direction=0)], uniform(WAD, WAD), 0) == 7 * WAD
    assert correlation.combined([up, down], uniform(0, WAD), WAD) == 5 * WAD
    assert correlation.combined([up, replace(down, loss_wad=3 * WAD)], uniform(0, WAD), 0) == 0


def test_a_risk_offset_shrinks_with_two_sidedness() -> None:
    for seed in range(BOOKS):
        random = Random(seed)
        a, b = (replace(leg, direction=side) for leg, side in zip(some_legs(random, 2), (1, -1), strict=True))
        matrix = a_matrix(random)
        a.two_sided_wad //= 2
        doubted = replace(a, two_sided_wad=a.two_sided_wad + random.randint(0, WAD // 2))
        assert correlation.combined([a, b], matrix, 0) <= correlation.combined([doubted, b], matrix, 0)
        assert correlation.combined([a, b], matrix, 0) == correlation.combined([b, a], matrix, 0)


def test_v8_fails_where_a_hedge_becomes_two_sided() -> None:
    """Joining can raise the loss across underlyings, so V8 is a law of one underlying and of sums.

    1 against 1 at 0.8 loses √(1 + 1 - 2 · 0.8) = 0.63. One of them adds a loss of 3 both ways: it then loses 4
    when prices fall and 2 when they rise, is two-sided by half, and √(16 + 1 - 2 · 4 · 0.8 · 0.5) = 3.71 > 3.63.
    """
    moves = [Scenario(WAD // 10, WAD, 0), Scenario(-WAD // 10, WAD, 0)]
    long, short, straddle = ([WAD, -WAD], [-WAD, WAD], [-3 * WAD, -3 * WAD])

    def loss(*held: list[int]) -> int:
        outlook = ScenarioLossTable(
            [], [], [correlation.leg(moves, each, 0) for each in held], correlation.joint(held, 2)
        )
        return correlation.loss(outlook, correlation.LossTerms(), uniform(WAD, WAD * 8 // 10), Level.MAINTENANCE)

    hedged, whole = loss(long, short), loss([-2 * WAD, -4 * WAD], short)
    assert (hedged - 1) ** 2 < 4 * WAD**2 // 10 <= hedged**2
    assert (whole - 1) ** 2 < 138 * WAD**2 // 10 <= whole**2
    assert loss(straddle) == 3 * WAD
    assert whole > hedged + loss(straddle)


def test_huge_losses_are_squared_without_overflow_and_rounded_up() -> None:
    for seed in range(BOOKS):
        random = Random(seed)
        legs, matrix = [replace(leg, direction=1) for leg in some_legs(random, 8)], uniform(WAD // 3, 0)
        squares = sum(leg.loss_wad**2 for leg in legs)
        pairs = sum(2 * a.loss_wad * b.loss_wad for j, b in enumerate(legs) for a in legs[:j])
        exact = squares + pairs * (WAD // 3) // WAD
        found = correlation.combined(legs, matrix, 0)
        assert exact <= found * found
        spare = 2 + (found >> 100) + found // 10**17
        assert found <= spare or (found - spare) ** 2 <= exact


def test_direction_and_two_sidedness_on_paper() -> None:
    moves = [Scenario(move, WAD, 0) for move in (WAD // 10, -WAD // 10, 0)]
    assert correlation.leg(moves, [-2, -8, -1], 0) == UnderlyingLoss(8, -1, WAD // 4)
    assert correlation.leg(moves, [-8, -2, -1], -3) == UnderlyingLoss(8, 1, WAD // 4)
    assert correlation.leg(moves, [-2, -1, -9], 0) == UnderlyingLoss(9, 0, WAD // 2)
    assert correlation.leg(moves, [-2, -1, 5], -7) == UnderlyingLoss(7, 0, WAD // 2)
    assert correlation.leg(moves, [2, 1, 5], 0) == UnderlyingLoss()
    assert correlation.leg(moves, [2, -3, 5], 0) == UnderlyingLoss(3, -1, 0)
    assert correlation.leg(moves, [-3, 2, -7], 0) == UnderlyingLoss(7, 0, 0)
    assert correlation.leg(moves, [-3, -3, -3], 0) == UnderlyingLoss(3, 1, WAD)  # the first of equal ones


def test_losses_in_the_same_scenario_are_not_offset() -> None:
    assert correlation.joint([[-5, 2], [-4, 9], []], 2) == 9
    assert correlation.joint([[5, 2], [4, -1]], 2) == 0
    assert correlation.joint([], 3) == 0
    flat = uniform(0, WAD)
    outlook = ScenarioLossTable([], [], [UnderlyingLoss(6, 1, 0), UnderlyingLoss(6, -1, 0)], 4)
    terms = correlation.LossTerms(0, 0, 0, WAD, WAD, 0, 0)
    assert correlation.loss(outlook, terms, flat, Level.MAINTENANCE) == 4
    assert correlation.loss(outlook, terms._replace(phi_maintenance=WAD // 2), flat, Level.MAINTENANCE) == 6


def test_the_loss_factor_grows_with_the_depeg_of_the_quote_token() -> None:
    terms = correlation.LossTerms(0, 0, 0, WAD, wad(0.8), wad(0.98), 2 * WAD)
    assert correlation.loss_factor(terms, WAD, Level.INITIAL) == WAD
    assert correlation.loss_factor(terms, wad(0.9), Level.INITIAL) == wad(1.16)
    assert correlation.loss_factor(terms, wad(0.9), Level.MAINTENANCE) == wad(0.8)
    assert fixed.mul_div_up(7, correlation.loss_factor(terms, 0, Level.INITIAL), WAD) == 21
