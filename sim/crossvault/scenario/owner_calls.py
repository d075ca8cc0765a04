"""Calls of the owner that set up a world on any chain, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.doors import Verb
from crossvault.differential.step import Step
from crossvault.mirror import caps, cash, collateral, market, oracle
from crossvault.scenario import roster, rules
from crossvault.scenario.quantity import Quantity
from crossvault.scenario.roster import FieldError
from crossvault.scenario.source import Route, SourceFile
from crossvault.scenario.world import UnderlyingPart, WorldPart

SCHEDULE: Verb = "schedule"
ENACT: Verb = "enact"


class OwnerCall(NamedTuple):
    """One call of the owner: the field of the file that requires it, its subject as files name it, and its step.

    step: the step at a time [unix seconds] by a sender.
    """

    route: Route
    subject: str
    step: Callable[[int, str], Step]


@dataclass(frozen=True)
class GovernanceSteps:
    """The owner's calls that a world requires; problems are noted in the source with their line."""

    world: WorldPart
    source: SourceFile

    def appointed(
        self, guardian: str, feeders: tuple[str, ...], route: Route = ("world", "roles")
    ) -> Iterator[OwnerCall]:
        """Appoints the guardian and the feeders."""
        yield OwnerCall(route, guardian, partial(doors.set_guardian, to=guardian))
        for feeder in feeders:
            yield OwnerCall(route, feeder, partial(doors.set_feeder, feeder=feeder, allowed=True))

    def listed(self) -> Iterator[OwnerCall]:
        """Lists underlyings and collaterals; listings take effect at once."""
        for name, part in self.world.underlyings.items():
            route: Route = ("world", "underlyings", name)
            with self.source.guard(route):
                risk = roster.risk(part, name)
                roster.require(market.require_valid, risk)
                yield OwnerCall(route, name, partial(doors.list_underlying, name=name, risk=risk))
        for name, asset in self.world.collaterals.items():
            route = ("world", "collaterals", name)
            with self.source.guard(route):
                underlying = self._number(asset.underlying)
                terms = roster.terms(asset)
                roster.require(collateral.require_valid, terms)
                listing = partial(doors.list_collateral, token=name, underlying=underlying, terms=terms)
                yield OwnerCall(route, name, listing)
        yield from self._capped()

    def _capped(self) -> Iterator[OwnerCall]:
        """Sets the caps of the whole vault, which holds nothing yet."""
        world = self.world
        if (most := world.quote.borrowing_cap) is not None:
            yield from self._cap(("world", "quote", "borrowing cap"), caps.BORROWING, 0, most)
        for number, (name, asset) in enumerate(world.collaterals.items()):
            if asset.vault_cap is not None:
                yield from self._cap(
                    ("world", "collaterals", name, "vault cap"), caps.COLLATERAL, number, asset.vault_cap
                )  # fmt: skip
        for number, (name, part) in enumerate(world.underlyings.items()):
            if part.open_interest_cap is not None:
                route: Route = ("world", "underlyings", name, "open interest cap")
                yield from self._cap(route, caps.INTEREST, number, part.open_interest_cap)

    def _cap(self, route: Route, what: str, number: int, most: Quantity) -> Iterator[OwnerCall]:
        with self.source.guard(route[:-1], inner=False):
            amount = roster.cap(self.world, str(route[-1]), what, number, most)
            if amount == 0:
                raise FieldError(str(route[-1]), f"'{most}' is zero: expected more than zero, or no cap at all")
            yield OwnerCall(route, str(route[-2]), partial(doors.enact_cap, what=what, number=number, amount=amount))

    def announces(self) -> bool:
        """Whether any parameter takes effect only after the delay."""
        units = self.world.underlyings.values()
        whole = bool(self.world.interest or self.world.margin_rules)
        return whole or any(each.options or each.guard or each.portfolio for each in units)

    def changed(self, verb: Verb) -> Iterator[OwnerCall]:
        """Schedules or enacts the parameters that take effect only after the delay."""
        world, names = self.world, tuple(self.world.underlyings)
        if world.interest:
            with self.source.guard(("world", "interest")):
                interest = roster.interest(world.interest)
                roster.require(cash.require_valid_interest, interest)
                yield OwnerCall(("world", "interest"), "", partial(doors.INTEREST.by(verb), interest=interest))
        if world.margin_rules:
            with self.source.guard(("world", "margin rules")):
                rules.require_known(world.margin_rules, names)
                parameters = rules.rules(world.margin_rules, names)
                yield OwnerCall(("world", "margin rules"), "", partial(doors.RULES.by(verb), rules=parameters))
        for number, (name, part) in enumerate(world.underlyings.items()):
            yield from self._underlying_changed(verb, number, name, part)

    def _underlying_changed(self, verb: Verb, number: int, name: str, part: UnderlyingPart) -> Iterator[OwnerCall]:
        route: Route = ("world", "underlyings", name)
        if part.portfolio:
            with self.source.guard((*route, "portfolio")):
                portfolio = partial(
                    doors.PORTFOLIO.by(verb), underlying=number, risk=rules.portfolio_risk(part.portfolio)
                )
                yield OwnerCall((*route, "portfolio"), name, portfolio)
        if part.options:
            with self.source.guard((*route, "options")):
                risk = roster.options(part.options)
                roster.require(market.require_valid_options, risk)
                options = partial(doors.OPTIONS.by(verb), underlying=number, risk=risk)
                yield OwnerCall((*route, "options"), name, options)
        if part.guard:
            with self.source.guard((*route, "guard")):
                guard = roster.guard(part.guard)
                roster.require(oracle.require_valid, guard)
                yield OwnerCall((*route, "guard"), name, partial(doors.GUARD.by(verb), underlying=number, guard=guard))

    def opened(self, name: str, text: str, expiry: int) -> OwnerCall:
        """Opens an expiry of an underlying that has a fresh price. expiry: its end [unix seconds]."""
        opening = partial(doors.open_expiry, underlying=self._number(name), expiry=expiry)
        return OwnerCall(("world", "underlyings", name, "expiries", text), f"{name}-{text}", opening)

    def _number(self, underlying: str) -> int:
        if underlying not in self.world.underlyings:
            raise FieldError("underlying", roster.missing(underlying, self.world.underlyings))
        return list(self.world.underlyings).index(underlying)
