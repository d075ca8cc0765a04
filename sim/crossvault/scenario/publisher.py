"""The prices that the feeder of a story publishes, and the forwards and surfaces that follow them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crossvault.differential.feeder import Feeder
from crossvault.scenario import curves, quantity
from crossvault.scenario.curves import FollowedExpiry
from crossvault.scenario.prices import Print
from crossvault.scenario.roster import NameTable
from crossvault.scenario.scheduled_step import ACCEPTED, ScheduledStep
from crossvault.scenario.script import PricePart, Script
from crossvault.scenario.source import Route
from crossvault.scenario.world import ExpiryPart


@dataclass
class PricePublisher:
    """Publishes prices as scheduled steps, and the values of the expiries that follow them."""

    script: Script
    names: NameTable
    followers: list[FollowedExpiry] = field(default_factory=list)

    def follower(self, underlying: int, expiry: int, part: ExpiryPart, since: int, lag: int) -> FollowedExpiry:
        """Adds an expiry whose values follow the prices from a time on. Raises FieldError."""
        if part.surface is not None:
            curves.require_surface(part.surface, max(1, expiry - since))
        made = FollowedExpiry(self.names.roles.feeder, underlying, expiry, part, since, lag)
        self.followers.append(made)
        return made

    def followed(self, follower: FollowedExpiry, at: int, route: Route) -> list[ScheduledStep]:
        """The steps that publish the values of an expiry at a time."""
        makers = [lambda model: follower.forward(model, at)]
        if follower.part.surface is not None:
            makers.append(lambda model: follower.surface(model, at))
        return [ScheduledStep(at, route, make, ACCEPTED) for make in makers]

    def printed(self, name: str, found: Print) -> Iterator[ScheduledStep]:
        """The step that publishes a price, and those of the expiries that follow it."""
        yield self.price_step(name, found)
        number = self.names.underlyings.index(name)
        for each in self.followers:
            if each.underlying == number and each.part.follows and each.since <= found.at < each.expiry + each.lag:
                yield from self.followed(each, found.at, ("prices", name))

    def price_step(self, name: str, found: Print) -> ScheduledStep:
        part = self.script.prices[name]
        feeder = Feeder(self.names.roles.feeder, part.confidence, part.lag)
        premium_wad = self._premium(part, found.at)
        step = feeder.price(found.at, self.names.underlyings.index(name), found.price_wad, premium_wad)
        return ScheduledStep(found.at, ("prices", name), lambda model: step, ACCEPTED, True)

    def _premium(self, part: PricePart, at: int) -> int:
        """The premium of a perp at a time: the last of those that are listed by then."""
        since = [(quantity.moment(text).at(self.script.starts), wad) for text, wad in part.premiums.items()]
        return max((each for each in since if each[0] <= at), default=(0, part.premium))[1]
