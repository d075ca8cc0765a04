"""Sweeps of many accounts: floats equal the mirror within a stated bound, the exact engine to the wei."""

from collections.abc import Iterator
from dataclasses import fields, replace
from random import Random

import numpy as np
import pytest

from crossvault.mirror import account as accounts, cash, margin, market, portfolio, ruleset, shock, valuation
from crossvault.mirror.account import PORTFOLIO, STANDARD
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.correlation import PortfolioRequirement
from crossvault.mirror.fixed import WAD
from crossvault.mirror.price_errors import StalePrice
from crossvault.mirror.shock import Scenario
from crossvault.mirror.valuation import Metrics
from crossvault.sweep import draws, exact, floats
from crossvault.sweep.floats import MarginFigures
from crossvault.sweep.instruments import Market
from crossvault.sweep.population import Amounts, Floats, Population, add_to_ledger, population_of

UNIT = float(WAD)
NEAR, GRAIN = 1e-12, 1e-13  # of a figure, and of all that is added up in it
COUNT, SEEDS = 60, range(12)
MODES = (STANDARD, PORTFOLIO)


def some(seed: int, count: int = COUNT) -> tuple[Market, Population]:
    """A stressed market, and accounts in both modes."""
    random = Random(seed)
    of = troubled(draws.random_market(random.randint(1, 4), seed), random)
    population, _ = draws.random_population(of, count, seed)
    modes = np.array([random.choice(MODES) for _ in range(count)], np.int64)
    return of, replace(population, modes=modes, cash=some_amounts(random, count))


def some_amounts(random: Random, count: int) -> Amounts:
    return Amounts.of(random.choice([0, random.randint(-(10**23), 10**24)]) for _ in range(count))


def troubled(of: Market, random: Random) -> Market:
    """The market with low price confidence, a lagging stable price, a depegged quote token, an expiry near its end."""
    state, late = of.state, random.random() < 0.5
    now = of.now + (draws.DAYS[0] * draws.DAY - random.randint(1, 3_000) if late else random.randint(0, 10**5))
    for number in range(of.underlyings):
        price = state.prices[number]
        price.stable = price.index * random.choice([100, 97, 104]) // 100
        price.premium = price.index * random.randint(-800, 800) // 10_000
        price.confidence = random.choice([WAD, WAD * random.randint(30, 90) // 100])
        price.cumulative, price.published_at = price.index * 10**9 * 2, now - random.randint(0, 60)
        for curve in (of.curve(each) for each in of.instruments if market.kind_of(each) == market.FUTURE):
            curve.published_at = curve.surface_published_at = now
            curve.surface_confidence = random.choice([WAD, WAD * random.randint(30, 90) // 100])
    if random.random() < 0.3:
        held = state.model.data  # standard margin even in portfolio mode
        state.model.data = held._replace(risks=(portfolio.PortfolioRisk(), *held.risks[1:]))
        state.model.modelled &= ~1
    if random.random() < 0.4:
        state.cash.terms = cash.DepegTerms(of.underlyings - 1, state.prices[of.underlyings - 1].index * 2, WAD // 100)
        state.cash.terms = state.cash.terms._replace(depeg_threshold=min(WAD, state.cash.terms.depeg_threshold))
    for asset in state.assets:
        asset.terms = HaircutTerms(WAD // 10, WAD // 20, random.choice([10**27, 10**22]))
        asset.decimals = random.choice([6, 18])
    return Market(state, now, of.instruments)


def by_mirror(of: Market, population: Population) -> Iterator[tuple[Metrics, PortfolioRequirement]]:
    """Metrics and portfolio requirement of every account by the mirror, one by one."""
    for each in list(of.state.holders):
        del of.state.holders[each]
    for each in add_to_ledger(of.state, population, of.instruments, now=of.now):
        verdict = valuation.book(of.state, each, now=of.now).verdict
        yield valuation.metrics(of.state, valuation.image(of.state, each), now=of.now), verdict


def gross(of: Market, population: Population) -> Floats:
    """Sum of the magnitudes of all terms of an account, at the worst scenario."""
    highest = np.array([of.state.prices[i].index / UNIT for i in range(of.underlyings)]) * 5
    under = np.array([market.underlying_of(each) for each in of.instruments])[population.columns]
    sums = np.abs(population.sizes.floats()) * highest[under] + np.abs(population.quotes.floats())
    held = population.balances.floats() * [10.0 ** (18 - each.decimals) for each in of.state.assets] * highest
    total = np.bincount(population.owners(), sums, len(population)) + held.sum(axis=1)
    found: Floats = total + np.abs(population.cash.floats())
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_floats_equal_the_mirror_within_the_stated_bound(seed: int) -> None:
    """1e-12 of every figure plus 1e-13 of the magnitudes of its terms, in both modes and at both levels."""
    of, population = some(seed)
    figures = floats.FloatEngine(of).figures(population)
    slack = GRAIN * gross(of, population) + 1e-15
    found = [metrics for metrics, _ in by_mirror(of, population)]
    for name in ("equity", "initial_equity", "maintenance_equity", "initial_requirement", "maintenance_requirement"):
        ours, theirs = np.array([getattr(each, f"{name}_wad") / UNIT for each in found]), getattr(figures, name)
        assert (np.abs(ours - theirs) <= NEAR * np.abs(ours) + slack).all(), name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exact_engine_equals_the_mirror(seed: int) -> None:
    of, population = some(seed)
    found = exact.ExactEngine(of).results(population)
    assert found == list(by_mirror(of, population))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exact_engine_equals_the_mirror_where_scenarios_tie(seed: int) -> None:
    """The same scenario twice, its opposite, scenarios without a move, without weight and a hair apart."""
    random = Random(seed)
    of, population = some(seed)
    moves = [move for each in range(4) for move in [random.randint(1, WAD // 2)] for _ in range(each)]
    moves += [-move for move in moves] + [0, moves[0] + 1]
    scenarios = tuple(
        Scenario(move, random.choice([WAD, WAD // 2, 0]), random.randrange(shock.MODES)) for move in moves
    )
    ruleset.set_rules(of.state.model, of.state.model.data.rules._replace(scenarios=scenarios))
    assert exact.ExactEngine(of).results(population) == list(by_mirror(of, population))


def test_a_future_bears_its_basis_with_and_without_options_of_its_expiry() -> None:
    """In the float engine too; every second expiry has no options."""
    for seed in (1, 2):
        whole = draws.random_market(2, seed)
        late = sorted({market.expiry_of(each) for each in whole.instruments})[::2]
        kept = tuple(each for each in whole.instruments if not is_option(each) or market.expiry_of(each) not in late)
        of, state = Market(whole.state, whole.now, kept), whole.state
        drawn, _ = draws.random_population(whole, 40, seed)
        ids = add_to_ledger(state, drawn, whole.instruments, now=of.now)
        for each in ids:
            holder = state.holders[each]
            holder.words = tuple(word for word in holder.words if accounts.instrument_in(word) in kept)
        population = population_of(state, ids, kept, now=of.now).in_mode(PORTFOLIO)
        assert any(market.kind_of(kept[column]) == market.FUTURE for column in population.columns.tolist())
        found = exact.ExactEngine(of).results(population)
        assert found == list(by_mirror(of, population))
        ours = np.array([each.metrics.initial_requirement_wad / UNIT for each in found])
        theirs = floats.FloatEngine(of).figures(population).initial_requirement
        assert (np.abs(ours - theirs) <= NEAR * np.abs(ours) + GRAIN * gross(of, population) + 1e-15).all()


def is_option(instrument: int) -> bool:
    return market.is_option(market.kind_of(instrument))


def test_tiny_and_huge_positions_are_exact() -> None:
    of = draws.random_market(2, 5)
    population, _ = draws.random_population(of, 40, 5)
    random = Random(5)
    many = len(population.columns)
    sizes = [random.choice([-1, 1]) * random.choice([1, 3, 10**9, 10**27, 2**90]) for _ in range(many)]
    population = replace(population, sizes=Amounts.of(sizes), quotes=Amounts.of([0] * many))
    assert exact.ExactEngine(of).results(population) == list(by_mirror(of, population))


@pytest.mark.parametrize("size", [1, 7, 59, 1_000])
def test_chunks_change_nothing(size: int) -> None:
    of, population = some(3)
    seen: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        seen.append((done, total))

    engine, whole = exact.ExactEngine(of), exact.ExactEngine(of).results(population)
    assert engine.results(population, size, note) == whole
    assert seen[-1] == (COUNT, COUNT) and len(seen) == -(-COUNT // size)
    figures, parts = (floats.FloatEngine(of).figures(population, each) for each in (10**6, size))
    for field in fields(MarginFigures):
        one, other = getattr(figures, field.name), getattr(parts, field.name)
        # floats against floats, added up in another order: 1e-12 of all that is added
        assert one == pytest.approx(other, rel=1e-12, abs=1e-12 * gross(of, population).max())


@pytest.mark.slow
def test_isolated_is_the_sum_of_standalone_requirements() -> None:
    """By the mirror: every position as an account of its own."""
    for seed in SEEDS:
        of, population = some(seed, 20)
        found = floats.FloatEngine(of).figures(population).isolated
        alone = [metrics.initial_requirement_wad / UNIT for metrics, _ in by_mirror(of, population.singles())]
        expected = np.bincount(population.owners(), alone, len(population))
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-13 * gross(of, population).max())


def test_one_position_has_no_efficiency_and_a_hedge_has_some() -> None:
    of = draws.random_market(1, 1)
    nothing = Amounts.of([0, 0])
    two = Population(
        np.array([PORTFOLIO] * 2), nothing, Amounts.of([0, 0], (2, 1)), np.array([0, 1, 3]), np.array([0, 0, 1]),
        Amounts.of([WAD, WAD, -WAD]), Amounts.of([0, 0, 0]),
    )  # fmt: skip
    alone, hedged = floats.FloatEngine(of).figures(two).efficiency
    assert alone == pytest.approx(0, abs=1e-12)
    assert hedged > 0.7


def test_few_scenarios_are_computed_in_integers() -> None:
    of = draws.random_market(3, 1)
    population, _ = draws.random_population(of, 500, 1)
    engine = exact.ExactEngine(of)
    engine.results(population)
    active = len(
        set(zip(population.owners().tolist(), (population.columns // draws.PER_UNDERLYING).tolist(), strict=True))
    )
    assert engine.evaluated < 3 * active < active * len(of.state.model.data.rules.scenarios) / 10


def test_a_population_is_read_back_from_the_ledger() -> None:
    of, population = some(4)
    ids = add_to_ledger(of.state, population, of.instruments, now=of.now)
    again = population_of(of.state, ids, of.instruments, now=of.now)
    assert again.sizes.ints() == population.sizes.ints() and again.quotes.ints() == population.quotes.ints()
    assert again.cash.ints() == population.cash.ints() and again.balances.ints() == population.balances.ints()
    assert (again.columns == population.columns).all() and (again.starts == population.starts).all()


def test_amounts_hold_every_integer_and_their_floats_are_near() -> None:
    random = Random(0)
    values = [0, 1, -1, WAD, -WAD, 2**96 - 1, 1 - 2**96] + [random.randint(-(2**100), 2**100) for _ in range(99)]
    values += [random.randint(-(2 * WAD), 2 * WAD) for _ in range(99)]
    amounts = Amounts.of(values)
    assert amounts.ints() == values
    for ours, theirs in zip(amounts.floats().tolist(), values, strict=True):
        assert abs(ours - theirs / WAD) <= 3 * 2.0**-53 * abs(theirs / WAD)


def test_a_stale_price_is_refused() -> None:
    of = draws.random_market(1)
    with pytest.raises(StalePrice):
        Market(of.state, of.now + draws.DAY + 1, of.instruments)


def test_an_account_without_positions_has_unbounded_health() -> None:
    of = draws.random_market(2)
    empty = Population(
        np.array([STANDARD, PORTFOLIO]), Amounts.of([5, -5]), Amounts.of([0] * 4, (2, 2)), np.zeros(3, np.int64),
        np.zeros(0, np.int64), Amounts.of([]), Amounts.of([]),
    )  # fmt: skip
    found = exact.ExactEngine(of).metrics(empty)
    assert [each.equity_wad for each in found] == [5, -5] and found[0].health_wad == margin.UNBOUNDED
    assert np.isnan(floats.FloatEngine(of).figures(empty).efficiency).all()
