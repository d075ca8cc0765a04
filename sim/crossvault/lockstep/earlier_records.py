"""Records of earlier versions: fields added since to a print, a sale, an order or a state are not compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_GROWN = (
    "PricePublished",
    "ForwardPublished",
    "SurfacePublished",
    "Filled",
    "OrderCancelled",
)  # events of prints and orders
_LATER = frozenset({"epoch", "version"})  # fields of orders and of their signatures
_RENAMED = frozenset({"LimitNotMet"})  # refusals whose fields have other names


def as_recorded(body: Mapping[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The line of a step with as many fields of its prints as the recorded line has."""
    found = {**body, "args": _dated(body.get("args"), recorded.get("args"))}
    for side in ("model", "chain"):
        ours, theirs = body.get(side), recorded.get(side)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            found[side] = _outcome(ours, theirs)
    return found


def _outcome(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    events = [
        [mine[0], _shortened(mine[1], other[1])] if mine[0] == other[0] and mine[0] in _GROWN else mine
        for mine, other in zip(ours["events"], theirs["events"], strict=False)
    ]
    found = {**ours, "events": [*events, *ours["events"][len(events) :]]}
    found["refusal"] = _renamed(ours["refusal"], theirs["refusal"])
    state, old = ours.get("state"), theirs.get("state")
    if state and old:
        prices = _cut_all(state["globals"]["prices"], old["globals"]["prices"])
        accounts = [_account(*pair) for pair in zip(state["accounts"], old["accounts"], strict=False)]
        accounts += state["accounts"][len(accounts) :]
        shared = {**_known(state["globals"], old["globals"]), "prices": prices}
        found["state"] = {**state, "globals": shared, "accounts": accounts}
    return found


def _renamed(ours: Any, theirs: Any) -> Any:
    """A refusal whose fields have the names of the recorded one."""
    if not ours or not theirs or ours.keys() != theirs.keys() or not _RENAMED & ours.keys():
        return ours
    return {name: dict(zip(theirs[name], ours[name].values(), strict=False)) for name in ours}


def _dated(ours: Any, theirs: Any) -> Any:
    """Arguments without the fields of orders and signatures that the recorded ones do not have."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        kept = {name: value for name, value in ours.items() if name in theirs or name not in _LATER}
        return {name: _dated(value, theirs.get(name)) for name, value in kept.items()}
    if isinstance(ours, list) and isinstance(theirs, list):
        return [_dated(*pair) for pair in zip(ours, theirs, strict=False)] + ours[len(theirs) :]
    return ours


def _account(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    return {**_known(ours, theirs), "sale": _cut(ours["sale"], theirs["sale"])}


def _known(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Without the open interest where the recorded state has none."""
    return {name: value for name, value in ours.items() if name != "interests_wad" or name in theirs}


def _cut_all(ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    """Rows, each as long as the recorded one."""
    cut = [_cut(mine, other) for mine, other in zip(ours, theirs, strict=False)]
    return [*cut, *ours[len(cut) :]]


def _shortened(ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    """The arguments of an event, each struct as long as the recorded one."""
    return [_cut(mine, other) for mine, other in zip(ours, theirs, strict=False)]


def _cut(ours: Any, theirs: Any) -> Any:
    return ours[: len(theirs)] if isinstance(ours, list) and isinstance(theirs, list) else _dated(ours, theirs)
