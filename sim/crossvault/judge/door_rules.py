"""V26: every accepted step is within the rule book: who may do what, on what terms; and the vault stores the same book.

V9, V12, V14, V27, V30, V31 and V32 have what belongs to accounts, orders, trades, prices, grants and delays.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from crossvault.differential.step import EXCHANGE
from crossvault.judge.books import Books, UnderlyingBook
from crossvault.judge.breach import Breach
from crossvault.judge.door_terms import BATCHABLE, TERMS
from crossvault.judge.moment import Moment
from crossvault.judge.parameter_ranges import CAP
from crossvault.judge.rulebook import GRANTS, RuleBook, calls

OWNERS = frozenset({
    "offer_ownership", "set_guardian", "set_feeder", "unpause", "list_underlying", "list_collateral", "open_expiry",
    "schedule_risk", "enact_risk", "schedule_haircut", "enact_haircut", "schedule_auction", "enact_auction",
    "schedule_depeg", "enact_depeg", "schedule_options", "enact_options", "schedule_guard", "enact_guard",
    "schedule_interest", "enact_interest", "schedule_portfolio", "enact_portfolio", "schedule_rules", "enact_rules",
    "schedule_cap", "enact_cap",
    "schedule_feeder", "schedule_underlying", "schedule_collateral", "schedule_guardian", "seal",
})  # fmt: skip
"""Doors of the vault's owner alone."""
CANCELLING = frozenset({"cancel_changes"})
FEEDERS = frozenset({"publish_price", "publish_forward", "publish_surface"})
OF_ACCOUNT_OWNERS = frozenset({"set_operator", "set_scopes", "set_mode"})
LOCKED_EVENTS = frozenset({
    "ModeSet", "CashDeposited", "CashWithdrawn", "CollateralDeposited", "CollateralWithdrawn", "InsuranceFunded",
    "Traded", "Settled", "LiquidationStarted", "LiquidationRestarted", "InsolvencyDeclared", "Bid",
    "LiquidationEnded", "Batched",
})  # fmt: skip
"""Events of the doors that share one lock."""
_SWEEP = 16  # orders are compared whole at one of so many steps, and else those that a step names
_GOVERNED = OWNERS | CANCELLING | {"accept_ownership", "pause"}


def kept_to_the_book(moment: Moment) -> Iterator[Breach]:
    """V26 of an accepted step; a refused one is judged by what it leaves (V10)."""
    if not moment.accepted:
        return
    for reason in _reasons(moment):
        yield Breach(f"{moment.step.action} by {moment.step.sender}: {reason}", accounts=tuple(moment.touched))


def _reasons(moment: Moment) -> Iterator[str]:
    step = moment.step
    yield from _role(moment)
    for action, args in calls(step):
        if step.action == "batch" and action not in BATCHABLE:
            yield f"{action} is not for a batch"
        if terms := TERMS.get(action):
            yield from terms(moment, args)
    if step.action == "fill":
        yield from _live_orders(moment)
    yield from _lock(moment)
    yield from stored_otherwise(moment)


def _role(moment: Moment) -> Iterator[str]:
    """A sender without the role that a door is for."""
    step, book = moment.step, moment.rulebook
    action, sender = step.action, step.sender
    if action in OWNERS and sender != book.owner:
        yield f"the owner is {book.owner}"
    elif action in FEEDERS and sender not in book.feeders:
        yield f"{sender} is no feeder"
    elif action == "accept_ownership" and sender != book.pending_owner:
        yield f"the ownership was offered to {book.pending_owner or 'no one'}"
    elif action in ("pause", *CANCELLING) and sender not in (book.owner, book.guardian):
        yield f"the owner is {book.owner}, the guardian {book.guardian or 'no one'}"
    elif action in OF_ACCOUNT_OWNERS and sender != step.args["account"].owner:
        yield f"only {step.args['account'].owner} may, an operator may not"


def _live_orders(moment: Moment) -> Iterator[str]:
    """A fill of an order that its account has cancelled, alone, by a floor or an epoch, or of a size beyond the cap."""
    book = moment.rulebook
    for pair in moment.step.args["matches"]:
        for order in (pair.maker, pair.taker):
            if order in book.cancelled:
                yield f"the order of {order.account} with salt {order.salt} is cancelled"
            if not 0 < abs(order.size) <= CAP:
                yield f"the order of {order.account} is for {order.size}: expected more than 0, at most 2^96 - 1"
            if order.epoch != (epoch := book.epochs.get(order.account, 0)):
                yield f"the order of {order.account} is of epoch {order.epoch}, its account is in epoch {epoch}"
            if order.salt < book.floors.get(order.account, 0):
                yield f"the order of {order.account} has salt {order.salt}, its floor is {book.floors[order.account]}"


def _lock(moment: Moment) -> Iterator[str]:
    """A door that was entered from within a door, which its event shows by its sender."""
    senders = (moment.step.sender, EXCHANGE) if moment.step.action == "fill" else (moment.step.sender,)
    for event in moment.outcome.events:
        if event.values[0] not in senders and event.name in LOCKED_EVENTS:
            yield f"{event.values[0]} entered a locked door: {event.name}"


_ROLES = (
    "owner", "pending_owner", "guardian", "paused", "delay_secs", "feeders", "is_sealed", "open_since", "cancelled_at",
)  # fmt: skip
_roles = attrgetter(*_ROLES)


def stored_otherwise(moment: Moment) -> Iterator[str]:
    """Stored rights and parameters that are not those of the book after a step.

    What a step leaves as it was is as it should be, because it was so before.
    """
    step, before, after = moment.step, moment.before, moment.after
    book = moment.rulebook_after
    if _roles(after) != (noted := _roles(book)):
        yield from (
            f"{name.replace('_', ' ')}: {a!r} is stored, {b!r} is noted"
            for name, a, b in zip(_ROLES, _roles(after), noted, strict=True)
            if a != b
        )
    governed = step.action in _GOVERNED or moment.number == 1
    if governed or after.underlyings != before.underlyings:
        for number, each in enumerate(after.underlyings):
            if governed or number >= len(before.underlyings) or not _same_risks(each, before.underlyings[number]):
                yield from _underlying(book, number, each)
        if len(after.underlyings) != len(book.underlyings):
            yield f"{len(after.underlyings)} underlyings are stored, {len(book.underlyings)} were listed"
    if governed or not _same_terms(after, before):
        yield from _shared_terms(book, after)
    yield from _accounts(moment, book)
    yield from _orders(moment, book)


def _same_risks(now: UnderlyingBook, was: UnderlyingBook) -> bool:
    """Whether the name and the parameters of an underlying are as before; its prices may have moved."""
    return now[:5] == was[:5]


def _differs(name: str, stored: Any, noted: Any) -> Iterator[str]:
    """A parameter that is stored otherwise than noted; before it is ever enacted, all of it is zero."""
    if noted is None:
        if stored is not None and any(_flat(stored)):
            yield f"{name}: {stored} is stored, none was ever enacted"
    elif stored != noted:
        yield f"{name}: {stored} is stored, {noted} was enacted"


def _flat(value: Any) -> Iterator[Any]:
    for each in value:
        if isinstance(each, tuple):
            yield from _flat(each)
        else:
            yield each


def _underlying(book: RuleBook, number: int, each: UnderlyingBook) -> Iterator[str]:
    if number < len(book.underlyings) and each.name != book.underlyings[number]:
        yield f"underlying {number} is stored as {each.name}, listed as {book.underlyings[number]}"
    pairs = ("risk", each.risk), ("options", each.options), ("guard", each.guard), ("portfolio", each.portfolio)
    for kind, stored in pairs:
        yield from _differs(f"{kind} of {each.name}", stored, book.parameters.get((kind, number)))


def _same_terms(after: Books, before: Books) -> bool:
    """Whether the parameters that are of no single underlying are as before."""
    return (
        after.auction is before.auction and after.rules is before.rules and after.cash.depeg is before.cash.depeg
        and after.caps.limits == before.caps.limits and after.cash.interest is before.cash.interest
        and (after.collaterals == before.collaterals
             or [each.terms for each in after.collaterals] == [each.terms for each in before.collaterals])
    )  # fmt: skip


def _shared_terms(book: RuleBook, after: Books) -> Iterator[str]:
    noted = book.parameters
    in_force = {change[1:]: amount for change, amount in noted.items() if change[0] == "cap" and amount}
    if dict(after.caps.limits) != in_force:
        yield f"caps {dict(after.caps.limits)} are stored, {in_force} were enacted"
    shared = ("auction", after.auction), ("rules", after.rules), ("interest", after.cash.interest)
    for kind, stored in (*shared, ("depeg", after.cash.depeg)):
        yield from _differs(kind, stored, noted.get((kind,)))
    listed = [(each.token, each.underlying) for each in after.collaterals]
    if listed != list(book.collaterals):
        yield f"collaterals {listed} are stored, {list(book.collaterals)} were listed"
    for number, each in enumerate(after.collaterals):
        if each.decimals != book.decimals[each.token]:
            yield f"{each.token} is stored with {each.decimals} decimals, it has {book.decimals[each.token]}"
        yield from _differs(f"haircut of {each.token}", each.terms, noted.get(("haircut", number)))


def _accounts(moment: Moment, book: RuleBook) -> Iterator[str]:
    """Operators and margin modes; those of a grant itself are V9 and V31."""
    granted = moment.step.action in GRANTS
    for account in moment.changed:
        stored = moment.after.account(account)
        if not granted and stored.operators != book.operators.get(account, frozenset()):
            yield f"operators of {account}: {sorted(stored.operators)} are stored"
        if stored.mode != book.modes.get(account, 0):
            yield f"margin mode of {account}: {stored.mode} is stored, {book.modes.get(account, 0)} was chosen"


def _orders(moment: Moment, book: RuleBook) -> Iterator[str]:
    """Cancellations, floors and epochs as stored; what is filled is V12."""
    stored = moment.after.orders
    if moment.step.action not in ("cancel", "cancel_below", "next_epoch") and moment.number % _SWEEP:
        return
    floors = {account: salt for account, salt in stored.floors.items() if salt}
    if floors != {account: salt for account, salt in book.floors.items() if salt}:
        yield f"floors of salts {floors} are stored, {dict(book.floors)} were set"
    if dict(stored.epochs) != dict(book.epochs):
        yield f"epochs {dict(stored.epochs)} are stored, {dict(book.epochs)} were started"
    cancelled = {digest[0] for digest, is_cancelled in stored.cancelled.items() if is_cancelled}
    if cancelled != book.cancelled:
        yield f"orders {cancelled ^ book.cancelled} are stored as cancelled or not, otherwise than noted"
