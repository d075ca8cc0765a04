"""The most that the roundings of a step drop of money (contracts/README.md, "Roundings")."""

from __future__ import annotations

from crossvault.judge.moment import Moment
from crossvault.judge.rounding import RAY


def rounding_ray(moment: Moment) -> int:
    """The most that the residue of roundings grows in a step [wad * ray].

    A change drops less than a wei of funding or of settlement; its movement of cash drops less than a wei of the cash
    before, and less than a wei of the principal after it, which is worth what the larger index makes of it. An accrual
    drops two wei and less than 1e-27 of the supplied principal.
    """
    before, after = moment.before.cash, moment.after.cash
    most = changes(moment) * (2 * RAY + max(after.borrow_index, after.supply_index))
    if before.accrued_at != after.accrued_at:
        most += 2 * RAY + before.total_supply
    return most


def changes(moment: Moment) -> int:
    """The largest number of changes of positions and of cash that a step can make."""
    step = moment.step
    if step.action == "bid":
        return 3 * len(moment.before.account(step.args["account"]).positions) + 4
    if step.action == "settle":
        return sum(len(moment.before.account(account).positions) for account in step.accounts())
    if step.action == "batch":
        return sum(_changes_of(call.action) for call in step.args["calls"])
    return 2 * len(step.args["matches"]) if step.action == "fill" else _changes_of(step.action)


def _changes_of(action: str) -> int:
    return {"trade": 2, "deposit_cash": 1, "withdraw_cash": 1}.get(action, 0)
