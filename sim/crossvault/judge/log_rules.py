"""V11: the state rebuilt from the events of a step is the stored state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossvault.judge.books import AccountBook, Books
from crossvault.judge.breach import Breach
from crossvault.judge.event_replay import EventReplay
from crossvault.judge.moment import Moment
from crossvault.judge.written import written

_QUIET = ("transfer", "mint")


def rebuilt_from_events(moment: Moment) -> Iterator[Breach]:
    """V11: the books before a step, changed as its events report, are the books after it; wallets apart."""
    if not moment.accepted:
        if moment.outcome.events:
            yield Breach(f"a refused call emits {', '.join(each.name for each in moment.outcome.events)}")
        return
    if moment.step.action in _QUIET and not moment.outcome.events:
        return
    due = EventReplay(moment.before, moment.outcome.events, _blank(moment.after), moment.at)
    books = due.books()
    for account in dict.fromkeys((*moment.changed, *due.accounts)):
        yield from _account(account, books, moment.after)
    for name, now in zip(Books._fields, moment.after, strict=True):
        expected = getattr(books, name)
        if name in ("accounts", "tokens") or expected == now:
            continue
        if _ordered(name, expected) != _ordered(name, now):
            yield Breach(f"{name} is {now}, and by the events {expected}")


def _account(account: Any, due: Books, after: Books) -> Iterator[Breach]:
    """What of an account is not as events report."""
    count = len(after.collaterals)
    expected, now = (_in_order(books.account(account), count) for books in (due, after))
    for name, value, stored in zip(AccountBook._fields, expected, now, strict=True):
        if value != stored:
            yield Breach(f"{name} of {account}: stored {stored}, by the events {value}", None, (account,))


def _in_order(book: AccountBook, collaterals: int) -> AccountBook:
    """An account with its positions in the order of instruments, and a balance of each collateral."""
    balances = (*book.balances, *(0,) * (collaterals - len(book.balances)))
    return book._replace(balances=balances, positions=tuple(sorted(book.positions)))


def _ordered(name: str, value: Any) -> Any:
    """A field of the books; what was only read is as what never was, and expiries have no order."""
    if name == "underlyings":
        return [each._replace(expiries=frozenset(each.expiries)) for each in value]
    return written(value)


def _blank(after: Books) -> Mapping[str, Any]:
    """Parameters of an underlying that has none yet, and the surface of an expiry that has none, all zero."""
    curve = next(iter(after.curves.values()), None)
    blank = {"svi": type(curve.svi)() if curve else ()}
    for each in after.underlyings[-1:]:
        blank |= {name: type(getattr(each, name))() for name in ("options", "guard", "portfolio")}
    return blank
