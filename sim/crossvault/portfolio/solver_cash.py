"""The cash that an account needs to meet a level of margin: least raw units of the quote token."""

from __future__ import annotations

from crossvault.mirror import collateral
from crossvault.mirror.standard import Level
from crossvault.portfolio.solver import Change, MarginCase, deposit
from crossvault.portfolio.solver_search import edge


def cash_needed(case: MarginCase, level: Level = Level.MAINTENANCE) -> int:
    """The least deposit with which the buffer of a level is not negative now [raw]; below zero, what may be missing."""
    return least_deposit(case, level)


def least_deposit(case: MarginCase, level: Level, *changes: Change) -> int:
    """The least deposit with which the buffer of a level is not negative after changes [raw].

    The buffer rises with cash without an exception, as principal and present value are each rounded down. So there is
    one answer: it meets the level, and one unit less does not.
    """

    def buffer(amount_raw: int) -> int:
        return case.margin(level, deposit(amount_raw), *changes).buffer_wad

    scale = collateral.to_wad(1, case.state.cash.decimals)
    estimate = -(buffer(0) // scale)
    accepted, step = estimate, 1
    while buffer(accepted) < 0:
        accepted, step = accepted + step, step * 2
    refused, step = accepted - 1, 1
    while buffer(refused) >= 0:
        refused, step = refused - step, step * 2
    return edge(buffer, accepted, refused)
