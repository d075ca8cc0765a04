"""Solvers of margin against closed forms on paper, and against the doors of the vault."""

import pytest

from crossvault.differential import doors
from crossvault.mirror.account import AccountId
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.fixed import WAD
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level
from crossvault.portfolio import solver
from crossvault.portfolio.solver import MarginCase
from crossvault.portfolio.solver_cash import cash_needed
from crossvault.portfolio.solver_hedge import hedge
from crossvault.portfolio.solver_prices import cash_until, liquidation_price, liquidation_shock
from crossvault.portfolio.solver_search import lowest
from crossvault.portfolio.solver_trades import closing_trade, largest_trade
from crossvault.portfolio.vault_setup import CROSS, FOLIO, MAKER
from margin_cases import HEAD, instrument, loaded, paper, staged

PERP = instrument("ETH-PERP")
LONG = "cash: 5000 USDC\npositions: {ETH-PERP: 10 ETH}\n"


@pytest.mark.parametrize(
    ("method", "initial_usd", "maintenance_usd"),
    [
        ("isolated", 3_900, 2_600),  # 19.5 % and 13 % of 20,000
        ("standard", 3_900, 2_600),
        ("crossvault", 4_120, 2_733),  # 19.5 % and 1.1 %; 67 % of it and 0.6 %
        ("paradex", 3_200, 1_600),  # 16 %, and half of it
        ("span", 3_300, 3_000),  # 110 % of 15 %
    ],
)
def test_cash_needed_is_the_capital_less_the_equity(method: str, initial_usd: int, maintenance_usd: int) -> None:
    case = paper(LONG, method)
    assert cash_needed(case, Level.INITIAL) == (initial_usd - 5_000) * WAD
    assert cash_needed(case) == (maintenance_usd - 5_000) * WAD
    assert not case.model.journal.entries


@pytest.mark.parametrize(
    ("method", "per_unit_usd"), [("isolated", 390), ("standard", 390), ("crossvault", 412), ("paradex", 320)]
)
def test_the_largest_trade_of_one_perp(method: str, per_unit_usd: int) -> None:
    # 5,000 carry 5,000 / requirement per unit, of which 10 are there
    case, most = paper(LONG, method), 5_000 * WAD // per_unit_usd
    assert largest_trade(case, PERP, 1).size == most - 10 * WAD
    assert largest_trade(case, PERP, -1).size == -most - 10 * WAD


def test_the_largest_trade_on_another_underlying() -> None:
    # 1,100 are free: 1,100 / (19.5 % of 50,000)
    case, bitcoin = paper(LONG), instrument("BTC-PERP")
    assert largest_trade(case, bitcoin, 1).size == 1_100 * WAD // 9_750
    assert largest_trade(case, bitcoin, -1).size == -(1_100 * WAD // 9_750)


def test_a_long_call_is_paid_for_and_no_more() -> None:
    case = paper("cash: 1000 USDC\npositions: {BTC-PERP: 0.01 BTC}\n")  # 97.50 are required
    call = instrument("ETH-20260327-2400-C")
    price_wad = solver.trade_price(case, call)
    assert largest_trade(case, call, 1).size == 902_500 * WAD * WAD // 1_000 // price_wad


def test_the_least_closing_trade() -> None:
    # 1,000 carry 1,000 / 260 of maintenance margin
    case = paper("cash: 1000 USDC\npositions: {ETH-PERP: 10 ETH}\n")
    found = closing_trade(case, PERP)
    assert found is not None and found.size == -(10 * WAD - 1_000 * WAD // 260)
    assert cash_needed(case) == 1_600 * WAD
    enough = closing_trade(paper(LONG), PERP)
    assert enough is not None and enough.size == 0
    assert closing_trade(paper("cash: -1 USDC\npositions: {ETH-PERP: 10 ETH}\n"), PERP) is None


def test_an_account_below_initial_margin_may_only_reduce() -> None:
    case = paper("cash: 1000 USDC\npositions: {ETH-PERP: 10 ETH}\n")
    assert largest_trade(case, PERP, 1).size == 0
    assert largest_trade(case, PERP, -1).size == -10 * WAD - 1_000 * WAD // 390  # through zero to the other side


def refused(case: MarginCase, instrument: int, size: int) -> Refusal | None:
    """The refusal of a trade by the door, if any; the model is unchanged afterwards."""
    price_wad = solver.trade_price(case, instrument)
    step = doors.trade(
        case.at, CROSS.owner, maker=MAKER, taker=case.account, instrument=instrument, size=size, price_wad=price_wad
    )
    try:
        case.model.call(step)
    except Refusal as found:
        return found
    finally:
        case.model.journal.undo()
    return None


@pytest.mark.parametrize(
    ("account", "names"),
    [
        (CROSS, ["ETH-PERP", "BTC-PERP", "ETH-20260327-2400-C", "ETH-20260327-1600-P", "ETH-20260327"]),
        (FOLIO, ["ETH-PERP"]),
    ],
)
def test_the_door_accepts_the_largest_trade_and_no_more(account: AccountId, names: list[str]) -> None:
    stage = staged(loaded(HEAD + "cash: 9000 USDC\npositions: {ETH-PERP: 7 ETH, ETH-20260327-2400-C: -3 ETH}\n"))
    case = MarginCase(stage.model, account, stage.portfolio.at, solver.own_method(stage.model, account))
    for name in names:
        for side in (1, -1):
            found = largest_trade(case, instrument(name), side)
            assert found.size * side > 0
            assert refused(case, found.instrument, found.size) is None
            assert isinstance(found.refusal, InsufficientMargin)
            assert refused(case, found.instrument, found.size + side) == found.refusal


@pytest.mark.parametrize(
    ("method", "price_wad"),
    [
        # 5,000 + 10 (P - 2,000) is below the maintenance requirement from P = 15,000 / (10 - 1.3) on: 13 % of 10 P
        ("standard", 150_000 * WAD // 87),
        ("isolated", 150_000 * WAD // 87),  # its share of the equity is all of it
        ("paradex", 150_000 * WAD // 92),  # 8 %
        ("span", 150_000 * WAD // 85),  # 15 %
    ],
)
def test_the_liquidation_price_of_one_perp(method: str, price_wad: int) -> None:
    case = paper(LONG, method)
    assert liquidation_price(case, 0) == (0, price_wad, None)
    assert liquidation_price(case, 1) == (1, None, None)  # nothing depends on bitcoin
    found = liquidation_shock(case, [0, 1])
    assert found.up is None and found.down == (price_wad - 2_000 * WAD) // 2_000  # the shock of 1e-18 beyond


def test_prices_that_move_together_and_alone() -> None:
    # 3,000 and ether, long 10 at 2,000, against bitcoin, short 0.4 at 50,000: 13 % of 40,000 is 5,200
    case = paper("cash: 8200 USDC\npositions: {ETH-PERP: 10 ETH, BTC-PERP: -0.4 BTC}\n")
    # ether alone: 8,200 + 10 (P - 2,000) = 2,600 + 1.3 P at P = 14,400 / 8.7
    assert liquidation_price(case, 0) == (0, 144_000 * WAD // 87, None)
    # bitcoin alone: 8,200 - 0.4 (P - 50,000) = 2,600 + 0.052 P at P = 25,600 / 0.452
    [_, down, up] = liquidation_price(case, 1)
    assert down is None and up is not None and abs(up - 25_600_000 * WAD // 452) <= 50
    # together: 8,200 = 5,200 (1 + x)
    found = liquidation_shock(case, [0, 1])
    assert found.down is None and found.up is not None and abs(found.up - 3_000 * WAD // 5_200) <= 1


def test_cash_until_a_price() -> None:
    # one wei above 1,500 ten units are worth ten wei more, and the requirement of 1,950 is 2 and 1 wei more
    found = cash_until(paper(LONG), 0, 1_500 * WAD)
    assert found == (0, 1_500 * WAD, 1_950 * WAD - 7, 1_500 * WAD, 1_500 * WAD + 1)
    assert cash_until(paper(LONG, "isolated"), 0, 1_500 * WAD) == (*found[:4], None)
    nearer = cash_until(paper(LONG), 0, 1_900 * WAD)  # 13 % of 19,000 is 2,470, and 4,000 are left
    assert nearer == (0, 1_900 * WAD, -1_530 * WAD - 7, 1_900 * WAD, 1_900 * WAD + 1)
    # upwards a long gains: the least buffer is the one now, and no price above is the first
    assert cash_until(paper(LONG), 0, 2_500 * WAD) == (0, 2_500 * WAD, -2_400 * WAD, None, 2_000 * WAD)


def test_an_account_is_liquidatable_now() -> None:
    case = paper("cash: 2599 USDC\npositions: {ETH-PERP: 10 ETH}\n")
    assert liquidation_price(case, 0) == (0, 2_000 * WAD, 2_000 * WAD)
    assert liquidation_shock(case, [0, 1]) == (0, 0)
    just = paper("cash: 2600 USDC\npositions: {ETH-PERP: 10 ETH}\n")  # a buffer of zero is enough
    assert liquidation_price(just, 0).down_wad == 2_000 * WAD - 1


@pytest.mark.parametrize("bend", [-(10**21), -1, 0, 12_345, 7 * 10**20])
def test_the_least_value_is_found_where_lines_bend(bend: int) -> None:
    def value(place: int) -> int:
        return max(-3 * (place - bend), 2 * (place - bend) // 7)

    assert lowest(value, [-(10**22), -5, 3, 10**22]) == bend


def test_hedges_of_two_perps_and_a_future() -> None:
    # long a future of 4, short a perp of 1: standard margin is least where the net value is zero, at three more short
    case = paper("cash: 5000 USDC\npositions: {ETH-PERP: -1 ETH, ETH-20260327: 4 ETH}\n")
    found = hedge(case, 0)
    assert (found.price_wad, found.unhedged.delta_wad) == (2_000 * WAD, 3 * WAD)
    assert found.least_delta[:2] == found.least_requirement[:2] == (-3 * WAD, 0)
    assert found.unhedged.margin.requirement_wad == 1_194 * WAD  # 18.9 % of 6,000 and 0.6 % of 10,000
    assert found.least_requirement.margin.requirement_wad == 96 * WAD  # 0.6 % of 16,000
    alone = hedge(paper("cash: 5000 USDC\npositions: {ETH-PERP: -1 ETH, ETH-20260327: 4 ETH}\n", "isolated"), 0)
    assert alone.least_requirement.size == WAD  # the perp is closed, and the future is left alone with 19.5 % of 8,000
    assert alone.least_requirement.margin.requirement_wad == 1_560 * WAD


def test_collateral_is_hedged_in_portfolio_margin_only() -> None:
    weth = "{amount: 2 WETH, underlying: ETH, haircut initial: 20 %, haircut maintenance: 15 %}"
    rest = f"cash: 5000 USDC\ncollateral: {{WETH: {weth}}}\npositions: {{BTC-PERP: 0.1 BTC}}\n"
    modelled, standard = hedge(paper(rest, "paradex"), 0), hedge(paper(rest), 0)
    assert modelled.unhedged.delta_wad == standard.unhedged.delta_wad == 2 * WAD
    assert modelled.least_requirement.size == modelled.least_delta.size == -2 * WAD
    assert modelled.least_requirement.margin.requirement_wad == (800 + 800) * WAD  # 20 % of 4,000; 16 % of 5,000
    assert standard.least_requirement.size == 0 and standard.least_delta.size == -2 * WAD


@pytest.mark.parametrize("method", ["standard", "crossvault", "derive"])
def test_no_neighbour_and_no_size_of_a_grid_has_a_lower_requirement(method: str) -> None:
    case = paper(
        "cash: 9000 USDC\npositions: {ETH-PERP: 3 ETH, BTC-PERP: -0.1 BTC, ETH-20260327-2400-C: -5 ETH}\n", method
    )
    found = hedge(case, 0)
    least = found.least_requirement
    for size in (least.size - 1, least.size + 1, *(step * WAD // 7 for step in range(-70, 70, 5))):
        after = case.margin(Level.INITIAL, solver.trade(PERP, size))
        assert after.requirement_wad >= least.margin.requirement_wad, size
    assert abs(found.least_delta.delta_wad) == 0


def test_an_isolated_account_without_a_position_is_its_cash() -> None:
    for cash, missing in (("-50", 50), ("50", -50)):
        found = cash_until(paper(f"cash: {cash} USDC\n", "isolated"), 0, 1_000 * WAD)
        assert found == cash_until(paper(f"cash: {cash} USDC\n"), 0, 1_000 * WAD)
        assert (found.cash_raw, found.first_wad) == (missing * WAD, None)
