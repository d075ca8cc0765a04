"""The rows of steps and of their events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from crossvault.differential.notation import Notation
from crossvault.differential.step import Event, Outcome, instrument_name
from crossvault.history.event_names import EVENT_FIELDS
from crossvault.history.recorded_difference import RecordedDifference
from crossvault.lockstep.record import RecordLine
from crossvault.mirror.funding import Track
from crossvault.mirror.oracle import Price

Row = tuple[Any, ...]

_STORED = {"price": tuple(Price.zeros), "track": tuple(Track.zeros)}  # copied to an event without their names


def step_row(line: RecordLine, outcome: Outcome, found: RecordedDifference | None) -> Row:
    """The row of a step."""
    step, refused = line.step, line.body["model"]["refusal"]
    [(name, values)] = refused.items() if refused else [(None, None)]
    given = (step.sender, step.action, dumped(line.body["args"]), not refused, name, values and dumped(values))
    if refused and not values:
        given = (*given[:-1], dumped({}))
    return (line.number, step.at, *given, len(outcome.events), *(found or (None, None, None)))


def event_rows(line: RecordLine, outcome: Outcome, notation: Notation) -> Iterator[Row]:
    """The rows of the events of a step."""
    for place, event in enumerate(outcome.events, start=1):
        yield line.number, line.step.at, place, event.name, dumped(notation.arguments(event_values(event)))


def event_values(event: Event) -> dict[str, Any]:
    """The values of an event by name."""
    named = dict(zip(EVENT_FIELDS[event.name], event.values, strict=True))
    for name, parts in _STORED.items():
        if name in named:
            named[name] = dict(zip(parts, named[name], strict=True))
    return named


@lru_cache(maxsize=4_096)
def named_instrument(instrument: int, underlyings: tuple[str, ...]) -> str:
    """The name of an instrument, as traders write it; rows repeat a few."""
    return instrument_name(instrument, underlyings)


def dumped(value: Mapping[str, Any]) -> str:
    """A JSON object without blanks."""
    return json.dumps(value, separators=(",", ":"))
