"""V32: nothing that lenders are exposed to changes before its delay."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.judge.books import Books
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import change_of, is_addition


def announced(moment: Moment) -> Iterator[Breach]:
    """V32: what is enacted was announced so, at least the delay before, and is enacted once."""
    if not moment.accepted:
        return
    yield from _due_times(moment)
    if not moment.step.action.startswith("enact_"):
        return
    change = change_of(moment.step)
    due_at = moment.rulebook.announced.get(change)
    if due_at is None:
        yield Breach(f"{moment.step.action} of {change[1:]}, which is not announced")
    elif moment.at < due_at:
        yield Breach(f"{moment.step.action} at {moment.at}, it falls due at {due_at}")


def _due_times(moment: Moment) -> Iterator[Breach]:
    """Announcements that are stored otherwise than they were made; where none changed, none did before."""
    after, action = moment.after.announced, moment.step.action
    is_quiet = not action.startswith(("schedule_", "enact_")) and not is_addition(moment.step)
    if after == moment.before.announced and is_quiet and moment.number != 1:
        return
    noted = moment.rulebook_after.announced
    if after != noted:
        for change in after.keys() ^ noted.keys() or (each for each in after if after[each] != noted[each]):
            yield Breach(f"{change[0]} falls due at {after.get(change)}, it was announced for {noted.get(change)}")


def is_sealed(books: Books) -> bool:
    """Whether accounts have money in a vault: cash or a collateral."""
    return any(each.principal > 0 or any(each.balances) for each in books.accounts.values())


def exposed(moment: Moment) -> Iterator[Breach]:
    """V32: no feeder, underlying or collateral is added at once while accounts have money in the vault.

    Cash of lenders can be borrowed against a new token, or at the price of a new feeder, from the next call on.
    """
    if not moment.accepted or not is_addition(moment.step) or not is_sealed(moment.before):
        return
    due_at = moment.rulebook.announced.get(change_of(moment.step))
    if due_at is None or moment.at < due_at:
        lent = moment.before.cash.total_supply * moment.before.cash.supply_index // 10**27
        when = "without an announcement" if due_at is None else f"at {moment.at}, it falls due at {due_at}"
        yield Breach(f"{moment.step.action} {when}, against {lent} of lenders", lent)
