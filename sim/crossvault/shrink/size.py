"""The order of "smaller" among candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crossvault.differential.step import Step, World, named
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.shrink.plain_world import PLAIN_TERMS
from crossvault.shrink.rewrite import is_formed, is_time, leaves, people
from crossvault.shrink.simplification import is_amount, weight

_KINDS = {market.PERP: 0, market.FUTURE: 1, market.CALL: 2, market.PUT: 2}


class StorySize(NamedTuple):
    """The size of steps in a world; of two, the first field in which they differ decides.

    calls: steps, and the calls inside batches. entries: values in lists. kinds: of the instruments that are named, a
    future counts one and an option two. world: tokens, wallets, a delay, auction terms. seconds: of all times after
    the start. digits, magnitude, negatives: of all quantities, digits without the zeros at the end.
    """

    calls: int
    entries: int
    kinds: int
    accounts: int
    people: int
    account_numbers: int
    world: int
    seconds: int
    digits: int
    magnitude: int
    negatives: int


def size(world: World, steps: Sequence[Step]) -> StorySize:
    """The size of steps in a world."""
    values = [pair for step in steps for pair in leaves(step)]
    weights = [weight(value) for name, value in values if is_amount(name, value)]
    moments = [step.at for step in steps]
    moments += [value for name, value in values if isinstance(value, int) and is_time(name, value)]
    lists = [part for step in steps for part in _lists(dict(step.args))]
    accounts = named(steps)
    return StorySize(
        calls=len(steps) + sum(len(step.args["calls"]) for step in steps if step.action == "batch"),
        entries=sum(map(len, lists)),
        kinds=sum(_kind(value) for value in {value for name, value in values if name == "instrument"}),
        accounts=len(accounts),
        people=len(people(steps)),
        account_numbers=sum(account.number for account in accounts),
        world=len(world.tokens) + len(world.wallets) + bool(world.delay_secs) + (world.terms != PLAIN_TERMS),
        seconds=sum(max(0, moment - world.starts_at) for moment in moments),
        digits=sum(digits for digits, _, _ in weights),
        magnitude=sum(magnitude for _, magnitude, _ in weights),
        negatives=sum(is_negative for _, _, is_negative in weights),
    )


def _kind(instrument: Any) -> int:
    return _KINDS.get(market.kind_of(instrument), 0) if is_formed(instrument) else 0


def _lists(value: Any) -> Iterator[tuple[Any, ...]]:
    """The plain tuples inside arguments."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _lists(each)
    elif isinstance(value, tuple) and not isinstance(value, AccountId):
        if not hasattr(value, "_fields"):
            yield value
        for each in value:
            yield from _lists(each)
