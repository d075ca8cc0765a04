"""Implied vol of one expiry over all strikes, as five numbers that a feeder publishes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from crossvault.mirror import exp, fixed, market, option

MAX_VARIANCE = 10**24
MAX_WIDTH = 200 * fixed.WAD
MAX_SECS = 2**40


class Svi(NamedTuple):
    """Total variance over the logarithm of the strike, as fitted."""

    a: int = 0
    b: int = 0
    rho: int = 0
    m: int = 0
    sigma: int = 0
    ref_secs: int = 0
    ref_forward: int = 0


class Watch(NamedTuple):
    """Base that a guard measures a surface from, and the surface that waits for a second print."""

    base: Svi = Svi()
    base_at: int = 0
    waiting: Svi = Svi()
    waiting_at: int = 0


@lru_cache(maxsize=4_096)  # as many as prices of options
def vol(self: Svi, strike_wad: int) -> int:
    """Implied vol of a strike, per root of a year."""
    shifted = exp.ln(fixed.max(strike_wad, 1)) - exp.ln(self.ref_forward) - self.m
    smooth = fixed.sqrt_down(shifted * shifted + self.sigma * self.sigma)
    wing = fixed.mul_div_floor(self.rho, shifted, fixed.WAD) + smooth
    variance = self.a + fixed.mul_div_floor(self.b, wing, fixed.WAD)
    if variance <= 0:
        return 0
    return fixed.sqrt_down(fixed.mul_div_down(variance, fixed.WAD * option.YEAR, self.ref_secs))


def slope(self: Svi, is_above: bool) -> int:
    """Slope of a wing of total variance over the logarithm of the strike, per year."""
    skew = fixed.abs(self.rho)
    part = fixed.WAD - skew if (self.rho < 0) == is_above else fixed.WAD + skew
    return fixed.mul_div_down(self.b * part, option.YEAR, fixed.WAD * self.ref_secs)


def require_valid(self: Svi) -> None:
    """Validates a surface."""
    skew = fixed.abs(self.rho)
    market.require_within("rho", skew, 0, fixed.WAD)
    market.require_within("b", self.b, 0, fixed.mul_div_down(2 * fixed.WAD, fixed.WAD, fixed.WAD + skew))
    market.require_within("m", fixed.abs(self.m), 0, MAX_WIDTH)
    market.require_within("sigma", self.sigma, 0, MAX_WIDTH)
    depth = fixed.sqrt_down(fixed.WAD_SQUARED - skew * skew)
    dip = fixed.mul_div_down(self.b * self.sigma, depth, fixed.WAD_SQUARED)
    market.require_within("a", fixed.abs(self.a), 0, dip if self.a < 0 else MAX_VARIANCE)
    market.require_within("refSecs", self.ref_secs, 1, MAX_SECS)
    market.require_within("refForward", self.ref_forward, 1, fixed.CAP)
