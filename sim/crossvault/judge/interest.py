"""Interest: the indexes of cash at a time, and the present value of a principal."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.elementary import exponential
from crossvault.judge.rounding import RAY, WAD, YEAR, ceiling

if TYPE_CHECKING:
    from crossvault.judge.books import CashBook

MOST_EXPONENT = 10 * WAD
MOST_INDEX = 2**128


class CashIndexes(NamedTuple):
    """Supply and borrow index at a time [ray]; as exact as the exponential of the interest since the last accrual."""

    supply: Bracket
    borrow: Bracket


def utilisation(cash: CashBook) -> int:
    """Part of the supplied cash that is borrowed, at the last accrual; rounded up [wad]."""
    if cash.total_borrow == 0:
        return 0
    supplied_wad = cash.total_supply * cash.supply_index // RAY
    borrowed_wad = ceiling(cash.total_borrow * cash.borrow_index, RAY)
    return WAD if borrowed_wad >= supplied_wad else ceiling(borrowed_wad * WAD, supplied_wad)


def borrow_rate(cash: CashBook) -> int:
    """Rate that borrowers pay since the last accrual; each slope is rounded up [wad per year]."""
    interest, used = cash.interest, utilisation(cash)
    above = max(0, used - interest.optimal_utilisation)
    rate = interest.min_rate + ceiling(interest.low_slope * min(used, interest.optimal_utilisation), WAD)
    return rate + ceiling(interest.high_slope * above, WAD)


@lru_cache(maxsize=256)
def cash_indexes(cash: CashBook, at: int) -> CashIndexes:
    """Supply and borrow index at a time [unix seconds]."""
    if at <= cash.accrued_at:
        return CashIndexes(Bracket.of(cash.supply_index), Bracket.of(cash.borrow_index))
    exponent = min(ceiling(borrow_rate(cash) * (at - cash.accrued_at), YEAR), MOST_EXPONENT)
    grown = exponential(exponent)
    least, most = _grown(cash, max(0, grown.low - WAD)), _grown(cash, grown.high - WAD)
    return CashIndexes(Bracket(least[0], most[0]), Bracket(least[1], most[1]))


def _grown(cash: CashBook, grown_wad: int) -> tuple[int, int]:
    """Supply and borrow index after debts have grown by a part [wad]: debts rise rounded up, earnings down.

    Suppliers earn what is paid less the reserve, and at most the rate that borrowers pay.
    """
    rise = min(ceiling(cash.borrow_index * grown_wad, WAD), MOST_INDEX - cash.borrow_index)
    borrow = cash.borrow_index + rise
    if cash.total_supply == 0:
        return cash.supply_index, borrow
    paid_wad = cash.total_borrow * rise // RAY
    supplied_wad = cash.total_supply * cash.supply_index // RAY
    kept_wad = paid_wad * (WAD - cash.interest.reserve_factor) // WAD
    earned_wad = min(kept_wad, supplied_wad * grown_wad // WAD)
    return min(cash.supply_index + earned_wad * RAY // cash.total_supply, MOST_INDEX), borrow


def present_cash(cash: CashBook, principal: int, at: int) -> Bracket:
    """Cash of a principal at a time, rounded down: principal * index, of supply above zero and of debt below [wad]."""
    if principal == 0:
        return Bracket(0, 0)
    indexes = cash_indexes(cash, at)
    if principal > 0:
        return Bracket(principal * indexes.supply.low // RAY, principal * indexes.supply.high // RAY)
    return Bracket(principal * indexes.borrow.high // RAY, principal * indexes.borrow.low // RAY)
