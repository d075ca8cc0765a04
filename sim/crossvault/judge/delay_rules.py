"""V32: nothing that lenders are exposed to changes before its delay."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import change_of, falls_due, is_addition, is_delayed

GRACE_SECS = 14 * 86_400
"""How long an announced change may be made, once it is due [seconds]."""


def announced(moment: Moment) -> Iterator[Breach]:
    """V32: what is enacted was announced so, at least the delay before, and is enacted once, before it lapses."""
    if not moment.accepted:
        return
    yield from _due_times(moment)
    if not moment.step.action.startswith("enact_") or not is_delayed(moment.rulebook, moment.step):
        return
    if reason := untimely(moment):
        yield Breach(f"{moment.step.action} of {change_of(moment.step)[1:]}, which {reason}")


def untimely(moment: Moment) -> str | None:
    """Why the change of a step may not be made at its time; None where it may."""
    book, change = moment.rulebook, change_of(moment.step)
    due_at = falls_due(book, change)
    if book.paused:
        return "waits for the end of the pause"
    if due_at is None:
        return "is not announced"
    if moment.at < due_at:
        return f"falls due at {due_at}, it is {moment.at}"
    lapses_at = book.announced[change] + GRACE_SECS
    return f"lapsed at {lapses_at}, it is {moment.at}" if moment.at > lapses_at else None


def _due_times(moment: Moment) -> Iterator[Breach]:
    """Announcements that are stored otherwise than they were made; where none changed, none did before."""
    after, action = moment.after.announced, moment.step.action
    is_quiet = not action.startswith(("schedule_", "enact_")) and not is_addition(moment.rulebook, moment.step)
    if after == moment.before.announced and is_quiet and moment.number != 1:
        return
    noted = moment.rulebook_after.announced
    if after != noted:
        for change in after.keys() ^ noted.keys() or (each for each in after if after[each] != noted[each]):
            yield Breach(f"{change[0]} falls due at {after.get(change)}, it was announced for {noted.get(change)}")


def exposed(moment: Moment) -> Iterator[Breach]:
    """V32: no feeder, underlying or collateral is added to a sealed vault at once, and no guardian replaced.

    Cash of lenders can be borrowed against a new token, or at the price of a new feeder, from the next call on; a
    guardian is there to cancel what a stolen key announces.
    """
    book, step = moment.rulebook, moment.step
    if not moment.accepted or not (book.is_sealed and is_addition(book, step)):
        return
    if reason := untimely(moment):
        lent = moment.before.cash.total_supply * moment.before.cash.supply_index // 10**27
        yield Breach(f"{step.action} of what {reason}, against {lent} of lenders", lent)


def harmless(moment: Moment) -> Iterator[Breach]:
    """V32: what takes effect at once changes no equity and no maintenance margin: it puts no one up for sale."""
    step = moment.step
    if not moment.accepted or not step.action.startswith("enact_") or is_delayed(moment.rulebook, step):
        return
    for account in moment.after.accounts:
        if moment.is_dear(account):
            continue
        was, now = moment.value_before(account), moment.value_after(account)
        if (was.equity, was.maintenance_margin) != (now.equity, now.maintenance_margin):
            yield Breach(
                f"{step.action} at once moves {account} from maintenance margin {was.maintenance_margin} to"
                f" {now.maintenance_margin}",
                accounts=(account,),
            )
