"""Calls of the owner that set up a world on any chain, as doors and arguments, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from crossvault.mirror import cash, collateral, market, oracle
from crossvault.scenario import roster, rules
from crossvault.scenario.roster import FieldError
from crossvault.scenario.source import Route, SourceFile
from crossvault.scenario.world import UnderlyingPart, WorldPart

SCHEDULE, ENACT = "schedule", "enact"


class OwnerCall(NamedTuple):
    """One call of the owner: the field of the file that requires it, its subject as files name it, its arguments."""

    route: Route
    action: str
    subject: str
    args: dict[str, Any]


@dataclass(frozen=True)
class GovernanceSteps:
    """The owner's calls that a world requires; problems are noted in the source with their line."""

    world: WorldPart
    source: SourceFile

    def appointed(
        self, guardian: str, feeders: tuple[str, ...], route: Route = ("world", "roles")
    ) -> Iterator[OwnerCall]:
        """Appoints the guardian and the feeders."""
        yield OwnerCall(route, "set_guardian", guardian, {"to": guardian})
        for feeder in feeders:
            yield OwnerCall(route, "set_feeder", feeder, {"feeder": feeder, "allowed": True})

    def listed(self) -> Iterator[OwnerCall]:
        """Lists underlyings and collaterals; listings take effect at once."""
        for name, part in self.world.underlyings.items():
            route: Route = ("world", "underlyings", name)
            with self.source.guard(route):
                risk = roster.risk(part, name)
                roster.require(market.require_valid, risk)
                yield OwnerCall(route, "list_underlying", name, {"name": name, "risk": risk})
        for name, asset in self.world.collaterals.items():
            route = ("world", "collaterals", name)
            with self.source.guard(route):
                args = {"token": name, "underlying": self._number(asset.underlying)}
                terms = roster.terms(asset)
                roster.require(collateral.require_valid, terms)
                yield OwnerCall(route, "list_collateral", name, {**args, "terms": terms})

    def announces(self) -> bool:
        """Whether any parameter takes effect only after the delay."""
        units = self.world.underlyings.values()
        whole = bool(self.world.interest or self.world.margin_rules)
        return whole or any(each.options or each.guard or each.portfolio for each in units)

    def changed(self, verb: str) -> Iterator[OwnerCall]:
        """Schedules or enacts the parameters that take effect only after the delay."""
        world, names = self.world, tuple(self.world.underlyings)
        if world.interest:
            with self.source.guard(("world", "interest")):
                interest = roster.interest(world.interest)
                roster.require(cash.require_valid_interest, interest)
                yield OwnerCall(("world", "interest"), f"{verb}_interest", "", {"interest": interest})
        if world.margin_rules:
            with self.source.guard(("world", "margin rules")):
                rules.require_known(world.margin_rules, names)
                parameters = rules.rules(world.margin_rules, names)
                yield OwnerCall(("world", "margin rules"), f"{verb}_rules", "", {"rules": parameters})
        for number, (name, part) in enumerate(world.underlyings.items()):
            yield from self._underlying_changed(verb, number, name, part)

    def _underlying_changed(self, verb: str, number: int, name: str, part: UnderlyingPart) -> Iterator[OwnerCall]:
        route: Route = ("world", "underlyings", name)
        if part.portfolio:
            with self.source.guard((*route, "portfolio")):
                folio = {"underlying": number, "risk": rules.folio(part.portfolio)}
                yield OwnerCall((*route, "portfolio"), f"{verb}_portfolio", name, folio)
        if part.options:
            with self.source.guard((*route, "options")):
                risk = roster.options(part.options)
                roster.require(market.require_valid_options, risk)
                yield OwnerCall((*route, "options"), f"{verb}_options", name, {"underlying": number, "risk": risk})
        if part.guard:
            with self.source.guard((*route, "guard")):
                guard = roster.guard(part.guard)
                roster.require(oracle.require_valid, guard)
                yield OwnerCall((*route, "guard"), f"{verb}_guard", name, {"underlying": number, "guard": guard})

    def opened(self, name: str, text: str, expiry: int) -> OwnerCall:
        """Opens an expiry of an underlying that has a fresh price. expiry: its end [unix seconds]."""
        args = {"underlying": self._number(name), "expiry": expiry}
        return OwnerCall(("world", "underlyings", name, "expiries", text), "open_expiry", f"{name}-{text}", args)

    def _number(self, underlying: str) -> int:
        if underlying not in self.world.underlyings:
            raise FieldError("underlying", roster.missing(underlying, self.world.underlyings))
        return list(self.world.underlyings).index(underlying)
