"""V36: every movement of stored money is exactly what the step names; all else is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crossvault.judge.books import AccountBook
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.named_movements import AccountDraft, NamedMovements, names_movement
from crossvault.judge.rounding import RAY, WAD

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

_SALE = ("start_liquidation", "declare_insolvent", "bid", "end_liquidation")


def moved_as_named(moment: Moment) -> Iterator[Breach]:
    """V36: accounts, wallets and the insurance fund move as the step names, but for the part that a bid moves (V28)."""
    if not moment.accepted:
        return
    before, after = moment.before, moment.after
    still = before.accounts is after.accounts and before.tokens is after.tokens and before.cash is after.cash
    if still and not names_movement(moment.step.action):
        return
    due = NamedMovements(moment)
    yield from _accounts(moment, due)
    yield from _wallets(moment, due)
    yield from _fund(moment, due)


def _accounts(moment: Moment, due: NamedMovements) -> Iterator[Breach]:
    action = moment.step.action
    sold = moment.touched if action == "bid" else ()
    for account in dict.fromkeys((*moment.changed, *due.accounts)):
        old, new = moment.before.account(account), moment.after.account(account)
        if account in sold:
            continue
        draft = due.accounts.get(account) or AccountDraft(old, len(moment.after.collaterals))
        yield from _difference(account, draft, new)
        sale = old.sale._replace(clock_at=new.sale.clock_at) if action == "settle" else old.sale  # its prices end there
        if sale != new.sale and not (action in _SALE and account in moment.touched):
            yield Breach(f"the auction of {account} was {old.sale}, is {new.sale}", None, (account,))


def _difference(account: AccountId, due: AccountDraft, now: AccountBook) -> Iterator[Breach]:
    """What of an account is not as it is due."""
    if due.principal != now.principal:
        yield Breach(
            f"cash of {account} is {now.principal}, expected {due.principal}", now.principal - due.principal, (account,)
        )
    if due.mode != now.mode or due.operators != now.operators:
        modes = f"mode {now.mode} and operators {set(now.operators)}, expected {due.mode} and {due.operators}"
        yield Breach(f"{account} has {modes}", None, (account,))
    if tuple(due.balances) != (now.balances or (0,) * len(due.balances)):
        yield Breach(f"balances of {account} are {now.balances}, expected {tuple(due.balances)}", None, (account,))
    held = {each.instrument: each for each in now.positions}
    if due.positions != held:
        instrument = next(each for each in {**due.positions, **held} if due.positions.get(each) != held.get(each))
        pair = f"{held.get(instrument)}, expected {due.positions.get(instrument)}"
        yield Breach(f"{account} holds {pair}", None, (account,))


def _wallets(moment: Moment, due: NamedMovements) -> Iterator[Breach]:
    before, after = moment.before.tokens, moment.after.tokens
    if before is after and not due.wallets:
        return
    named = {token for token, _ in due.wallets}
    for token, now in after.items():
        was = before[token]
        if was is now and token not in named:
            continue
        for holder in dict.fromkeys((*now, *was)):
            moved = now.get(holder, 0) - was.get(holder, 0)
            if moved != due.wallets[token, holder]:
                yield Breach(f"{token} of {holder} changed by {moved} raw, expected {due.wallets[token, holder]}")


def _fund(moment: Moment, due: NamedMovements) -> Iterator[Breach]:
    old, new = moment.before.cash, moment.after.cash
    action = moment.step.action
    if old.deficit_wad != new.deficit_wad and action not in _SALE:
        yield Breach(f"open deficits were {old.deficit_wad}, are {new.deficit_wad}", new.deficit_wad - old.deficit_wad)
    if action == "bid":
        return
    reserve_wad = new.insurance_wad - old.insurance_wad - due.insurance_wad
    paid_wad = old.total_borrow * (new.borrow_index - old.borrow_index) // RAY
    earned_wad = paid_wad - reserve_wad
    most_wad = paid_wad * (WAD - old.interest.reserve_factor) // WAD
    rise = earned_wad * RAY // old.total_supply if old.total_supply else 0
    if not 0 <= earned_wad <= most_wad or rise != new.supply_index - old.supply_index:
        parts = f"{due.insurance_wad} by gifts, of {paid_wad} interest paid {earned_wad} to suppliers, whose index rose"
        yield Breach(
            f"the insurance fund grew by {new.insurance_wad - old.insurance_wad}: {parts} "
            f"by {new.supply_index - old.supply_index}",
            reserve_wad,
        )
