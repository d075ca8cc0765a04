"""A script and its cast as a sequence of steps: the set-up, then prices, written steps and agents moment by moment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from sim.agents import Agent
from sim.agents.liquidator import Liquidator, Rule
from sim.agents.trader import Taste, Trader
from sim.mirror import collateral, fixed, market
from sim.mirror.account import AccountId
from sim.model import Model
from sim.scenario import acts, cast, expectation, prices
from sim.scenario.cast import Cast, Trouble
from sim.scenario.expectation import Check, Expect, Tally
from sim.scenario.prices import Print
from sim.scenario.script import ActorPart, Look, PricePart, RulePart, Script
from sim.scenario.source import Route, Source, named
from sim.side import Outcome, Step, World
from sim.story import ExpectationFailed, mark

Acts = Generator[Step, Outcome, None]
Maker = Callable[[Model], Step]

_FINEST_SIZE_WAD = 10**14
_MOST_LOOKS = 1_000_000
_ACCEPTED = Expect()


class Cue(NamedTuple):
    """One step to come: the field it stands in, how to make it when its turn comes, and what is expected of it."""

    at: int
    route: Route
    make: Maker | None
    expect: Expect
    wakes: bool = False


@dataclass
class Stage:
    """Everything that a story plays, in order."""

    script: Script
    cast: Cast
    source: Source
    seed: int
    prints: dict[str, list[Print]]
    setting: list[Cue] = field(default_factory=list)
    plot: list[Cue] = field(default_factory=list)
    checks: list[tuple[Route, Check]] = field(default_factory=list)
    ends_at: int = 0

    def __post_init__(self) -> None:
        self._set()
        self._write()
        for i, written in enumerate(self.script.checks):
            with_route: Route = ("checks", i)
            try:
                self.checks.append((with_route, expectation.check(self.cast, written)))
            except Trouble as trouble:
                self.source.note((*with_route, trouble.field) if trouble.field else with_route, str(trouble))

    def world(self) -> World:
        """What exists before the first step."""
        part = self.script.world
        terms, starts_at = cast.auction(part.auction), self.script.starts
        return World(self.cast.tokens, self.cast.quote, part.roles.owner, part.delay, terms, starts_at)

    def expected_steps(self) -> int:
        """How many steps there will be, roughly."""
        moments = len({cue.at for cue in self.plot if cue.wakes}) + len(list(self._looks()))
        chances = [actor.taste.chance for actor in self.script.actors.values() if actor.taste]
        return len(self.setting) + len(self.plot) + moments * sum(chances) // fixed.WAD

    def steps(self, model: Model) -> Acts:
        """Plays the story. Raises ExpectationFailed."""
        tally, agents = Tally(), self._agents()
        for cue in self.setting:
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

    def _perform(self, cue: Cue, model: Model, tally: Tally) -> Acts:
        outcome: Outcome | None = None
        if cue.make is not None:
            step = cue.make(model)
            outcome = yield step
            tally.note(step, outcome)
        if wrong := cue.expect.failure(outcome, model, cue.at):
            raise ExpectationFailed(f"{self.source.where(cue.route)}: {named(cue.route)}: {wrong}")

    # the set-up

    def _set(self) -> None:
        roles, world = self.cast.roles, self.script.world
        self._say(("world", "roles"), roles.owner, "set_guardian", to=roles.guardian)
        self._say(("world", "roles"), roles.owner, "set_feeder", feeder=roles.feeder, allowed=True)
        for name, part in world.underlyings.items():
            with self.source.guard(("world", "underlyings", name)):
                risk = cast.risk(part, name)
                cast.require(market.require_valid, risk)
                self._say(("world", "underlyings", name), roles.owner, "list_underlying", name=name, risk=risk)
        for name, asset in world.collaterals.items():
            route: Route = ("world", "collaterals", name)
            with self.source.guard(route):
                args = {"token": name, "underlying": self.cast.underlying("underlying", asset.underlying)}
                terms = cast.terms(asset)
                cast.require(collateral.require_valid, terms)
                self._say(route, roles.owner, "list_collateral", **args, terms=terms)
        for name, series in self.prints.items():
            if series and series[0].at == self.script.starts:
                self.setting.append(self._print_cue(name, series[0])._replace(wakes=False))
        self._fund()
        for name, actor in self.script.actors.items():
            self._enter(name, actor)
        for name, actor in self.script.actors.items():
            self._open(name, actor)

    def _fund(self) -> None:
        if self.script.insurance is None:
            return
        with self.source.guard(("insurance",), inner=False):
            amount_raw = self.cast.deposit("insurance", self.script.insurance)
            if self.script.insurance.unit != self.cast.quote:
                raise Trouble("insurance", f"'{self.script.insurance}': the fund holds {self.cast.quote}")
            self._mint(("insurance",), self.cast.roles.owner, self.cast.quote, amount_raw)
            self._say(("insurance",), self.cast.roles.owner, "fund_insurance", amount_raw=amount_raw)

    def _enter(self, name: str, actor: ActorPart) -> None:
        account = self.cast.accounts[name]
        for key in ("deposits", "wallet"):
            for i, amount in enumerate(getattr(actor, key)):
                route: Route = ("actors", name, key, i)
                with self.source.guard(route, inner=False):
                    amount_raw = self.cast.deposit(key, amount)
                    self._mint(route, account.owner, amount.unit, amount_raw)
                    if key == "deposits":
                        action, sender, args = acts.put_in(self.cast, name, amount.unit, amount_raw)
                        self._say(route, sender, action, **args)
        if actor.kind != "stranger":
            broker = self.cast.roles.broker
            self._say(("actors", name), account.owner, "set_operator", account=account, operator=broker, allowed=True)

    def _open(self, name: str, actor: ActorPart) -> None:
        for key in ("positions", "leverage"):
            for instrument, amount in getattr(actor, key).items():
                route: Route = ("actors", name, key, instrument)
                with self.source.guard(route, inner=False):
                    maker = self._maker(name, actor)
                    number = self.cast.instrument(instrument, instrument)
                    underlying = self.cast.underlyings[market.underlying_of(number)]
                    if not self.prints.get(underlying):
                        raise Trouble(instrument, f"opens at the mark, but 'prices' has none for {underlying}")
                    size = None if key == "leverage" else self.cast.size(instrument, amount, instrument)
                    opening = _Opening(
                        self.script.starts, self.cast.roles.broker, maker, self.cast.accounts[name], number, size,
                        amount if size is None else 0,
                    )  # fmt: skip
                    self.setting.append(Cue(self.script.starts, route, opening.step, _ACCEPTED))

    def _maker(self, name: str, actor: ActorPart) -> AccountId:
        if actor.against is not None:
            return self.cast.account("against", actor.against)
        if (maker := self._first_maker(name)) is None:
            raise Trouble("against", "there is no actor of 'kind: maker' to trade with: expected one, or 'against'")
        return maker

    def _first_maker(self, name: str) -> AccountId | None:
        return next((self.cast.accounts[maker] for maker in self.cast.makers if maker != name), None)

    def _mint(self, route: Route, to: str, token: str, amount_raw: int) -> None:
        self._say(route, self.cast.roles.owner, "mint", token=token, to=to, amount_raw=amount_raw)

    def _say(self, route: Route, sender: str, action: str, **args: Any) -> None:
        step = Step(self.script.starts, sender, action, args)
        self.setting.append(Cue(step.at, route, lambda model: step, _ACCEPTED))

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
            self._print_cue(name, found)
            for name, series in self.prints.items()
            for found in series
            if starts < found.at <= self.ends_at
        ]
        self.plot = sorted([*printed, *written], key=lambda cue: cue.at)

    def _written(self) -> Iterator[Cue]:
        at = self.script.starts
        for i, act in enumerate(self.script.steps):
            came_before, at = at, act.at.at(self.script.starts) if act.at else at
            if at < came_before:
                self.source.note(("steps", i, "at"), "comes before the step above, or before the story starts")
            expect = _ACCEPTED
            route: Route = ("steps", i) if act.expect is None else ("steps", i, "expect")
            with self.source.guard(route):
                expect = expectation.expect(self.cast, act.expect)
            if isinstance(act, Look):
                yield Cue(at, route, None, expect)
                continue
            with self.source.guard(("steps", i)):
                acts.step(self.cast, act, at, None)
                yield Cue(at, route, _Written(self.cast, act, at).step, expect, act.do == "publish")

    def _print_cue(self, name: str, found: Print) -> Cue:
        part = self.script.prices[name]
        step = Step(found.at, self.cast.roles.feeder, "publish_price", {
            "underlying": self.cast.underlyings.index(name),
            "index_wad": found.price_wad,
            "premium_wad": part.premium,
            "confidence_wad": part.confidence,
            "published_at": found.at - part.lag,
        })  # fmt: skip
        return Cue(found.at, ("prices", name), lambda model: step, _ACCEPTED, True)

    def _looks(self) -> Iterator[int]:
        every = self.script.looks
        return iter(range(self.script.starts + every, self.ends_at + 1, every) if every else ())

    def _moments(self) -> Iterator[tuple[int, Sequence[Cue]]]:
        by_time: dict[int, list[Cue]] = {}
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
            account, maker = self.cast.accounts[name], self._first_maker(name)
            if actor.rule is not None or actor.kind == "liquidator":
                part = actor.rule or RulePart()
                rule = Rule(part.discount, part.reward, part.most, part.unload)
                found.append(Liquidator(account, rule, targets, maker, broker))
            if actor.taste is not None:
                random = Random(f"{self.seed}/{name}")
                found.append(Trader(account, taste(self.cast, actor), maker, broker, random))
        return found


def taste(cast: Cast, actor: ActorPart) -> Taste:
    """The taste of a trader. Raises Trouble."""
    part = actor.taste
    assert part is not None
    sizes = {cast.instrument("size", name): abs(cast.size("size", most, name)) for name, most in part.size.items()}
    if part.cash is not None and part.cash.unit != cast.quote:
        raise Trouble("cash", f"'{part.cash}': expected {cast.quote}")
    return Taste(part.chance, sizes, cast.raw("cash", part.cash) if part.cash else 0)


class _Opening(NamedTuple):
    """A position that an actor opens with at the mark; without a size, a multiple of its equity [wad]."""

    at: int
    broker: str
    maker: AccountId
    taker: AccountId
    instrument: int
    size: int | None
    multiple: int

    def step(self, model: Model) -> Step:
        price_wad, size = mark(model, self.instrument), self.size
        if size is None:
            equity_wad = model.metrics([self.taker], self.at)[0].equity_wad
            size = fixed.part(fixed.mul_div_down(equity_wad, fixed.WAD, price_wad), fixed.abs(self.multiple))
            size -= size % _FINEST_SIZE_WAD
            size = -size if self.multiple < 0 else size
        args = {"maker": self.maker, "taker": self.taker, "instrument": self.instrument, "size": size}
        return Step(self.at, self.broker, "trade", {**args, "price_wad": price_wad})


class _Written(NamedTuple):
    """A written step, whose price may be the mark of its time."""

    cast: Cast
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


def _counted(steps: Acts, tally: Tally) -> Acts:
    try:
        step = next(steps)
        while True:
            outcome = yield step
            tally.note(step, outcome)
            step = steps.send(outcome)
    except StopIteration:
        return
