"""Funding of perps: payments of longs to shorts while the perp is above the index, and the reverse."""

from __future__ import annotations

from crossvault.mirror import fixed
from crossvault.mirror.evm import StorageStruct

PERIOD = 8 * 60 * 60
WADS_PER_RAY = 10**9


class Track(StorageStruct):
    """Funding paid by a long per unit since the start."""

    __slots__ = ("index", "updated_at")
    zeros = {"index": 0, "updated_at": 0}
    index: int
    updated_at: int


def rate(index_wad: int, premium_wad: int, base_wad: int, cap_wad: int) -> int:
    """Funding rate."""
    raw = fixed.mul_div_floor(premium_wad, fixed.WAD, index_wad) + base_wad
    if fixed.abs(raw) <= cap_wad:
        return raw
    return -cap_wad if raw < 0 else cap_wad


def growth(index_wad: int, rate_wad: int, elapsed_secs: int) -> int:
    """Growth of the funding index."""
    return fixed.mul_div_floor(index_wad * elapsed_secs, rate_wad, PERIOD * WADS_PER_RAY)


def payment(size: int, grown_ray: int) -> int:
    """Funding payment that a position receives."""
    return fixed.mul_div_floor(-size, grown_ray, fixed.RAY)
