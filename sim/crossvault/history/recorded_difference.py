"""The first field in which the recorded outcomes of both sides differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.history.event_names import EVENT_FIELDS
from crossvault.lockstep.record import SAME, Record

_ABSENT = "nothing"


class RecordedDifference(NamedTuple):
    """A field, and what each side has there, as text."""

    field: str
    chain: str
    model: str


def first_difference(body: Mapping[str, Any]) -> RecordedDifference | None:
    """The first difference that the line of a step holds; None where the sides are equal."""
    chain, model = body["chain"], body["model"]
    if chain == SAME:
        return None
    found = (*_parts("refusal", chain["refusal"], model["refusal"]), *_events(chain["events"], model["events"]))
    return next(iter((*found, *_states(chain["state"], model["state"]))), None)


def outcome_difference(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> RecordedDifference | None:
    """The first difference of an outcome as recorded from one as it comes now; None where they are equal."""
    return None if recorded == now else first_difference({"chain": recorded, "model": now})


def _events(chain: Sequence[Any], model: Sequence[Any]) -> Iterator[RecordedDifference]:
    for place in range(max(len(chain), len(model))):
        mine = chain[place] if place < len(chain) else None
        other = model[place] if place < len(model) else None
        if mine is None or other is None or mine[0] != other[0] or len(mine[1]) != len(other[1]):
            yield RecordedDifference(f"events[{place}]", _words(mine), _words(other))
            continue
        names = EVENT_FIELDS.get(mine[0], range(len(mine[1])))
        for name, one, two in zip(names, mine[1], other[1], strict=True):
            yield from _parts(f"{mine[0]}.{name}", one, two)


def _states(chain: Any, model: Any) -> Iterator[RecordedDifference]:
    if not isinstance(chain, Mapping) or not isinstance(model, Mapping):
        yield from _parts("state", chain, model)
        return
    yield from _parts("globals", chain["globals"], model["globals"])
    for mine, other in zip(chain["accounts"], model["accounts"], strict=False):
        yield from _parts(str(other["account"]), mine, other)
    if len(chain["accounts"]) != len(model["accounts"]):
        yield RecordedDifference("accounts", str(len(chain["accounts"])), str(len(model["accounts"])))


def _parts(name: str, chain: Any, model: Any) -> Iterator[RecordedDifference]:
    if chain == model:
        return
    mine, other = _fields(chain), _fields(model)
    if mine is None or other is None or len(mine) != len(other):
        yield RecordedDifference(name, _words(chain), _words(model))
        return
    named = other if isinstance(model, Mapping) else mine  # the chain has structs as lists, the model with names
    for label, (one, two) in zip(named, zip(mine.values(), other.values(), strict=True), strict=True):
        yield from _parts(name + label, one, two)


def _fields(value: Any) -> dict[str, Any] | None:
    """The parts of a value by the end of their names; None where it has none."""
    if isinstance(value, Mapping):
        return {f".{key}": each for key, each in value.items()}
    if isinstance(value, list):
        return {f"[{place}]": each for place, each in enumerate(value)}
    return None


def _words(value: Any) -> str:
    if value is None:
        return _ABSENT
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def unshown_difference(read: Record, place: int) -> str | None:
    """The difference that a record has at a step which these contracts now play as the model does."""
    recorded = first_difference(json.loads(read.lines[place - 1]))
    if recorded is None:
        return None
    return (
        f"{read.path}:{place + 1}: recorded with a difference that these contracts do not show: {recorded.field}: "
        f"chain {recorded.chain}, model {recorded.model}; --contracts names those that it was recorded with"
    )
