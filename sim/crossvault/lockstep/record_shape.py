"""The shape of a record's lines: what is required of a header and of an outcome before anything reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_Problem = tuple[str, str]  # the field, and what is wrong with it

_HEADER: dict[str, type] = {
    "scenario": str,
    "about": str,
    "scenario_hash": str,
    "seed": int,
    "underlyings": list,
    "collaterals": list,
    "world": dict,
    "versions": dict,
    "contracts": str,
}
_NAMES = {str: "text", int: "a whole number", list: "a list", dict: "an object"}


def header_problem(first: Mapping[str, Any], decode_world: Callable[[Mapping[str, Any]], object]) -> _Problem | None:
    """The first field of a header that lacks or is of another form; None where it is a header."""
    for name, kind in _HEADER.items():
        if name not in first:
            return name, "is missing from the header"
        if not _is(first[name], kind):
            return name, f"expected {_NAMES[kind]}"
    for name in ("underlyings", "collaterals"):
        if not all(isinstance(each, str) for each in first[name]):
            return name, "expected a list of names"
    persons = first.get("persons", {})
    if not _is(persons, dict) or not all(isinstance(each, str) for each in persons.values()):
        return "persons", "expected the person behind each owner, as an object of names"
    try:
        decode_world(first["world"])
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        return "world", f"is no world: {wrong}"
    return None


def step_problem(body: Mapping[str, Any], same: str) -> _Problem | None:
    """The first field of a step's outcomes that lacks or is of another form. same: the mark of equal sides."""
    sides = [("model", body.get("model"))]
    if body.get("chain") != same:
        sides.append(("chain", body.get("chain")))
    return next((problem for name, outcome in sides for problem in _outcome_problems(name, outcome)), None)


def _outcome_problems(side: str, outcome: Any) -> Iterator[_Problem]:
    if not isinstance(outcome, dict):
        yield side, "expected an object: refusal, events and state"
        return
    refusal = outcome.get("refusal", "lacking")
    if not (refusal is None or (_is(refusal, dict) and len(refusal) == 1 and _is(next(iter(refusal.values())), dict))):
        yield f"{side}.refusal", "expected null, or an object of one error and its arguments"
    events = outcome.get("events")
    if not (isinstance(events, list) and all(_is_event(each) for each in events)):
        yield f"{side}.events", "expected a list of events, each a name and a list of values"
    if not _is_state(outcome.get("state", "lacking")):
        yield f"{side}.state", "expected null, or an object of globals and accounts"


def _is_event(event: Any) -> bool:
    return _is(event, list) and len(event) == 2 and _is(event[0], str) and _is(event[1], list)


def _is_state(state: Any) -> bool:
    if not _is(state, dict):
        return state is None
    accounts = state.get("accounts")
    return (
        _is(state.get("globals"), dict)
        and _is(accounts, list)
        and all(_is(each, dict) and "account" in each for each in accounts)
    )


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
