"""A script and its cast as a sequence of steps: the set-up, then prices, written steps and agents moment by moment."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from crossvault.agents import Agent
from crossvault.agents.liquidator import Liquidator, Rule
from crossvault.agents.trader import Trader, TradingStyle
from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step, World
from crossvault.differential.story import ExpectationFailed
from crossvault.mirror import fixed
from crossvault.scenario import actions as acts
from crossvault.scenario import expectations as expectation
from crossvault.scenario import prices
from crossvault.scenario import roster as cast
from crossvault.scenario.expectations import Check, RunCounts
from crossvault.scenario.opening_steps import OpeningSteps
from crossvault.scenario.prices import Print
from crossvault.scenario.publisher import PricePublisher
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.scheduled_step import ACCEPTED, ScheduledStep
from crossvault.scenario.script import ActorPart, PricePart, RulePart, Script
from crossvault.scenario.source import Route, SourceFile, named
from crossvault.scenario.steps import Look, OpenExpiry, SignedOrder

Acts = Generator[Step, Outcome, None]

_MOST_LOOKS = 1_000_000


@dataclass
class StepSchedule:
    """Everything that a story plays, in order."""

    script: Script
    cast: NameTable
    source: SourceFile
    seed: int
    prints: dict[str, list[Print]]
    plot: list[ScheduledStep] = field(default_factory=list)
    checks: list[tuple[Route, Check]] = field(default_factory=list)
    ends_at: int = 0

    def __post_init__(self) -> None:
        self.feeder = PricePublisher(self.script, self.cast)
        self.setting = OpeningSteps(self.script, self.cast, self.source, self.prints, self.feeder)
        self._write()
        for i, written in enumerate(self.script.checks):
            with_route: Route = ("checks", i)
            try:
                self.checks.append((with_route, expectation.check(self.cast, written)))
            except FieldError as trouble:
                self.source.note((*with_route, trouble.field) if trouble.field else with_route, str(trouble))

    def world(self) -> World:
        """What exists before the first step."""
        part = self.script.world
        terms = cast.auction(part.auction)
        return World(
            self.cast.tokens, self.cast.quote, part.roles.owner, part.delay, terms, self.setting.announced_at()
        )

    def expected_steps(self) -> int:
        """How many steps there will be, roughly."""
        moments = len({cue.at for cue in self.plot if cue.wakes}) + len(list(self._looks()))
        chances = [actor.taste.chance for actor in self.script.actors.values() if actor.taste]
        return len(self.setting.cues) + len(self.plot) + moments * sum(chances) // fixed.WAD

    def steps(self, model: Model) -> Acts:
        """Plays the story. Raises ExpectationFailed."""
        tally, agents = RunCounts(), self._agents()
        for cue in self.setting.cues:
            yield from self._perform(cue, model, tally)
        for at, cues in self._moments():
            awake = not cues
            for cue in cues:
                yield from self._perform(cue, model, tally)
                awake = awake or cue.wakes
            for agent in agents if awake else ():
                yield from _counted(agent.act(model, at), tally)
        for route, check in self.checks:
            if wrong := check(model, self.ends_at, tally):
                raise ExpectationFailed(f"{self.source.where(route)}: {named(route)}: {wrong}")

    def _perform(self, cue: ScheduledStep, model: Model, tally: RunCounts) -> Acts:
        outcome: Outcome | None = None
        step = cue.make(model) if cue.make else None
        if step is not None:
            outcome = yield step
            tally.note(step, outcome)
        if wrong := cue.expect.failure(outcome, model, cue.at):
            raise ExpectationFailed(f"{self.source.where(cue.route)}: {named(cue.route)}: {wrong}")

    # the plot

    def _write(self) -> None:
        starts, script = self.script.starts, self.script
        written = list(self._written())
        last = [series[-1].at for series in self.prints.values() if series] + [cue.at for cue in written] + [starts]
        self.ends_at = script.ends.at(starts) if script.ends else max(last)
        if script.looks and (self.ends_at - starts) // script.looks > _MOST_LOOKS:
            self.source.note(("looks",), f"makes more than {_MOST_LOOKS:,} looks until the story ends")
        for cue in written:
            if cue.at > self.ends_at:
                self.source.note((*cue.route[:2], "at"), "comes after the end of the story")
        printed = [
            cue
            for name, series in self.prints.items()
            for found in series
            if starts < found.at <= self.ends_at
            for cue in self.feeder.printed(name, found)
        ]
        self.plot = sorted([*printed, *written], key=lambda cue: cue.at)

    def _written(self) -> Iterator[ScheduledStep]:
        at = self.script.starts
        for i, act in enumerate(self.script.steps):
            came_before, at = at, act.at.at(self.script.starts) if act.at else at
            if at < came_before:
                self.source.note(("steps", i, "at"), "comes before the step above, or before the story starts")
            expect = ACCEPTED
            route: Route = ("steps", i) if act.expect is None else ("steps", i, "expect")
            with self.source.guard(route):
                expect = expectation.expect(self.cast, act.expect)
            if isinstance(act, Look | SignedOrder):
                if isinstance(act, SignedOrder):
                    with self.source.guard(("steps", i)):
                        self._sign(act)
                yield ScheduledStep(at, route, None, expect)
                continue
            with self.source.guard(("steps", i)):
                acts.step(self.cast, act, at, None)
                yield ScheduledStep(at, route, _Written(self.cast, act, at).step, expect, act.do.startswith("publish"))
                if isinstance(act, OpenExpiry):
                    with self.source.guard(("steps", i)):
                        number = self.cast.underlying("underlying", act.underlying)
                        follower = self.feeder.follower(number, act.expiry, act, at, 0)
                        yield from self.feeder.followed(follower, at, ("steps", i))

    def _sign(self, act: SignedOrder) -> None:
        """Refuses an order that cannot be, or has the name of another. Raises Trouble."""
        if self.cast.orders[act.name] is not act:
            raise FieldError("name", f"{act.name!r} is the name of another order")
        self.cast.order("name", act.name)

    def _looks(self) -> Iterator[int]:
        every = self.script.looks
        return iter(range(self.script.starts + every, self.ends_at + 1, every) if every else ())

    def _moments(self) -> Iterator[tuple[int, Sequence[ScheduledStep]]]:
        by_time: dict[int, list[ScheduledStep]] = {}
        for cue in self.plot:
            by_time.setdefault(cue.at, []).append(cue)
        looks = set(self._looks())
        for at in sorted(looks.union(by_time)):
            cues = by_time.get(at, [])
            yield at, [cue._replace(wakes=True) for cue in cues] if at in looks else cues

    # the agents

    def _agents(self) -> list[Agent]:
        broker, targets = self.cast.roles.broker, tuple(self.cast.accounts.values())
        found: list[Agent] = []
        for name, actor in self.script.actors.items():
            account, maker = self.cast.accounts[name], self.cast.first_maker(name)
            if actor.rule is not None or actor.kind == "liquidator":
                part = actor.rule or RulePart()
                rule = Rule(part.discount, part.reward, part.most, part.unload)
                found.append(Liquidator(account, rule, targets, maker, broker))
            if actor.taste is not None:
                random = Random(f"{self.seed}/{name}")
                found.append(Trader(account, taste(self.cast, actor), maker, broker, random))
        return found


def taste(cast: NameTable, actor: ActorPart) -> TradingStyle:
    """The taste of a trader. Raises Trouble."""
    part = actor.taste
    assert part is not None
    sizes = {cast.instrument("size", name): abs(cast.size("size", most, name)) for name, most in part.size.items()}
    if part.cash is not None and part.cash.unit != cast.quote:
        raise FieldError("cash", f"'{part.cash}': expected {cast.quote}")
    return TradingStyle(part.chance, sizes, cast.raw("cash", part.cash) if part.cash else 0)


class _Written(NamedTuple):
    """A written step, whose price may be the mark of its time."""

    cast: NameTable
    act: Any
    at: int

    def step(self, model: Model) -> Step:
        return acts.step(self.cast, self.act, self.at, model)


def published(part: PricePart, script: Script, series: list[prices.Bar]) -> list[Print]:
    """What a part of `prices` publishes within the story, in order of time. Raises ValueError."""
    starts = script.starts
    if part.values is not None:
        return [Print(starts + i * (part.every or 0), value) for i, value in enumerate(part.values)]
    first = part.from_.at(starts) if part.from_ else starts
    last = part.until.at(starts) if part.until else script.ends.at(starts) if script.ends else None
    return [
        found for found in prices.prints(series, part.column)
        if found.at >= max(first, starts) and (last is None or found.at <= last)
    ]  # fmt: skip


def _counted(steps: Acts, tally: RunCounts) -> Acts:
    try:
        step = next(steps)
        while True:
            outcome = yield step
            tally.note(step, outcome)
            step = steps.send(outcome)
    except StopIteration:
        return
