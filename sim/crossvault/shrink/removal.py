"""Removal: every call that the failing step does not need is left out, in large pieces first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from crossvault.differential import doors
from crossvault.differential.step import Outcome, Step
from crossvault.mirror.account import AccountId

Steps = list[Step]
Attempt = Callable[[Sequence[Step]], Steps | None]
"""Plays a candidate; returns its steps up to the one that fails when it fails in the same way, else None."""

_MOST_IN_PAIRS = 28
_SMALL = 8


def slice_steps(steps: Steps, outcomes: Sequence[Outcome], attempt: Attempt) -> Steps:
    """Leaves out what the last step cannot depend on: refused steps, and those of accounts that are not near."""
    last = steps[-1]
    accepted = [step for step, outcome in zip(steps[:-1], outcomes, strict=False) if outcome.refusal is None]
    for keep in _circles(accepted, last):
        if found := attempt([*(step for step in accepted if keep(step)), last]):
            return found
    return attempt([*accepted, last]) or steps


def _circles(steps: Sequence[Step], last: Step) -> Iterator[Callable[[Step], bool]]:
    """Ever wider choices of steps around the accounts of the last one, as predicates."""
    own = set(last.accounts())
    if not own:
        return
    met = {other for step in steps if own & set(step.accounts()) for other in step.accounts()}
    everyone = frozenset(account.owner for step in (*steps, last) for account in step.accounts())
    for inner, outer in ((own, own), (own, met), (met, met)):
        owners = {account.owner for account in outer}

        def keep(
            step: Step, inner: set[AccountId] = inner, outer: set[AccountId] = outer, owners: set[str] = owners
        ) -> bool:
            accounts = set(step.accounts())
            if not accounts:
                return step.args.get("to") not in everyone - owners
            return bool(accounts & inner and accounts <= outer) or (len(accounts) == 1 and accounts <= outer)

        yield keep


def remove_calls(steps: Steps, attempt: Attempt) -> Steps:
    """Leaves out the calls that are not needed: in halves, quarters and so on, by kind, and by pairs."""
    size = max(1, len(steps) // 2)
    while True:
        before = len(steps)
        steps = _pieces(steps, size, attempt)
        if size <= _SMALL:
            steps = _by_kind(steps, attempt)  # from the beginning, which costs much as long as there is much
        if size == 1 and len(steps) == before:
            break
        size = max(1, min(size, len(steps)) // 2)
    return _pairs(steps, attempt) if len(steps) <= _MOST_IN_PAIRS else steps


def _by_kind(steps: Steps, attempt: Attempt) -> Steps:
    """Leaves out all steps of one action, then all of one account, the most frequent first."""
    for kinds in (_actions, _accounts, _subjects):
        counts = Counter(kind for step in steps[:-1] for kind in kinds(step))
        for kind, _ in counts.most_common():
            kept = [step for step in steps[:-1] if kind not in kinds(step)]
            if len(kept) < len(steps) - 1:
                steps = attempt([*kept, steps[-1]]) or steps
    return steps


def _actions(step: Step) -> Sequence[Any]:
    return (step.action,)


def _accounts(step: Step) -> Sequence[Any]:
    return step.accounts()


def _subjects(step: Step) -> Sequence[Any]:
    """The instruments and expiries that a step names."""
    args = step.args
    found: list[Any] = [("instrument", args["instrument"])] if "instrument" in args else []
    if "expiry" in args:
        found.append((args["underlying"], args["expiry"]))
    return found


def _pieces(steps: Steps, size: int, attempt: Attempt) -> Steps:
    """Leaves out pieces of a size, from the end: the steps before a piece need not be played again."""
    stop = len(steps) - 1
    while stop > 0:
        start = max(0, stop - size)
        steps = attempt(steps[:start] + steps[stop:]) or steps
        stop = min(start, len(steps) - 1)
    return steps


def _pairs(steps: Steps, attempt: Attempt) -> Steps:
    """Leaves out two steps at once, such as a change that is scheduled and enacted."""
    places = list(combinations(range(len(steps) - 1), 2))
    for one, two in reversed(places):
        left = [step for place, step in enumerate(steps) if place not in (one, two)]
        if found := attempt(left):
            return _pairs(found, attempt)
    return steps


def unwrap_lists(steps: Steps, attempt: Attempt) -> Steps:
    """Replaces batches by their calls, and lists in arguments by shorter ones."""
    for place in range(len(steps) - 1, -1, -1):
        if place < len(steps) and steps[place].action == "batch":
            steps = _unwrapped(steps, place, attempt)
        if place < len(steps):
            steps = _shorter_lists(steps, place, attempt)
    return steps


def _unwrapped(steps: Steps, place: int, attempt: Attempt) -> Steps:
    step = steps[place]
    calls = [doors.named(step.at, step.sender, call.action, call.args) for call in step.args["calls"]]
    choices = [calls] if len(calls) == 1 else [*([call] for call in calls), calls]
    return next((found for each in choices if (found := attempt(steps[:place] + each + steps[place + 1 :]))), steps)


def _shorter_lists(steps: Steps, place: int, attempt: Attempt) -> Steps:
    for path in [path for path, value in _lists((), dict(steps[place].args)) if len(value) > 1]:
        at = 0
        while place < len(steps) and at < len(values := _at(steps[place].args, path)) and len(values) > 1:
            rest = values[:at] + values[at + 1 :]
            shorter = replace(steps[place], args=_put(dict(steps[place].args), path, rest))
            found = attempt([*steps[:place], shorter, *steps[place + 1 :]])
            steps, at = found or steps, at if found else at + 1
    return steps


def _lists(path: tuple[Any, ...], value: Any) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The plain tuples inside arguments, and the way to each."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _lists((*path, name), each)
    elif isinstance(value, tuple) and not isinstance(value, AccountId):
        if not hasattr(value, "_fields"):
            yield path, value
        else:
            for name in value._fields:
                yield from _lists((*path, name), getattr(value, name))


def _at(value: Any, path: Sequence[Any]) -> Any:
    for name in path:
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


def _put(value: Any, path: Sequence[Any], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    inner = _put(value[first] if isinstance(value, dict) else getattr(value, first), rest, new)
    return {**value, first: inner} if isinstance(value, dict) else value._replace(**{first: inner})
