"""V15 and V16: no account goes below zero by its own act, and no cash leaves against losses that are not settled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crossvault.differential.step import VAULT, Step
from crossvault.judge.books import AccountBook, Books
from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.marks import FUTURE, PERP, decoded, forward_parts, funding_due, funding_index, perp_mark
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import RAY, WAD
from crossvault.judge.settlement_worth import settlement_price, settlement_worth
from crossvault.judge.step_rounding import rounding_ray
from crossvault.judge.true_worth import equity_at, waiting_prices

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

_OWN_ACTS = frozenset((
    "deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "trade", "fill", "batch", "bid",
))  # fmt: skip


def solvent_at_index(moment: Moment) -> Iterator[Breach]:
    """V15: no call with an account's own authority takes its equity below zero, or further below it, at the index."""
    for account in _acting(moment):
        after = moment.value_after(account).equity
        if after.high < 0:
            yield from _fallen(moment, account, moment.value_before(account).equity, after, "")


def solvent_at_waiting_price(moment: Moment) -> Iterator[Breach]:
    """V15 while a jump waits for its second print, at the price that waits."""
    acting = _acting(moment)
    prices = waiting_prices(moment.after, moment.at) if acting else {}
    for account in acting if prices else ():
        after = equity_at(moment.after, account, moment.at, prices)
        if after.high < 0:
            before = equity_at(moment.before, account, moment.at, prices)
            yield from _fallen(moment, account, before, after, " at the price that waits")


def _acting(moment: Moment) -> list[AccountId]:
    """Accounts whose owner or operator acts in a step, and that it changes."""
    step = moment.step
    if not moment.accepted or step.action not in _OWN_ACTS:
        return []
    sold = step.args["account"] if step.action == "bid" else None
    return [each for each in moment.changed if each != sold and each in moment.touched]


def _fallen(
    moment: Moment, account: AccountId, before: Bracket, after: Bracket, where: str
) -> Iterator[Breach]:  # fmt: skip
    """A breach if equity fell by more than the roundings of the step."""
    fall_wad = min(before.low, 0) - after.high
    if fall_wad * RAY > rounding_ray(moment) + _positions(moment, account) * RAY:
        yield Breach(f"equity of {account}{where} was {before.low}, is {after.high}", fall_wad, (account,))


def _positions(moment: Moment, account: AccountId) -> int:
    """Values of an account that are rounded down on their own."""
    book = moment.after.account(account)
    return len(book.positions) + len(book.balances) + 1


def withdrawn_cash_is_held(moment: Moment) -> Iterator[Breach]:
    """V16: cash leaves only while the cash of accounts, less their unsettled losses, is held or lent at interest."""
    if not moment.accepted or moment.step.action not in ("withdraw_cash", "batch"):
        return
    token = moment.after.cash.token
    left_raw = moment.before.tokens[token].get(VAULT, 0) - moment.after.tokens[token].get(VAULT, 0)
    if left_raw <= 0:
        return
    missing_wad = unsettled_claims(moment.after, moment.at)
    if missing_wad > len(moment.after.accounts):
        left_wad = left_raw * 10 ** (18 - moment.after.cash.decimals)
        yield Breach(
            f"{left_wad} leaves while the cash of accounts is {missing_wad} more than what is held or lent at interest",
            min(left_wad, missing_wad),
            tuple(moment.touched),
        )


def nothing_leaves_noted_deficits(moment: Moment) -> Iterator[Breach]:
    """V16: nothing is withdrawn while the sum of noted deficits is larger than the insurance fund."""
    if not moment.accepted or not any(action.startswith("withdraw_") for action in _called(moment.step)):
        return
    cash = moment.after.cash
    if cash.deficit_wad > cash.insurance_wad:
        what = f"a withdrawal while noted deficits are {cash.deficit_wad} and the fund is {cash.insurance_wad}"
        yield Breach(what, cash.deficit_wad - cash.insurance_wad, tuple(moment.touched))


def _called(step: Step) -> list[str]:
    """The doors that a step calls."""
    return [call.action for call in step.args["calls"]] if step.action == "batch" else [step.action]


def unsettled_claims(books: Books, at: int) -> int:
    """Cash of all accounts after their unsettled losses, less what the vault holds and has lent at interest [wad].

    An unsettled loss of perps and futures counts against the cash of its account; what that cash does not cover is a
    loan without interest of all others.
    """
    pool = books.cash
    held_raw = books.tokens[pool.token].get(VAULT, 0)
    missing_wad: int = -held_raw * 10 ** (18 - pool.decimals)
    marks: dict[int, tuple[int, int]] = {}
    for account in books.accounts.values():
        cash_wad = account.principal * (pool.supply_index if account.principal > 0 else pool.borrow_index) // RAY
        settled_wad, open_wad = _results(books, account, at, marks)
        cash_wad += settled_wad
        missing_wad += max(0, cash_wad + min(0, open_wad)) - max(0, -cash_wad)
    return missing_wad


def _results(
    books: Books, account: AccountBook, at: int, marks: dict[int, tuple[int, int]]
) -> tuple[int, int]:  # fmt: skip
    """Results of an account's perps and futures: of settled ones, and of open ones at mark [wad]."""
    settled = open_ = 0
    for instrument, size, quote, funding in account.positions:
        if settlement_price(books, instrument):
            settled += size * settlement_worth(books, instrument) // WAD + quote
            continue
        if instrument not in marks:
            marks[instrument] = _mark(books, instrument, at)
        mark_wad, index_ray = marks[instrument]
        if mark_wad:
            open_ += size * mark_wad // WAD + quote + funding_due(size, index_ray - funding)
    return settled, open_


def _mark(books: Books, instrument: int, at: int) -> tuple[int, int]:
    """Mark of a perp or future and its funding index; zero of an option, whose premium was paid in cash."""
    underlying, kind, expiry, _ = decoded(instrument)
    book = books.underlyings[underlying]
    if kind == PERP:
        return perp_mark(book), funding_index(book, at)
    curve = books.curve(underlying, expiry)
    return (sum(forward_parts(curve, book.price, expiry, at)) if kind == FUTURE and curve else 0), 0
