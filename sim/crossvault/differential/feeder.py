"""Publishing: the steps in which a price, a forward or a surface reaches the vault."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.mirror.fixed import WAD
from crossvault.mirror.surface import Svi


class Feeder(NamedTuple):
    """A sender of prices, the age that they have when they arrive [seconds], and their confidence [wad]."""

    sender: str
    confidence_wad: int = WAD
    lag_secs: int = 0

    def price(self, at: int, underlying: int, index_wad: int, premium_wad: int = 0) -> Step:
        """The step that publishes an index price and the premium of the perp [wad]."""
        return doors.publish_price(
            at, self.sender, underlying=underlying, index_wad=index_wad, premium_wad=premium_wad,
            confidence_wad=self.confidence_wad, published_at=at - self.lag_secs,
        )  # fmt: skip

    def forward(self, at: int, underlying: int, expiry: int, forward_wad: int, rate_wad: int = 0) -> Step:
        """The step that publishes the forward of an expiry and its discount rate [wad]."""
        return doors.publish_forward(
            at, self.sender, underlying=underlying, expiry=expiry, forward_wad=forward_wad, rate_wad=rate_wad,
            confidence_wad=self.confidence_wad, published_at=at - self.lag_secs,
        )  # fmt: skip

    def surface(self, at: int, underlying: int, expiry: int, svi: Svi) -> Step:
        """The step that publishes the volatility surface of an expiry."""
        return doors.publish_surface(
            at, self.sender, underlying=underlying, expiry=expiry, svi=svi,
            confidence_wad=self.confidence_wad, published_at=at - self.lag_secs,
        )  # fmt: skip
