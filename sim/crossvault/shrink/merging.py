"""Merging: one account, person, underlying or collateral in the place of two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from crossvault.differential.step import EXCHANGE, VAULT, World, named
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.shrink.removal import Attempt, Steps
from crossvault.shrink.rewrite import people, renamed, renumbered, with_accounts
from crossvault.shrink.roles import is_mergeable, roles

_PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")


def merge_accounts(steps: Steps, attempt: Attempt) -> Steps:
    """Replaces an account by another wherever the steps allow it, and gives it the number 0."""
    for old, new in permutations(reversed(named(steps)), 2):
        if old in named(steps) and new in named(steps):
            steps = attempt(with_accounts(steps, {old: new})) or steps
    for account in named(steps):
        if account.number:
            steps = attempt(with_accounts(steps, {account: AccountId(account.owner)})) or steps
    return steps


def merge_people(steps: Steps, world: World, attempt: Attempt) -> Steps:
    """Replaces a person by another of the same roles, with two accounts if need be; the owner of the vault stays."""
    signers = {spec.name: spec.signer for spec in world.wallets}
    tokens = {VAULT, EXCHANGE, *(spec.name for spec in world.tokens)}
    for old, new in permutations(people(steps), 2):
        known = people(steps)
        if not {old, new} <= set(known) or old == world.owner or {old, new} & tokens or new in signers:
            continue
        has = roles(steps, world)
        if is_mergeable(has.get(old, frozenset()), has.get(new, frozenset())):
            both = {old: new} | ({signers[old]: new} if old in signers else {})
            moved = _moved(steps, old, new)
            steps = attempt(renamed(steps, both)) or attempt(renamed(moved, both)) or steps
    return steps


def _moved(steps: Steps, old: str, new: str) -> Steps:
    """The steps with the accounts of one person as further accounts of another."""
    accounts = named(steps)
    first = 1 + max((each.number for each in accounts if each.owner == new), default=-1)
    theirs = [each for each in accounts if each.owner == old]
    moved = {each: AccountId(new, first + place) for place, each in enumerate(theirs)}
    return with_accounts(steps, moved)


def name_people(steps: Steps, world: World, attempt: Attempt) -> Steps:
    """Gives the people of a story the usual names."""
    owners = [each for each in people(steps) if any(each == account.owner for account in named(steps))]
    owners = [each for each in owners if each != world.owner]
    taken = {*people(steps), world.owner} - set(owners)
    fresh = [name for name in _PEOPLE if name not in taken]
    wallets = {spec.name for spec in world.wallets}
    names = dict(zip(owners, fresh, strict=False))
    if names and not wallets & set(owners) and any(old != new for old, new in names.items()):
        steps = attempt(renamed(steps, names)) or steps
    return steps


def merge_listings(steps: Steps, kind: str, attempt: Attempt) -> Steps:
    """Replaces an underlying or a collateral (`kind`) by another wherever that will do; higher numbers move down."""
    door = f"list_{kind}"
    number = sum(step.action == door for step in steps) - 1
    while number >= 0:
        listings = [place for place, step in enumerate(steps) if step.action == door]
        if number < len(listings):
            steps = _without(steps, kind, number, listings, attempt)
        number -= 1
    return steps


def _without(steps: Steps, kind: str, number: int, listings: Sequence[int], attempt: Attempt) -> Steps:
    rest = steps[: listings[number]] + steps[listings[number] + 1 :]
    closed = {old: old - 1 for old in range(number + 1, market.MAX_UNDERLYINGS + 1)}
    for other in range(len(listings) - 1):
        if found := attempt(renumbered(rest, kind, {number: other} | closed)):
            return found
    return steps
