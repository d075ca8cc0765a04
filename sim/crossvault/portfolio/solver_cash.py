"""The cash that an account needs to meet a level of margin: least raw units of the quote token."""

from __future__ import annotations

from crossvault.mirror import collateral
from crossvault.mirror.standard import Level
from crossvault.portfolio.solver import MarginCase, deposit
from crossvault.portfolio.solver_search import edge


def cash_needed(case: MarginCase, level: Level = Level.MAINTENANCE) -> int:
    """The least deposit with which the buffer of a level is not negative [raw]; below zero, what may be missing.

    The buffer rises with cash, unit by unit and without an exception: principal and present value are each rounded
    down. So the answer is the only one; it meets the level, and one unit less does not.
    """

    def buffer(amount_raw: int) -> int:
        return case.margin(level, deposit(amount_raw)).buffer_wad

    scale = collateral.to_wad(1, case.state.cash.decimals)
    estimate = -(buffer(0) // scale)
    step = 1
    while buffer(estimate + step) < 0:
        step *= 2
    accepted, step = estimate + step, 1
    while buffer(estimate - step) >= 0:
        step *= 2
    return edge(buffer, accepted, estimate - step)
