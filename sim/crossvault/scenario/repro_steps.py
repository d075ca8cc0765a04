"""Steps of a repro file as the notation takes them: each argument read by the kind that its door declares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from crossvault.differential import doors
from crossvault.differential.notation import ADDED_FIELDS, BadNotation, Notation
from crossvault.differential.step import Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call
from crossvault.scenario import quantity
from crossvault.scenario.source import Route, SourceFile, did_you_mean

TIMES = ("published_at", "expires_at", "expiry")
WHOLE_NUMBER = re.compile(r"(-?[0-9]{1,80})(?:e([0-9]{1,2}))?")
_LATER = re.compile(r"\+([0-9]{1,10})s")
_OF_A_STEP = ("at", "by", "do", "expect")


def repro_step(
    source: SourceFile, route: Route, step: Mapping[str, Any], starts: int, notation: Notation
) -> Step | None:
    """A step of the file; None where its problems were noted."""
    problems = len(source.problems)
    if missing := [name for name in ("at", "by", "do") if name not in step]:
        source.note((*route, missing[0]), "is missing, and there is no default")
        return None
    action, at = str(step["do"]).replace(" ", "_"), 0
    try:
        kinds = doors.arguments(action)
    except ValueError as wrong:
        source.note((*route, "do"), str(wrong).replace("_", " "))
        return None
    with source.guard((*route, "at")):
        at = quantity.moment(step["at"]).at(starts)
        quantity.require_written(at)
    given = {name: value for name, value in step.items() if name not in _OF_A_STEP}
    args = _fields(source, route, kinds, given, starts)
    if len(source.problems) > problems:
        return None
    try:
        return notation.parse({"at": at, "sender": step["by"], "action": action, "args": args})
    except BadNotation as wrong:
        source.note(route, str(wrong))
        return None


def expected_refusal(source: SourceFile, route: Route, given: Mapping[str, Any]) -> str:
    """The name of the refusal that a step expects; empty where it is to be accepted."""
    expected = given.get("expect", {})
    if not isinstance(expected, Mapping) or set(expected) - {"refused"}:
        source.note((*route, "expect"), f"expected such as {{refused: NotAuthorized}}, got {expected!r}")
        return ""
    return str(expected.get("refused", ""))


def _fields(
    source: SourceFile,
    route: Route,
    kinds: Mapping[str, Any],
    given: Mapping[str, Any],
    starts: int,
    zeros: bool = False,
) -> dict[str, Any]:
    """Named values as the notation takes them; `zeros`: numbers that are not given are 0."""
    named = {str(name).replace(" ", "_"): name for name in given}
    for stranger in [name for name in named if name not in kinds]:
        known = [name.replace("_", " ") for name in kinds]
        source.note((*route, named[stranger]), f"unknown field: {did_you_mean(str(named[stranger]), known)}")
    found: dict[str, Any] = {}
    for name, kind in kinds.items():
        if name in named:
            found[name] = _value(source, (*route, named[name]), name, kind, given[named[name]], starts)
        elif zeros and kind is int:
            found[name] = "0"
        else:
            source.note((*route, name.replace("_", " ")), "is missing, and there is no default")
    return found


def _value(source: SourceFile, route: Route, name: str, kind: Any, given: Any, starts: int) -> Any:
    if get_origin(kind) in (tuple, Sequence):
        if not isinstance(given, list):
            source.note(route, f"expected a list, got {given!r}")
            return []
        inner = get_args(kind)[0]
        return [_value(source, (*route, place), name, inner, each, starts) for place, each in enumerate(given)]
    if isinstance(kind, UnionType):
        return given if isinstance(given, str) else _value(source, route, name, get_args(kind)[0], given, starts)
    if kind is Call:
        return _call(source, route, given, starts)
    if kind is int:
        return _number(source, route, name, given, starts)
    if kind is AccountId or kind is str or kind is bool:
        return given
    return struct_values(source, route, kind, given, starts)


def struct_values(source: SourceFile, route: Route, kind: Any, given: Any, starts: int) -> dict[str, Any]:
    """The fields of a struct; numbers that are not given are 0, or what they were before there was such a field."""
    if not isinstance(given, Mapping):
        source.note(route, f"expected a mapping, got {given!r}")
        return {}
    given = {**ADDED_FIELDS.get(kind, {}), **given}
    return _fields(source, route, get_type_hints(kind), given, starts, zeros=True)


def _call(source: SourceFile, route: Route, given: Any, starts: int) -> dict[str, Any]:
    action = str(given.get("action", "")) if isinstance(given, Mapping) else ""
    try:
        kinds = doors.arguments(action)
    except ValueError as wrong:
        source.note(route, str(wrong))
        return {}
    return {"action": action, "args": _fields(source, (*route, "args"), kinds, given.get("args", {}), starts)}


def _number(source: SourceFile, route: Route, name: str, given: Any, starts: int) -> str:
    """A number as decimal text; names of underlyings, collaterals and instruments stay."""
    written = str(given)
    if found := WHOLE_NUMBER.fullmatch(written):
        return str(int(found[1]) * 10 ** int(found[2] or 0))
    if (later := _LATER.fullmatch(written)) and name in TIMES:
        return str(starts + int(later[1]))
    if name not in ("underlying", "collateral", "instrument"):
        source.note(route, f"{given!r} is no whole number: expected such as 25, -3 or 2000e18")
        return "0"
    return written
