"""Perpetuals in the place of futures and options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from crossvault.differential.step import Step
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.shrink.removal import Attempt, Steps
from crossvault.shrink.rewrite import leaves


def substitute_perps(steps: Steps, attempt: Attempt) -> Steps:
    """Replaces futures and options by perpetuals or futures, at a price near the index, wherever those will do."""
    instruments = {value for step in steps for name, value in leaves(step) if name == "instrument"}
    for old in sorted(each for each in instruments if market.kind_of(each) != market.PERP):
        underlying, expiry = market.underlying_of(old), market.expiry_of(old)
        news = (market.perp(underlying), market.instrument_of(underlying, market.FUTURE, expiry, 0))
        ways = product(news, _prices(steps, underlying), (None, 1, 10**12 + 1))
        candidates = ([_exchanged(step, old, *way) for step in steps] for way in ways)
        steps = next((found for each in candidates if (found := attempt(each))), steps)
    return steps


def _prices(steps: Steps, underlying: int) -> list[int | None]:
    """Prices to try instead: none, those that were published, and each a wei more, so that it rounds."""
    published = [step.args for step in steps if step.args.get("underlying") == underlying and "index_wad" in step.args]
    near = {args["index_wad"] for args in published} | {args["index_wad"] + args["premium_wad"] for args in published}
    return [None, *sorted(near | {each + 1 for each in near})]


def _exchanged(value: Any, old: int, new: int, price_wad: int | None, size: int | None) -> Any:
    """A value with another instrument and, if they are given, another price and size."""
    if isinstance(value, Step):
        return replace(value, args=_exchanged(value.args, old, new, price_wad, size))
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_exchanged(each, old, new, price_wad, size) for each in value)
    if isinstance(value, AccountId) or not isinstance(value, Mapping | tuple):
        return value
    struct: Any = value
    fields = dict(value) if isinstance(value, Mapping) else struct._asdict()
    fields = {name: _exchanged(each, old, new, price_wad, size) for name, each in fields.items()}
    if fields.get("instrument") == old:
        fields["instrument"] = new
        if price_wad is not None:
            fields |= dict.fromkeys({"price_wad", "limit_wad"} & fields.keys(), price_wad)
        if size is not None:
            fields["size"] = size if fields["size"] > 0 else -size
    return fields if isinstance(value, Mapping) else type(value)(**fields)
