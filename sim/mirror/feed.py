"""The doors of prices: what feeders publish."""

from __future__ import annotations

from sim.mirror import errors, oracle
from sim.mirror.store import Store


class Feed(Store):
    """The doors of prices: what feeders publish."""

    __slots__ = ()

    def publish_price(
        self,
        underlying: int,
        index_wad: int,
        premium_wad: int,
        confidence_wad: int,
        published_at: int,
        *,
        sender: str,
        now: int,
    ) -> None:
        """Publishes the price of an underlying."""
        if not self.is_feeder[sender]:
            raise errors.NotFeeder(sender)
        self.require_underlying(underlying)
        price = self.ledger.prices[underlying]
        oracle.publish(price, index_wad, premium_wad, confidence_wad, published_at, now=now)
        self.emit("PricePublished", sender, underlying, index_wad, premium_wad, confidence_wad, published_at)
