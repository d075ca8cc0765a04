"""Converts a script to a sequence of steps: the set-up, then prices, written steps and agents at each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crossvault.differential.drive import observed
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, StepStream, World
from crossvault.differential.story import ExpectationFailed, OpeningRefused
from crossvault.mirror import fixed
from crossvault.scenario import (
    actions,
    agent_settings,
    expectations,
    own_values,
    prices,
    quantity,
    refusal_text,
    roster,
    run_checks,
)
from crossvault.scenario.opening_steps import OpeningSteps
from crossvault.scenario.prices import Print
from crossvault.scenario.publisher import PricePublisher
from crossvault.scenario.refusal_text import FileUnits
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.run_checks import Check, RunCounts
from crossvault.scenario.scheduled_step import ACCEPTED, ScheduledStep
from crossvault.scenario.script import PricePart, Script
from crossvault.scenario.source import Route, SourceFile
from crossvault.scenario.steps import Look, OpenExpiry, SignedOrder

_MAX_LOOKS = 1_000_000


@dataclass
class StepSchedule:
    """The steps and checks of a story, in order. folders: where modules of the user are looked for first."""

    script: Script
    names: NameTable
    source: SourceFile
    seed: int
    prints: dict[str, list[Print]]
    folders: tuple[str, ...] = ()
    entries: list[ScheduledStep] = field(default_factory=list)
    checks: list[tuple[Route, Check]] = field(default_factory=list)
    ends_at: int = 0

    def __post_init__(self) -> None:
        self.publisher = PricePublisher(self.script, self.names)
        self.opening = OpeningSteps(self.script, self.names, self.source, self.prints, self.publisher)
        self._schedule()
        for i, written in enumerate(self.script.checks):
            with_route: Route = ("checks", i)
            try:
                self.checks.append((with_route, run_checks.check(self.names, written)))
            except FieldError as error:
                self.source.note((*with_route, *error.route), str(error))

    def world(self) -> World:
        """The world before the first step."""
        part = self.script.world
        terms = roster.auction(part.auction)
        return World(
            self.names.tokens, self.names.quote, part.roles.owner, part.delay, terms, self.opening.announced_at()
        )

    def expected_steps(self) -> int:
        """Approximate number of steps."""
        moments = len({entry.at for entry in self.entries if entry.wakes}) + len(list(self._looks()))
        chances = agent_settings.chances(self.script.actors.values())
        return len(self.opening.steps) + len(self.entries) + moments * chances // fixed.WAD

    def steps(self, model: Model) -> StepStream:
        """Plays the story. Raises ExpectationFailed."""
        counts, agents = RunCounts(), list(agent_settings.agents(self.names, self.seed, self.folders))
        for entry in self.opening.steps:
            yield from self._play(entry, model, counts)
        for at, due in self._moments():
            awake = not due
            for entry in due:
                yield from self._play(entry, model, counts)
                awake = awake or entry.wakes
            for agent in agents if awake else ():
                yield from observed(agent.act(model, at), after=counts.note)
        for route, check in self.checks:
            if wrong := check(model, self.ends_at, counts):
                raise ExpectationFailed(self.source.problem(route, wrong))

    def _play(self, entry: ScheduledStep, model: Model, counts: RunCounts) -> StepStream:
        outcome: Outcome | None = None
        step = entry.make(model) if entry.make else None
        if step is not None:
            outcome = yield step
            counts.note(step, outcome)
        route = entry.route
        refusal = outcome.refusal if outcome is not None else None
        found = refusal_text.sentence(refusal, FileUnits(self.names.underlyings, self.names.quote)) if refusal else ""
        if refusal and entry.route[0] != "steps":
            raise OpeningRefused(self.source.problem(route, found))
        if refusal and entry.refusable and refusal.name in own_values.REFUSALS:
            inside, found = entry.refusable
            route = (*route[:2], *inside)
        if wrong := entry.expect.failure(outcome, model, entry.at):
            more = f": {found}" if found and found not in wrong else ""
            raise ExpectationFailed(self.source.problem(route, wrong + more))

    # prices and written steps

    def _schedule(self) -> None:
        starts, script = self.script.starts, self.script
        written = list(self._written_entries())
        last = [series[-1].at for series in self.prints.values() if series] + [entry.at for entry in written] + [starts]
        self.ends_at = script.ends.at(starts) if script.ends else max(last)
        with self.source.guard(("ends",) if script.ends else ("steps",)):
            quantity.require_written(self.ends_at)
        if script.looks and (self.ends_at - starts) // script.looks > _MAX_LOOKS:
            self.source.note(("looks",), f"makes more than {_MAX_LOOKS:,} looks until the story ends")
        for entry in written:
            if entry.at > self.ends_at:
                self.source.note((*entry.route[:2], "at"), "comes after the end of the story")
        printed = [
            entry
            for name, series in self.prints.items()
            for found in series
            if starts < found.at <= self.ends_at
            for entry in self.publisher.printed(name, found)
        ]
        self.entries = sorted([*printed, *written], key=lambda entry: entry.at)

    def _written_entries(self) -> Iterator[ScheduledStep]:
        at = self.script.starts
        for i, written in enumerate(self.script.steps):
            previous_at, at = at, written.at.at(self.script.starts) if written.at else at
            if at < previous_at:
                self.source.note(("steps", i, "at"), "comes before the step above, or before the story starts")
            expect = ACCEPTED
            route: Route = ("steps", i) if written.expect is None else ("steps", i, "expect")
            with self.source.guard(route):
                expect = expectations.expectation(self.names, written.expect)
            if isinstance(written, Look | SignedOrder):
                if isinstance(written, SignedOrder):
                    with self.source.guard(("steps", i)):
                        self._require_order(written)
                yield ScheduledStep(at, route, None, expect)
                continue
            with self.source.guard(("steps", i)):
                step = actions.step_of(self.names, written, at, None)
                problem, wakes = own_values.of_step(written, step), written.do.startswith("publish")
                if problem and not expect.refused and not expect.anything:
                    raise FieldError(*problem)
                yield ScheduledStep(at, route, _WrittenStep(self.names, written, at).step, expect, wakes, problem)
                if isinstance(written, OpenExpiry):
                    with self.source.guard(("steps", i)):
                        number = self.names.underlying("underlying", written.underlying)
                        follower = self.publisher.follower(number, written.expiry, written, at, 0)
                        yield from self.publisher.followed(follower, at, ("steps", i))

    def _require_order(self, written: SignedOrder) -> None:
        """Requires an order with valid fields and a name of its own. Raises FieldError."""
        if self.names.orders[written.name] is not written:
            raise FieldError("name", f"{written.name!r} is the name of another order")
        self.names.order("name", written.name)

    def _looks(self) -> Iterator[int]:
        every = self.script.looks
        return iter(range(self.script.starts + every, self.ends_at + 1, every) if every else ())

    def _moments(self) -> Iterator[tuple[int, Sequence[ScheduledStep]]]:
        by_time: dict[int, list[ScheduledStep]] = {}
        for entry in self.entries:
            by_time.setdefault(entry.at, []).append(entry)
        looks = set(self._looks())
        for at in sorted(looks.union(by_time)):
            due = by_time.get(at, [])
            yield at, [entry._replace(wakes=True) for entry in due] if at in looks else due


class _WrittenStep(NamedTuple):
    """A written step; its price may be the mark at its time."""

    names: NameTable
    written: Any
    at: int

    def step(self, model: Model) -> Step:
        return actions.step_of(self.names, self.written, self.at, model)


def prints_of(part: PricePart, script: Script, series: list[prices.Bar]) -> list[Print]:
    """Prices that a part of `prices` publishes during the story, in order of time. Raises ValueError."""
    if part.values is not None:
        return [Print(script.starts + i * (part.every or 0), value) for i, value in enumerate(part.values)]
    first, last = span(part, script)
    return [
        found for found in prices.prints(series, part.column)
        if found.at >= first and (last is None or found.at <= last)
    ]  # fmt: skip


def span(part: PricePart, script: Script) -> tuple[int, int | None]:
    """The first and the last time at which a story takes prices from a file [unix seconds]; None: to its end."""
    starts = script.starts
    last = part.until.at(starts) if part.until else script.ends.at(starts) if script.ends else None
    return max(starts, part.from_.at(starts) if part.from_ else starts), last
