"""The set-up of a story: governance, first prices, and the deposits and opening positions of every actor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, Step
from crossvault.differential.story import mark
from crossvault.mirror import fixed, market
from crossvault.mirror.account import AccountId
from crossvault.scenario import actions, own_values, owner_calls, quantity
from crossvault.scenario.prices import Print
from crossvault.scenario.publisher import PricePublisher
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.scheduled_step import ACCEPTED, ScheduledStep
from crossvault.scenario.script import ActorPart, Script
from crossvault.scenario.source import Route, SourceFile
from crossvault.scenario.world import UnderlyingPart

_FINEST_SIZE_WAD = 10**14


@dataclass
class OpeningSteps:
    """The steps before the first written step, in order."""

    script: Script
    names: NameTable
    source: SourceFile
    prints: dict[str, list[Print]]
    publisher: PricePublisher
    steps: list[ScheduledStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.owner_calls = owner_calls.GovernanceSteps(self.script.world, self.source)
        self._add_all()

    def _add_all(self) -> None:
        roles, announced_at = self.names.roles, self.announced_at()
        for call in self.owner_calls.appointed(roles.guardian, (roles.feeder,)):
            self._add_call(call, announced_at)
        for call in self.owner_calls.listed():
            self._add_call(call, announced_at)
        for verb, at in ((owner_calls.SCHEDULE, announced_at), (owner_calls.ENACT, self.script.starts)):
            for call in self.owner_calls.changed(verb):
                self._add_call(call, at)
        for name, series in self.prints.items():
            if series and series[0].at == self.script.starts:
                self.steps.append(self.publisher.price_step(name, series[0])._replace(wakes=False))
        for name, part in self.script.world.underlyings.items():
            self._open_expiries(name, part)
        self._fund()
        for name, actor in self.script.actors.items():
            self._add_actor(name, actor)
        for name, actor in self.script.actors.items():
            self._open(name, actor)

    def announced_at(self) -> int:
        """Time of the set-up [unix seconds]: one delay before the start if any parameter has to be announced."""
        return self.script.starts - self.script.world.delay if self.owner_calls.announces() else self.script.starts

    def _open_expiries(self, name: str, part: UnderlyingPart) -> None:
        number, starts = self.names.underlying("underlying", name), self.script.starts
        for text, written in part.expiries.items():
            route: Route = ("world", "underlyings", name, "expiries", text)
            with self.source.guard(route):
                for problem in own_values.published(written):
                    raise FieldError(*problem)
                if not self.prints.get(name):
                    raise FieldError("", f"needs a price, but 'prices' has none for {name}")
                lag = self.script.prices[name].lag
                follower = self.publisher.follower(number, quantity.expiry(text), written, starts, lag)
                self._add_call(self.owner_calls.opened(name, text, follower.expiry), starts)
                self.steps += self.publisher.followed(follower, starts, route)

    def _fund(self) -> None:
        if self.script.insurance is None:
            return
        with self.source.guard(("insurance",), inner=False):
            amount_raw = self.names.deposit("insurance", self.script.insurance)
            if self.script.insurance.unit != self.names.quote:
                raise FieldError("insurance", f"'{self.script.insurance}': the fund holds {self.names.quote}")
            self._mint(("insurance",), self.names.roles.owner, self.names.quote, amount_raw)
            funding = doors.fund_insurance(self.script.starts, self.names.roles.owner, amount_raw=amount_raw)
            self._add(("insurance",), funding)

    def _add_actor(self, name: str, actor: ActorPart) -> None:
        account = self.names.accounts[name]
        for key in ("deposits", "wallet"):
            for i, amount in enumerate(getattr(actor, key)):
                route: Route = ("actors", name, key, i)
                with self.source.guard(route, inner=False):
                    amount_raw = self.names.deposit(key, amount)
                    self._mint(route, account.owner, amount.unit, amount_raw)
                    if key == "deposits":
                        deposit = actions.deposit(self.names, self.script.starts, name, amount.unit, amount_raw)
                        self._add(route, deposit)
        if actor.kind != "stranger":
            broker = self.names.roles.broker
            signs = any(order.account == name for order in self.names.orders.values())
            for operator in (broker, EXCHANGE) if signs else (broker,):
                permission = doors.set_operator(
                    self.script.starts, account.owner, account=account, operator=operator, allowed=True
                )
                self._add(("actors", name), permission)

    def _open(self, name: str, actor: ActorPart) -> None:
        for key in ("positions", "leverage"):
            for instrument, amount in getattr(actor, key).items():
                route: Route = ("actors", name, key, instrument)
                with self.source.guard(route, inner=False):
                    maker = self._maker(name, actor)
                    number = self.names.instrument(instrument, instrument)
                    underlying = self.names.underlyings[market.underlying_of(number)]
                    if not self.prints.get(underlying):
                        raise FieldError(instrument, f"opens at the mark, but 'prices' has none for {underlying}")
                    size = None if key == "leverage" else self.names.size(instrument, amount, instrument)
                    opening = _Opening(
                        self.script.starts, self.names.roles.broker, maker, self.names.accounts[name], number, size,
                        amount if size is None else 0,
                    )  # fmt: skip
                    self.steps.append(ScheduledStep(self.script.starts, route, opening.step, ACCEPTED))

    def _maker(self, name: str, actor: ActorPart) -> AccountId:
        if actor.against is not None:
            return self.names.account("against", actor.against)
        if (maker := self.names.first_maker(name)) is None:
            raise FieldError("against", "there is no actor of 'kind: maker' to trade with: expected one, or 'against'")
        return maker

    def _add_call(self, call: owner_calls.OwnerCall, at: int) -> None:
        self._add(call.route, call.step(at, self.names.roles.owner))

    def _mint(self, route: Route, to: str, token: str, amount_raw: int) -> None:
        owner = self.names.roles.owner
        self._add(route, doors.mint(self.script.starts, owner, token=token, to=to, amount_raw=amount_raw))

    def _add(self, route: Route, step: Step) -> None:
        self.steps.append(ScheduledStep(step.at, route, lambda model: step, ACCEPTED))


class _Opening(NamedTuple):
    """An opening position of an actor at the mark: a size, or a multiple of its equity [wad]."""

    at: int
    broker: str
    maker: AccountId
    taker: AccountId
    instrument: int
    size: int | None
    multiple: int

    def step(self, model: Model) -> Step:
        price_wad, size = mark(model, self.instrument, self.at), self.size
        if size is None:
            equity_wad = model.metrics([self.taker], self.at)[0].equity_wad
            size = fixed.part(fixed.mul_div_down(equity_wad, fixed.WAD, price_wad), fixed.abs(self.multiple))
            size -= size % _FINEST_SIZE_WAD
            size = -size if self.multiple < 0 else size
        return doors.trade(
            self.at, self.broker, maker=self.maker, taker=self.taker, instrument=self.instrument, size=size,
            price_wad=price_wad,
        )  # fmt: skip
