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
