"""Price doors: prices, forwards and surfaces that feeders publish, and the marks that follow from them."""

from __future__ import annotations

from crossvault.mirror import (
    authority_errors,
    band,
    fixed,
    ledger,
    market,
    market_errors,
    number_errors,
    oracle,
    smile,
    surface,
)
from crossvault.mirror.evm import StorageMap
from crossvault.mirror.oracle import Curve
from crossvault.mirror.store import Store
from crossvault.mirror.surface import Svi

_LAST_EXPIRY = 2**40 - 1


class Feed(Store):
    """Price doors: prices, forwards and surfaces that feeders publish, and the marks that follow from them."""

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
        self.require_feeder(sender)
        self.require_underlying(underlying)
        price = self.ledger.prices[underlying]
        oracle.require_price(index_wad)
        if fixed.abs(premium_wad) > oracle.MAX_PREMIUM:
            raise number_errors.PriceTooLarge(fixed.abs(premium_wad), oracle.MAX_PREMIUM)
        oracle.require_print(
            confidence_wad, published_at, self.earliest(underlying, price.published_at, now=now), now=now
        )
        guard = self.ledger.guards[underlying]
        held_wad = oracle.confirm(price, guard, self.ledger.risks[underlying].heartbeat_secs, index_wad, now=now)
        if held_wad != 0:
            term, heartbeat_secs = market.term_of(underlying, 0), self.ledger.risks[underlying].heartbeat_secs
            self.note_fresh(self.ledger.fresh_since, term, price.published_at, published_at, heartbeat_secs, now=now)
            ledger.accrue_funding(self.ledger, underlying, now=now)
            self.observe(underlying, published_at, sender=sender)
            oracle.replace(price, guard.stable_rate, held_wad, premium_wad, confidence_wad, published_at)
        given = index_wad, premium_wad, confidence_wad, published_at
        left = price.values(), self.ledger.tracks[underlying].values()
        self.emit("PricePublished", sender, underlying, *given, *left)

    def publish_forward(
        self,
        underlying: int,
        expiry: int,
        forward_wad: int,
        rate_wad: int,
        confidence_wad: int,
        published_at: int,
        *,
        sender: str,
        now: int,
    ) -> None:
        """Publishes the forward of an expiry."""
        self.require_feeder(sender)
        curve = self.open_curve(underlying, expiry)
        oracle.require_price(forward_wad)
        guard, index_wad = self.ledger.guards[underlying], self.ledger.prices[underlying].index
        held_wad = oracle.limited_forward(curve, guard, index_wad, forward_wad, now=now)
        term, heartbeat_secs = market.term_of(underlying, expiry), self.ledger.risks[underlying].heartbeat_secs
        self.note_fresh(self.ledger.fresh_since, term, curve.published_at, published_at, heartbeat_secs, now=now)
        oracle.publish_forward(curve, held_wad, rate_wad, confidence_wad, published_at, now=now)
        given = forward_wad, rate_wad, confidence_wad, published_at
        self.emit("ForwardPublished", sender, underlying, expiry, *given, held_wad, curve.base, curve.base_at)

    def publish_surface(
        self, underlying: int, expiry: int, svi: Svi, confidence_wad: int, published_at: int, *, sender: str, now: int
    ) -> None:
        """Publishes the volatility surface of an expiry."""
        self.require_feeder(sender)
        curve = self.open_curve(underlying, expiry)
        surface.require_valid(svi)
        oracle.require_print(confidence_wad, published_at, curve.surface_published_at, now=now)
        term, heartbeat_secs = market.term_of(underlying, expiry), self.ledger.option_risks[underlying].heartbeat_secs
        strike_wad = self.ledger.prices[underlying].index if curve.published_at == 0 else curve.forward
        if smile.confirm(curve, self.ledger.guards[underlying], heartbeat_secs, strike_wad, svi, now=now):
            last_at = curve.surface_published_at
            self.note_fresh(self.ledger.surface_since, term, last_at, published_at, heartbeat_secs, now=now)
            oracle.publish_surface(curve, svi, confidence_wad, published_at)
        self.emit("SurfacePublished", sender, underlying, expiry, svi, confidence_wad, published_at, curve.watch)

    def quotation(self, instrument: int, *, now: int) -> tuple[int, int]:
        """Mark price of an instrument, and the widest distance of a trade from it."""
        return band.quotation(self.ledger, instrument, now=now)

    def observe(self, underlying: int, published_at: int, *, sender: str) -> None:
        """Records what a new print fixes in the open expiries of an underlying."""
        for expiry in reversed(self.ledger.expiries[underlying]):
            curve = self.ledger.curves[market.term_of(underlying, expiry)]
            oracle.observe(curve, self.ledger.prices[underlying], expiry, published_at)
            if curve.settlement == 0:
                continue
            *others, last = self.ledger.expiries[underlying]
            self.ledger.expiries[underlying] = tuple(last if each == expiry else each for each in others)
            self.emit("ExpirySettled", sender, underlying, expiry, curve.settlement)

    def earliest(self, underlying: int, last_at: int, *, now: int) -> int:
        """Earliest time of a new print of an underlying."""
        for expiry in self.ledger.expiries[underlying]:
            if expiry <= now and expiry > last_at:
                last_at = expiry
        return last_at

    def open_curve(self, underlying: int, expiry: int) -> Curve:
        """Curve of an open expiry."""
        if underlying >= market.MAX_UNDERLYINGS or expiry > _LAST_EXPIRY:
            raise market_errors.UnknownExpiry(underlying, expiry)
        curve = self.ledger.curves[market.term_of(underlying, expiry)]
        if curve.listed_at == 0 or curve.settlement != 0:
            raise market_errors.UnknownExpiry(underlying, expiry)
        return curve

    def note_fresh(
        self, since: StorageMap[int, int], term: int, last_at: int, published_at: int, heartbeat_secs: int, *, now: int
    ) -> None:
        """Notes the end of a gap in a price, from which clocks of auctions that need it count anew."""
        if now > published_at and now - published_at > heartbeat_secs:
            return
        if oracle.is_fresh(last_at, heartbeat_secs, now=now):
            return
        since[term] = now

    def require_feeder(self, sender: str) -> None:
        """Requires a sender that may publish."""
        if not self.is_feeder[sender]:
            raise authority_errors.NotFeeder(sender)
