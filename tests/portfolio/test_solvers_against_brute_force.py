"""Solvers of margin on random portfolios against brute force: both neighbours, and many other places."""

from random import Random

import pytest

from crossvault.mirror import account as accounts, market
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level
from crossvault.portfolio import solver, solver_bends
from crossvault.portfolio.price_shifts import moved
from crossvault.portfolio.solver import MarginCase
from crossvault.portfolio.solver_cash import cash_needed
from crossvault.portfolio.solver_hedge import hedge
from crossvault.portfolio.solver_prices import LiquidationBuffer, cash_until, liquidation_price
from crossvault.portfolio.solver_trades import TradeCheck, largest_trade
from crossvault.scenario.source import ScenarioError
from margin_cases import METHODS, loaded, margin_case, staged
from random_portfolios import portfolio_text

FEW, ALL = (0, 1, 2, 4, 5, 7), 500


def drawn(seed: int) -> tuple[Random, MarginCase]:
    """A random portfolio by a random method; the exact methods of standard margin are drawn more often."""
    random = Random(f"solvers {seed}")
    while True:
        try:
            stage = staged(loaded(portfolio_text(random)))
        except ScenarioError:  # a name twice, a size of nothing
            continue
        method = random.choice(
            ["isolated", "isolated", "standard", "standard", "standard", *random.choices(METHODS, k=3)]
        )
        case = margin_case(stage, method)
        return random, case


def check(seed: int) -> None:
    random, case = drawn(seed)
    count = 40 if case.method.rules is not None else 150
    cash(case)
    trades(random, case, count)
    prices(random, case, count)
    hedges(random, case, count)
    assert not case.model.journal.entries


def cash(case: MarginCase) -> None:
    """The closed form: in a vault without interest, the buffer that is missing."""
    for level in Level:
        needed = cash_needed(case, level)
        assert needed == -case.margin(level).buffer_wad
        assert case.margin(level, solver.deposit(needed)).buffer_wad == 0
        assert case.margin(level, solver.deposit(needed - 1)).buffer_wad < 0


def trades(random: Random, case: MarginCase, count: int) -> None:
    held = [*accounts.instruments(case.holder), market.perp(0), market.perp(1)]
    instrument, side = random.choice(held), random.choice([1, -1])
    found = largest_trade(case, instrument, side)
    check, size = TradeCheck(case, instrument, side), abs(found.size)
    assert size == 0 or accepted(check.surplus(size))
    assert found.refusal == check.refusal(size + 1) and not accepted(check.surplus(size + 1))
    most = max(size, 10**9, 100 * abs(check.held))
    further = {size + each for each in range(2, 12)} | {random.randrange(size + 1, 3 * most) for _ in range(count // 2)}
    further |= {size + int(most * 10 ** random.uniform(-12, 3)) + 1 for _ in range(count // 2)}
    again = [each for each in further if accepted(check.surplus(each))]
    # a size that is worth less than a wei of quote may be accepted again by roundings: within 1e-13 of quote
    assert [each for each in again if found.price_wad >= WAD or (each - size) * found.price_wad > 10**5 * WAD] == []


def accepted(surplus: int | None) -> bool:
    return surplus is not None and surplus >= 0


def prices(random: Random, case: MarginCase, count: int) -> None:
    index_wad, buffers = case.state.prices[0].index, LiquidationBuffer(case)
    found = liquidation_price(case, 0)
    for side, place in ((-1, found.down_wad), (1, found.up_wad)):
        end = place or moved(index_wad, (1 if side < 0 else 1_000) * WAD // 100, WAD)
        if place is not None:
            assert buffers.at_price(0, place) < 0
            assert place == index_wad or buffers.at_price(0, place - side) >= 0
        between = [random.randrange(*sorted((index_wad, end))) for _ in range(count) if index_wad != end]
        between = [each for each in between if each != place]
        assert [each for each in between if buffers.at_price(0, each) < 0] == []
    until(random, case, count)


def until(random: Random, case: MarginCase, count: int) -> None:
    """No price before the given one fails with the cash; with one unit less one does."""
    index_wad = case.state.prices[0].index
    price_wad = moved(index_wad, random.randrange(10, 200) * WAD // 100, WAD)
    if price_wad == index_wad:
        return
    side = 1 if price_wad > index_wad else -1
    found, last = cash_until(case, 0, price_wad), price_wad - side
    way = [index_wad, last, *(random.randrange(min(index_wad, last), max(index_wad, last) + 1) for _ in range(count))]
    if case.method.is_isolated:
        return
    enough, short = LiquidationBuffer(case, found.cash_raw), LiquidationBuffer(case, found.cash_raw - 1)
    assert [each for each in way if enough.at_price(0, each) < 0] == []
    assert found.short_wad is not None and short.at_price(0, found.short_wad) < 0
    assert min(index_wad, last) <= found.short_wad <= max(index_wad, last)
    if found.first_wad is not None:
        assert enough.at_price(0, found.first_wad) < 0 <= enough.at_price(0, found.first_wad - side)
        assert found.first_wad == price_wad or (found.first_wad > price_wad) == (side > 0)


def hedges(random: Random, case: MarginCase, count: int) -> None:
    try:
        found = hedge(case, 0)
    except Refusal:
        return
    assert found.least_delta.delta_wad == 0
    least, scale = found.least_requirement, solver_bends.natural_size(case, market.perp(0))

    def requirement(size: int) -> int:
        return case.margin(Level.INITIAL, solver.trade(market.perp(0), size)).requirement_wad

    assert least.margin.requirement_wad == requirement(least.size)
    sizes = {least.size + each for each in range(-5, 6)} | {0, found.least_delta.size}
    sizes |= {random.randrange(-2 * scale, 2 * scale) for _ in range(count // 2)}
    sizes |= {
        least.size + random.choice([-1, 1]) * int(scale * 10 ** random.uniform(-15, 0)) for _ in range(count // 2)
    }
    lower = [each for each in sizes if abs(each) < CAP // 2 and requirement(each) < least.margin.requirement_wad]
    assert lower == []


@pytest.mark.parametrize("seed", FEW)
def test_a_few_portfolios(seed: int) -> None:
    check(seed)


@pytest.mark.campaign
def test_five_hundred_portfolios() -> None:
    for seed in range(ALL):
        check(seed)
