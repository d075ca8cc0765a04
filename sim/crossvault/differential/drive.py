"""The loop that drives a generator of steps: each step is played, and its outcome is sent back before the next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

from crossvault.differential.step import Outcome, Step, StepStream

Yielded = TypeVar("Yielded")
Sent = TypeVar("Sent")
ENDED: Any = object()
Relay = Generator[Step, Outcome, Outcome | None]


def driven(steps: StepStream, play: Callable[[Step], Outcome]) -> Iterator[tuple[Step, Outcome]]:
    """Plays the steps of a generator in order, and yields each with its outcome before the next is drawn."""

    def played(step: Step) -> Generator[tuple[Step, Outcome], object, Outcome]:
        outcome = play(step)
        yield step, outcome
        return outcome

    return _exchanged(steps, played)


def relayed(steps: StepStream, relay: Callable[[Step], Relay]) -> StepStream:
    """Yields for each step the steps of its relay, which returns the outcome of the step, or None to end."""
    return _exchanged(steps, relay)


def observed(
    steps: StepStream,
    before: Callable[[Step], object] | None = None,
    after: Callable[[Step, Outcome], object] | None = None,
) -> StepStream:
    """Yields the same steps, with a call before each and a call when its outcome is known."""

    def passed(step: Step) -> Relay:
        if before is not None:
            before(step)
        outcome = yield step
        if after is not None:
            after(step, outcome)
        return outcome

    return relayed(steps, passed)


def drawn(steps: Iterator[object], outcome: Outcome | None) -> object:
    """The next of some steps, or ENDED; a generator is sent the outcome of the last one."""
    if outcome is None or not isinstance(steps, Generator):
        return next(steps, ENDED)
    try:
        return steps.send(outcome)
    except StopIteration:
        return ENDED


def _exchanged(
    steps: StepStream, exchange: Callable[[Step], Generator[Yielded, Sent, Outcome | None]]
) -> Generator[Yielded, Sent, None]:
    try:
        step = next(steps, None)
        while step is not None:
            outcome = yield from exchange(step)
            if outcome is None:
                return
            try:
                step = steps.send(outcome)
            except StopIteration:
                return
    finally:
        steps.close()
