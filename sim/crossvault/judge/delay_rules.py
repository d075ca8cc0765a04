"""V32: nothing that lenders are exposed to changes before its delay."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import change_of


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
    if after == moment.before.announced and not action.startswith(("schedule_", "enact_")) and moment.number != 1:
        return
    noted = moment.rulebook_after.announced
    if after != noted:
        for change in after.keys() ^ noted.keys() or (each for each in after if after[each] != noted[each]):
            yield Breach(f"{change[0]} falls due at {after.get(change)}, it was announced for {noted.get(change)}")


def exposed(moment: Moment) -> Iterator[Breach]:
    """V32: no token becomes collateral at once while lenders have cash in the vault.

    The specification lists at once, because no account holds the token yet; but lenders' cash can be borrowed against
    it from the next call on, up to its cap after haircut, at whatever price its feed has.
    """
    if moment.step.action != "list_collateral" or not moment.accepted or not moment.before.cash.total_supply:
        return
    terms = moment.step.args["terms"]
    if terms.haircut_initial < 10**18 and terms.cap_wad:
        lent = moment.before.cash.total_supply * moment.before.cash.supply_index // 10**27
        yield Breach(f"{moment.step.args['token']} is collateral at once, against {lent} of lenders", lent)
