"""Steps with other people, numbers, times or values in them, everything else as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crossvault.differential.step import Step
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call

Change = Callable[[str, Any], Any]

TIMES = ("published_at", "expires_at", "expiry")
NO_NAMES = ("token", "name", "exchange", "action", "quote")
_FIRST_TIME = 10**9  # a smaller value is no time but a wrong argument


def rewritten(step: Step, change: Change) -> Step:
    """A step with every value in its arguments replaced; parts of an instrument are values of their own."""
    args = {name: _rewritten(name, value, change) for name, value in step.args.items()}
    return step if args == step.args else replace(step, args=args)


def _rewritten(name: str, value: Any, change: Change) -> Any:
    if isinstance(value, AccountId):
        return change(name, value)
    if isinstance(value, Call):
        return Call(value.action, {each: _rewritten(each, inner, change) for each, inner in value.args.items()})
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return tuple(_rewritten(name, each, change) for each in value)
        return type(value)(*(_rewritten(each, inner, change) for each, inner in zip(fields, value, strict=True)))
    if name == "instrument" and is_formed(value):
        return _instrument(change(name, value), change)
    return change(name, value)


def _instrument(value: int, change: Change) -> int:
    return market.instrument_of(
        change("underlying", market.underlying_of(value)),
        market.kind_of(value),
        change("expiry", market.expiry_of(value)),
        change("strike_wad", market.strike_of(value)),
    )


def is_formed(instrument: int) -> bool:
    """Whether a number has no other parts than an instrument has."""
    return 0 <= instrument < 2**152


def leaves(step: Step) -> Iterator[tuple[str, Any]]:
    """Every value in the arguments of a step, with its name."""
    found: list[tuple[str, Any]] = []

    def note(name: str, value: Any) -> Any:
        found.append((name, value))
        return value

    rewritten(step, note)
    yield from found


def is_time(name: str, value: Any) -> bool:
    """Whether a value is a time [unix seconds]."""
    return name in TIMES and value > _FIRST_TIME


def people(steps: Sequence[Step]) -> tuple[str, ...]:
    """The names of all who call, own an account or are named, each once."""
    found: dict[str, None] = {}
    for step in steps:
        found[step.sender] = None
        for name, value in leaves(step):
            if isinstance(value, AccountId):
                found[value.owner] = None
            elif isinstance(value, str) and name not in NO_NAMES and value and not value.startswith("0x"):
                found[value] = None
    return tuple(found)


def renamed(steps: Sequence[Step], names: Mapping[str, str]) -> list[Step]:
    """The steps with other people in them."""

    def change(name: str, value: Any) -> Any:
        if isinstance(value, AccountId):
            return AccountId(names.get(value.owner, value.owner), value.number)
        return names.get(value, value) if isinstance(value, str) and name not in NO_NAMES else value

    return [rewritten(replace(step, sender=names.get(step.sender, step.sender)), change) for step in steps]


def with_accounts(steps: Sequence[Step], accounts: Mapping[AccountId, AccountId]) -> list[Step]:
    """The steps with other accounts in them; the new owner calls where the old one did."""
    owners = {old.owner: new.owner for old, new in accounts.items()}

    def change(name: str, value: Any) -> Any:
        if isinstance(value, AccountId):
            return accounts.get(value, value)
        return owners.get(value, value) if isinstance(value, str) and name not in NO_NAMES else value

    made = []
    for step in steps:
        touched = any(account in accounts for account in step.accounts())
        alone = (not step.accounts() and step.sender in owners) or step.action in ("mint", "transfer")
        sender = owners.get(step.sender, step.sender) if touched or alone else step.sender
        made.append(rewritten(replace(step, sender=sender), change))
    return made


def renumbered(steps: Sequence[Step], kind: str, numbers: Mapping[int, int]) -> list[Step]:
    """The steps with other underlyings or collaterals (`kind`) in them, by their numbers."""

    def change(name: str, value: Any) -> Any:
        known = name == kind or (kind == "underlying" and name == "feed")
        return numbers.get(value, value) if known and isinstance(value, int) else value

    return [rewritten(step, change) for step in steps]


def shifted(steps: Sequence[Step], after: int, secs: int, ends_too: bool) -> list[Step]:
    """The steps with every time from `after` on [unix seconds] earlier by `secs`; `ends_too`: expiries as well."""

    def change(name: str, value: Any) -> Any:
        moved = is_time(name, value) and value >= after and (ends_too or name != "expiry")
        return value - secs if moved else value

    return [rewritten(replace(step, at=step.at - secs if step.at >= after else step.at), change) for step in steps]


def replaced(steps: Sequence[Step], values: Mapping[tuple[int | None, str, int], int]) -> list[Step]:
    """The steps with other values: by place (None: anywhere, its opposite too), name and old value."""
    everywhere = {(name, -old): -new for (place, name, old), new in values.items() if place is None}
    everywhere |= {(name, old): new for (place, name, old), new in values.items() if place is None}
    made = []
    for number, step in enumerate(steps):
        here = {(name, old): new for (place, name, old), new in values.items() if place == number}
        known = everywhere | here

        def change(name: str, value: Any, known: Mapping[tuple[str, int], int] = known) -> Any:
            return known.get((name, value), value) if type(value) is int else value

        made.append(rewritten(step, change) if known else step)
    return made
