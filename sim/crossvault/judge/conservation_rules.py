"""V1, V2, V3, V6 and V10: no value is lost or made, interest accrues once, and a refused call changes nothing.

Each step is compared with the one before it, so that the cost is one of the accounts that changed; at one of
`_WHOLE` steps, and at the end of a run, the sums are taken over all accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crossvault.differential.step import VAULT
from crossvault.judge.books import Books, PositionBook
from crossvault.judge.breach import Breach
from crossvault.judge.interest import cash_indexes
from crossvault.judge.marks import PERP, decoded
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import RAY, WAD
from crossvault.judge.settlement_worth import settlement_price, settlement_worth
from crossvault.judge.step_rounding import rounding_ray
from crossvault.judge.written import written

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

_WHOLE = 64
_GIFTS = ("transfer", "mint")
_ACCRUING = frozenset(("deposit_cash", "withdraw_cash", "trade", "settle", "bid", "enact_interest"))


def tokens_held(moment: Moment) -> Iterator[Breach]:
    """V1: of each collateral the vault holds the sum of all balances, and what was sent to it without a call."""
    before, after = moment.before, moment.after
    if moment.accepted and not (before.accounts is after.accounts and before.tokens is after.tokens):
        yield from _tokens_moved(moment)
    if moment.accepted and moment.is_sampled(_WHOLE):
        yield from tokens_of_all(after, _donated(moment))


def _tokens_moved(moment: Moment) -> Iterator[Breach]:
    before, after = moment.before, moment.after
    pairs = [(before.account(each).balances, after.account(each).balances) for each in moment.changed]
    moved = [(old, new) for old, new in pairs if old != new]
    listed = len(before.collaterals)
    if not moved and before.tokens is after.tokens and before.collaterals is after.collaterals:
        return
    for number, asset in enumerate(after.collaterals):
        total = asset.total_raw - (before.collaterals[number].total_raw if number < listed else 0)
        held = _held(after, asset.token) - _held(before, asset.token)
        balances = sum([_balance(new, number) - _balance(old, number) for old, new in moved])
        if total != balances or (held != total and moment.step.action not in _GIFTS):
            changes = f"held changed by {held}, the noted total by {total}, balances by {balances} raw"
            yield Breach(f"{asset.token}: {changes}", None, tuple(moment.changed))


def sizes_balanced(moment: Moment) -> Iterator[Breach]:
    """V2: the sizes of an instrument sum to zero until its expiry has settled."""
    if not moment.accepted:
        return
    sizes: Counter[int] = Counter()
    for account in moment.changed:
        gone, come = _positions_changed(moment, account)
        for position in come:
            sizes[position.instrument] += position.size
        for position in gone:
            sizes[position.instrument] -= position.size
    if sizes:
        yield from _unbalanced(moment.after, sizes)
    if moment.is_sampled(_WHOLE):
        yield from sizes_of_all(moment.after)


def cash_conserved(moment: Moment) -> Iterator[Breach]:
    """V3: cash, quote, insurance and residue are the quote held; the residue never falls, and grows by roundings."""
    if not moment.accepted:
        return
    before, after = moment.before, moment.after
    changed = moment.changed
    if changed or before.cash is not after.cash or before.tokens is not after.tokens:
        grown, most = residue_growth(moment), rounding_ray(moment)
        if not 0 <= grown <= most:
            money_wad = (grown if grown < 0 else grown - most) // RAY
            yield Breach(
                f"the residue of roundings grew by {grown} e-45, at most {most} was expected", abs(money_wad),
                tuple(changed),
            )  # fmt: skip
        yield from _totals_moved(moment)
    if moment.is_sampled(_WHOLE):
        yield from cash_of_all(after, _donated(moment))


def accrued_once(moment: Moment) -> Iterator[Breach]:
    """V6: interest accrues as of now where cash moves, and not again; elsewhere its indexes stay."""
    if not moment.accepted:
        return
    old, new = moment.before.cash, moment.after.cash
    accrues = _accrues(moment) and old.accrued_at != moment.at
    if new.accrued_at != (moment.at if accrues else old.accrued_at):
        yield Breach(f"interest accrued until {new.accrued_at} at {moment.at}, and until {old.accrued_at} before")
    if not accrues or old.total_borrow == 0:
        stored, now = (old.supply_index, old.borrow_index), (new.supply_index, new.borrow_index)
        if stored != now:
            yield Breach(f"indexes of supply and debt were {stored}, are {now}, and no interest was due")
        return
    due = cash_indexes(old, moment.at)
    if not due.borrow.holds(new.borrow_index):
        yield Breach(f"the borrow index is {new.borrow_index}, expected {due.borrow}")
    if not due.supply.holds(new.supply_index):
        yield Breach(f"the supply index is {new.supply_index}, expected {due.supply}")


def refused_unchanged(moment: Moment) -> Iterator[Breach]:
    """V10: a refused call changes nothing."""
    if moment.accepted:
        return
    before, after = moment.before, moment.after
    if before == after:
        return
    for name, old, new in zip(Books._fields, before, after, strict=True):
        if old != new and written(old) != written(new):
            accounts = tuple(moment.changed) if name == "accounts" else ()
            yield Breach(f"{name} changed in a refused call: {_first_difference(old, new)}", None, accounts)


def unconserved(books: Books) -> Iterator[tuple[str, str]]:
    """What breaks V1 to V3 over all accounts, by the number of the rule, where no token was sent to the vault."""
    yield from (("V1", each.what) for each in tokens_of_all(books, {}))
    yield from (("V2", each.what) for each in sizes_of_all(books))
    yield from (("V3", each.what) for each in cash_of_all(books, {}))


def tokens_of_all(books: Books, donated: Mapping[str, int]) -> Iterator[Breach]:
    """V1 over all accounts. donated: tokens sent to the vault without a call, raw."""
    for number, asset in enumerate(books.collaterals):
        held = _held(books, asset.token) - donated.get(asset.token, 0)
        balances = sum(_balance(each.balances, number) for each in books.accounts.values())
        if not held == asset.total_raw == balances:
            yield Breach(f"{asset.token}: held {held}, total {asset.total_raw}, in accounts {balances} raw")


def sizes_of_all(books: Books) -> Iterator[Breach]:
    """V2 over all accounts."""
    sizes: Counter[int] = Counter()
    for account in books.accounts.values():
        for position in account.positions:
            sizes[position.instrument] += position.size
    yield from _unbalanced(books, sizes)


def cash_of_all(books: Books, donated: Mapping[str, int]) -> Iterator[Breach]:
    """V3 over all accounts: principals sum to their totals, and what is owed is not more than what is held."""
    supply = borrow = 0
    for account in books.accounts.values():
        supply += max(account.principal, 0)
        borrow += max(-account.principal, 0)
    if (supply, borrow) != (books.cash.total_supply, books.cash.total_borrow):
        noted = books.cash.total_supply, books.cash.total_borrow
        yield Breach(f"principals sum to {supply}, {borrow}: noted {noted}")
    residue = residue_ray(books, donated)
    if residue < 0:
        yield Breach(f"quote held less quote owed is {residue} e-45", -residue // RAY)


def residue_ray(books: Books, donated: Mapping[str, int]) -> int:
    """Quote held less quote owed, at the indexes as stored, to the last digit [wad * ray].

    The funding index of now does not count, as sizes sum to zero; so only that of each last touch enters.
    """
    pool = books.cash
    held_raw = _held(books, pool.token) - donated.get(pool.token, 0)
    return _owned_ray(books, held_raw) - sum(claims_ray(each.positions, books) for each in books.accounts.values())


def residue_growth(moment: Moment) -> int:
    """Growth of the residue in a step [wad * ray]."""
    before, after = moment.before, moment.after
    token = after.cash.token
    given = _held(after, token) - _held(before, token) if moment.step.action in _GIFTS else 0
    grown = _owned_ray(after, _held(after, token) - given) - _owned_ray(before, _held(before, token))
    for account in moment.changed:
        gone, come = _positions_changed(moment, account)
        if gone or come:
            grown -= claims_ray(come, after) - claims_ray(gone, before)
    return grown


def claims_ray(positions: Iterable[PositionBook], books: Books) -> int:
    """Claim of positions on cash, without the part that cancels as sizes sum to zero [wad * ray]."""
    claim = 0
    for instrument, size, quote, funding_index in positions:
        claim += quote * RAY
        if funding_index:
            claim += size * funding_index
        elif decoded(instrument)[1] != PERP:
            claim += size * settlement_worth(books, instrument) * (RAY // WAD)
    return claim


def _owned_ray(books: Books, held_raw: int) -> int:
    """Quote held, less insurance and the cash of all accounts at the indexes as stored [wad * ray]."""
    pool = books.cash
    owed = pool.total_supply * pool.supply_index - pool.total_borrow * pool.borrow_index
    held_wad: int = held_raw * 10 ** (18 - pool.decimals)
    return (held_wad - pool.insurance_wad) * RAY - owed


def _totals_moved(moment: Moment) -> Iterator[Breach]:
    supply = borrow = 0
    for account in moment.changed:
        old, new = moment.before.account(account).principal, moment.after.account(account).principal
        supply += max(new, 0) - max(old, 0)
        borrow += max(-new, 0) - max(-old, 0)
    was, now = moment.before.cash, moment.after.cash
    noted = now.total_supply - was.total_supply, now.total_borrow - was.total_borrow
    if noted != (supply, borrow):
        yield Breach(f"principals changed by {supply}, {borrow}: noted {noted}", None, tuple(moment.changed))


def _unbalanced(books: Books, sizes: Counter[int]) -> Iterator[Breach]:
    for instrument, size in sizes.items():
        if size and not settlement_price(books, instrument):
            yield Breach(f"sizes of instrument {instrument} sum to {size}")


def _accrues(moment: Moment) -> bool:
    step = moment.step
    if step.action == "batch":
        return any(call.action in _ACCRUING for call in step.args["calls"])
    return step.action in _ACCRUING or (step.action == "fill" and bool(step.args["matches"]))


def _held(books: Books, token: str) -> int:
    return books.tokens[token].get(VAULT, 0)


def _balance(balances: tuple[int, ...], number: int) -> int:
    return balances[number] if number < len(balances) else 0


def _positions_changed(moment: Moment, account: AccountId) -> tuple[set[PositionBook], set[PositionBook]]:
    """Positions of an account that are gone, and that have come, in a step; one that changed is in both."""
    old, new = moment.before.account(account).positions, moment.after.account(account).positions
    if old == new:
        return set(), set()
    return set(old).difference(new), set(new).difference(old)


def _donated(moment: Moment) -> Mapping[str, int]:
    """Tokens that were sent to the vault without a call, this step included, raw."""
    step = moment.step
    if step.action not in _GIFTS or step.args["to"] != VAULT:
        return moment.donated
    token = step.args["token"]
    gift = _held(moment.after, token) - _held(moment.before, token)
    return {**moment.donated, token: moment.donated.get(token, 0) + gift}


def _first_difference(old: Any, new: Any) -> str:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                return f"{key} was {old.get(key)}, is {new.get(key)}"
    return f"was {old}, is {new}"
