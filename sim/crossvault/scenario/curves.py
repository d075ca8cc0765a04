"""Published values of an expiry: a forward and a surface, which by default follow the index."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.differential.feeder import Feeder
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.mirror import exp, fixed, market, option, surface
from crossvault.mirror.oracle import Curve
from crossvault.mirror.surface import Svi
from crossvault.scenario import roster
from crossvault.scenario.roster import FieldError
from crossvault.scenario.world import ExpiryPart, SurfacePart


class FollowedExpiry(NamedTuple):
    """An expiry of an underlying [unix seconds] with its published values.

    since: start of publishing [unix seconds]; lag: age of the values when they arrive [seconds].
    """

    feeder: str
    underlying: int
    expiry: int
    part: ExpiryPart
    since: int
    lag: int = 0

    def forward(self, model: Model, at: int) -> Step | None:
        """The step that publishes the forward at a time; None when the expiry is not open."""
        if not self._is_open(model):
            return None
        return self._feeder.forward(at, self.underlying, self.expiry, self._forward_wad(model, at), self.part.rate)

    def surface(self, model: Model, at: int) -> Step | None:
        """The step that publishes the surface at a time, fitted at the forward; None when the expiry is not open."""
        if not self._is_open(model) or self.part.surface is None:
            return None
        svi = fitted(self.part.surface, self.expiry - self.since, self._forward_wad(model, at))
        return self._feeder.surface(at, self.underlying, self.expiry, svi)

    @property
    def _feeder(self) -> Feeder:
        return Feeder(self.feeder, self.part.confidence, self.lag)

    def _is_open(self, model: Model) -> bool:
        known = curve(model, self.underlying, self.expiry)
        return known.listed_at != 0 and known.settlement == 0

    def _forward_wad(self, model: Model, at: int) -> int:
        """A constant forward, or index + basis, or index * e^(rate * time left)."""
        index_wad = model.vault.ledger.prices[self.underlying].index
        if self.part.forward is not None:
            return self.part.forward
        if self.part.basis is not None:
            return max(0, index_wad + self.part.basis)
        grown = exp.exp(fixed.mul_div_down(self.part.rate, max(0, self.expiry - at), option.YEAR))
        return fixed.mul_div_down(index_wad, grown, fixed.WAD)


def curve(model: Model, underlying: int, expiry: int) -> Curve:
    """The model's curve of an expiry."""
    return model.vault.ledger.curves[market.term_of(underlying, expiry)]


def require_surface(part: SurfacePart, secs: int) -> None:
    """Requires a surface that the vault accepts, a time before the expiry [seconds]. Raises FieldError."""
    try:
        roster.require(surface.require_valid, fitted(part, secs, 1))
    except FieldError as refused:
        raise FieldError(("surface", *refused.route), str(refused)) from None


def fitted(part: SurfacePart, secs: int, forward_wad: int) -> Svi:
    """The surface fitted at a forward, or its own, a time before the expiry [seconds]; a flat one, for a year."""
    if part.flat is not None:
        return Svi(a=part.flat * part.flat // fixed.WAD, ref_secs=option.YEAR, ref_forward=forward_wad)
    fitted_secs = secs if part.fitted is None else part.fitted
    return Svi(part.a, part.b, part.rho, part.m, part.sigma, fitted_secs, part.forward or forward_wad)
