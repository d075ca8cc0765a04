"""V9, V31 and the custody of operators: who acts for an account, and what a right that is granted takes from others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossvault.differential.step import EXCHANGE
from crossvault.judge.books import AccountBook
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import GRANTS, TRADE, paid_to_others, rights

_TOUCHING = frozenset({"settle", "start_liquidation", "declare_insolvent", "bid", "end_liquidation"})
"""Doors that change accounts which their sender need not act for."""
_OWN_BID = "OwnBid"


def authority(moment: Moment) -> Iterator[Breach]:
    """V9: the sender acts for its own accounts and for those whose owners allowed it; no other account changes."""
    if not moment.accepted:
        return
    step, book = moment.step, moment.rulebook
    for account, scope in rights(step):
        if not book.is_authorized(account, step.sender, scope):
            yield Breach(f"{step.sender} acted for {account}, its owner did not allow it", accounts=(account,))
    if step.action == "fill":
        yield from _filled(moment)
    if step.action in GRANTS:
        yield from _granted(moment)
    elif step.action not in _TOUCHING:
        named = step.accounts()
        for account in moment.changed:
            if account not in named and not _is_same(moment.before.account(account), moment.after.account(account)):
                yield Breach(f"{account} changed, and the step does not name it", accounts=(account,))


def _is_same(was: AccountBook, now: AccountBook) -> bool:
    """Whether an account is as it was, apart from empty balances, which an empty account has none of."""
    most = max(len(now.balances), len(was.balances))
    old, new = (each.balances + (0,) * (most - len(each.balances)) for each in (was, now))
    return old == new and now == was._replace(balances=now.balances)


def _filled(moment: Moment) -> Iterator[Breach]:
    """Fills for accounts that do not allow the exchange to trade."""
    for pair in moment.step.args["matches"]:
        for account in (pair.maker.account, pair.taker.account):
            if not moment.rulebook.is_authorized(account, EXCHANGE, TRADE):
                yield Breach(f"the exchange traded for {account}, its owner did not allow it", accounts=(account,))


def _granted(moment: Moment) -> Iterator[Breach]:
    """Operators of the account that are stored otherwise than its owner has set them."""
    account = moment.step.args["account"]
    stored = moment.after.account(account).operators
    noted = moment.rulebook_after.operators[account]
    if stored != noted:
        yield Breach(f"operators of {account}: {sorted(stored)} are stored, {sorted(noted)} were set")


def grants(moment: Moment) -> Iterator[Breach]:
    """V31: a right that an account grants changes nothing of others, and nothing but that right."""
    if moment.step.action not in GRANTS or not moment.accepted:
        return
    account = moment.step.args["account"]
    for changed in moment.changed:
        was, now = moment.before.account(changed), moment.after.account(changed)
        if changed != account and not _is_same(was, now):
            yield Breach(f"a grant by {account} changed {changed}", accounts=(changed,))
        elif not _is_same(was._replace(operators=now.operators), now):
            yield Breach(f"a grant changed more of {account} than its operators", accounts=(account,))


def shields(moment: Moment) -> Iterator[Breach]:
    """V31: naming an operator takes no bidder away from an account on sale.

    Red at a bid that is refused because of an operator that never acted for the account: it did not choose to be one.
    """
    if moment.step.action == "bid" and type(moment.outcome.refusal).__name__ == _OWN_BID:
        yield from _shielded(moment)


def _shielded(moment: Moment) -> Iterator[Breach]:
    step, book = moment.step, moment.rulebook
    account, bidder = step.args["account"], step.args["bidder"]
    refused = {step.sender, bidder.owner}
    if account.owner in refused or any(moment.person(account) == moment.persons.get(name, name) for name in refused):
        return
    for name in sorted(refused):
        if book.is_authorized(account, name) and (account, name) not in book.acted:
            yield Breach(
                f"{name} never acted for {account}, and its bid is refused as the account's own",
                None,
                (account, bidder),
            )


def custody(moment: Moment) -> Iterator[Breach]:
    """V31: what an operator withdraws goes to the owner of the account, whatever its scopes are."""
    if not moment.accepted:
        return
    for action, args in paid_to_others(moment.step):
        text = f"operator {moment.step.sender} sent {args['amount_raw']} raw of {args['account']} to {args['to']}"
        yield Breach(text, _worth(moment, action, args), (args["account"],))


def _worth(moment: Moment, action: str, args: Mapping[str, Any]) -> int:
    """Value of what a withdrawal pays, at the index price [wad]."""
    books, raw = moment.before, args["amount_raw"]
    if action == "withdraw_cash":
        return int(raw * 10 ** (18 - books.cash.decimals))
    held = books.collaterals[args["collateral"]]
    return int(raw * books.underlyings[held.underlying].price.index_wad // 10**held.decimals)
