"""Rules of deficits and of what covers them: V17, V18 and V34."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crossvault.differential.step import VAULT
from crossvault.judge.books import AccountBook, Books
from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.equity_floor import equity_floor
from crossvault.judge.interest import present_cash
from crossvault.judge.marks import decoded
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import RAY, WAD
from crossvault.judge.usable_prices import is_priced

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

NOTING = frozenset({"start_liquidation", "declare_insolvent", "bid", "end_liquidation"})
"""Doors that note the deficit of an account that they name."""
OTHERS, CASH = 8, 4
"""One of how many steps of other doors the accounts that they change are looked at, and at withdrawals all accounts."""
WITHDRAWALS = frozenset({"withdraw_cash", "withdraw_collateral"})
SMALL = 100
"""A hole is small where what an account leaves behind is at least so many times as much."""
RUN, PHANTOM, LOCK = "run-before-note", "phantom-insurance", "cent-stops-all"


def deficits_noted(moment: Moment) -> Iterator[Breach]:
    """V17: of every account that a call touches the noted deficit is max(0, -E), and their sum is the stored one."""
    if not moment.accepted:
        return
    after = moment.after
    noted_wad = sum(held.sale.deficit_wad for held in after.accounts.values())
    if noted_wad != after.cash.deficit_wad:
        yield Breach(f"deficits of {noted_wad} wad are noted, their stored sum is {after.cash.deficit_wad}")
    if moment.step.action in NOTING or moment.is_sampled(OTHERS):
        for account in moment.changed:
            yield from _noted(moment, account)
    if moment.step.action == "withdraw_cash" and moment.is_sampled(CASH):
        yield from _left_unnoted(moment)


def _noted(moment: Moment, account: AccountId) -> Iterator[Breach]:
    """The deficit of one account is noted as it is: roundings of an account that is all sold apart."""
    held = moment.after.account(account)
    low, high = missing(moment, account)
    noted_wad = held.sale.deficit_wad
    if low <= noted_wad <= high:
        return
    is_noting = moment.step.action in NOTING and account == moment.step.args["account"]
    if is_noting and not held.sale.started_at and noted_wad == 0 and low <= _rounding(moment, account):
        return
    what = f"{account} has a deficit of {low} wad, noted are {noted_wad}"
    yield Breach(what, abs(low - noted_wad), (account,), "" if is_noting else RUN)


def _rounding(moment: Moment, account: AccountId) -> int:
    """The most that the movements of a bid drop of what an account has: of its cash, and a wei of each size [wad]."""
    cash, positions = moment.after.cash, moment.before.account(account).positions
    moves = len(positions) + 2
    indexes = (moment.after.underlyings[decoded(each.instrument)[0]].price.index_wad for each in positions)
    return moves * (2 + max(cash.borrow_index, cash.supply_index) // RAY) + sum(2 + each // WAD for each in indexes)


def _left_unnoted(moment: Moment) -> Iterator[Breach]:
    """Cash does not leave before deficits that are not noted at all and that the fund does not cover.

    Money: the share of these deficits that the withdrawal should bear, and leaves to the others; a unit is no breach.
    A note that is out of date is that of its last step, as the specification has it.
    """
    cash, accounts = moment.after.cash, moment.after.accounts
    owed = {each: missing(moment, each).low for each, held in accounts.items() if not held.sale.deficit_wad}
    unnoted = sum(owed.values())
    if not unnoted:
        return
    short = cash.deficit_wad + unnoted - max(cash.insurance_wad, cash.deficit_wad)
    left_wad = short * moment.step.args["amount_raw"] // moment.before.tokens[cash.token][VAULT]
    if left_wad > WAD:
        what = f"withdrawn while deficits of {unnoted} wad are not noted, beside {cash.deficit_wad} that are, and the"
        what += f" fund has {cash.insurance_wad}"
        yield Breach(what, left_wad, tuple(account for account, wad in owed.items() if wad), RUN)


def missing(moment: Moment, account: AccountId) -> Bracket:
    """Shortfall of an account below zero equity after a step [wad]."""
    least = equity_floor(moment.after, moment.after.account(account), moment.at)
    if least is not None and least >= 0:
        return Bracket(0, 0)
    equity = moment.value_after(account).equity
    return Bracket(max(0, -equity.high), max(0, -equity.low))


def insurance_backed(moment: Moment) -> Iterator[Breach]:
    """V18: the fund grows by what is paid in and by the reserve's part of interest that debtors are worth."""
    before, after = moment.before.cash, moment.after.cash
    if before.accrued_at == after.accrued_at or not moment.accepted:
        return
    grown = after.insurance_wad - before.insurance_wad + _drawn(moment)
    if grown <= 0:
        return
    most = reserve_of(moment.before, moment.after)
    if grown > most:
        yield Breach(f"the fund grows by {grown} wad, its part of the interest is {most}", grown - most)
    if after.deficit_wad == 0 and before.deficit_wad == 0:
        return
    unpaid, debtors = 0, []
    for account, held in moment.before.accounts.items():
        if held.principal < 0 and held.sale.deficit_wad:
            owed = _interest(moment, held)
            short = min(owed, max(0, -moment.value_before(account).equity.high))
            unpaid += short
            debtors.append(account)
    if unpaid > 0:
        what = f"the fund grows by {grown} wad, and {unpaid} of the interest is owed by accounts that are below zero"
        yield Breach(what, min(grown, unpaid), tuple(debtors), PHANTOM)


def _drawn(moment: Moment) -> int:
    """What a bid draws from the fund [wad]."""
    bids = (each.values[5].cost_wad for each in moment.outcome.events if each.name == "Bid")
    return sum(max(0, -cost_wad) for cost_wad in bids)


def reserve_of(before: Books, after: Books) -> int:
    """The fund's part of the interest between two books: what borrowers pay less what suppliers earn, at most [wad].

    Suppliers earn what is paid less the reserve factor, and never at a higher rate than borrowers pay.
    """
    cash = before.cash
    rise = after.cash.borrow_index - cash.borrow_index
    paid = cash.total_borrow * rise // RAY
    grown_wad = max(0, rise - 1) * WAD // cash.borrow_index
    supplied = cash.total_supply * cash.supply_index // RAY
    earned = min(paid * (WAD - cash.interest.reserve_factor) // WAD, supplied * grown_wad // WAD)
    return paid - earned


def _interest(moment: Moment, held: AccountBook) -> int:
    """The interest that a debt owes for the time since the last accrual, at most [wad]."""
    was = present_cash(moment.before.cash, held.principal, moment.before.cash.accrued_at)
    return was.high - present_cash(moment.before.cash, held.principal, moment.at).low


def no_lock(moment: Moment) -> Iterator[Breach]:
    """V34: a withdrawal is not refused for a deficit of others that is small beside what it leaves behind."""
    refusal = moment.outcome.refusal
    if refusal is None or refusal.name != "DeficitOpen" or moment.step.action not in WITHDRAWALS:
        return
    account, cash = moment.step.args["account"], moment.before.cash
    if cash.deficit_wad <= cash.insurance_wad:
        what = f"refused for deficits of {cash.deficit_wad} wad, which the fund's {cash.insurance_wad} cover"
        yield Breach(what, None, (account,))
        return
    others = sum(
        missing(moment, each).low
        for each, held in moment.after.accounts.items()
        if each != account and held.sale.deficit_wad
    )
    wanted, is_held = _wanted(moment)
    value = moment.value_before(account)
    hole, left = max(0, others - cash.insurance_wad), value.equity.low - wanted
    is_able = is_held and value.initial_margin.low >= wanted and is_priced(moment.before, account, moment.at)
    if is_able and hole * SMALL <= left:
        what = f"{account} may not withdraw {wanted} wad for a hole of {hole}, and leaves {left} behind"
        yield Breach(what, wanted, (account,), LOCK)


def _wanted(moment: Moment) -> tuple[int, bool]:
    """What a withdrawal takes at the index [wad], and whether the vault holds the tokens."""
    args, books = moment.step.args, moment.before
    amount_raw = args["amount_raw"]
    if moment.step.action == "withdraw_cash":
        token, wanted = books.cash.token, amount_raw * 10 ** (18 - books.cash.decimals)
    else:
        collateral = books.collaterals[args["collateral"]]
        index_wad = books.underlyings[collateral.underlying].price.index_wad
        token, wanted = collateral.token, amount_raw * index_wad // 10**collateral.decimals
        if amount_raw > books.account(args["account"]).balances[args["collateral"]]:
            return wanted, False
    return wanted, 0 < amount_raw <= books.tokens[token].get(VAULT, 0)
