"""Vols, marks and greeks of options: a contract without storage, because no other has room for its code."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.mirror import option, surface
from crossvault.mirror.option import OptionGreeks, OptionTerms
from crossvault.mirror.standard import HeldOption
from crossvault.mirror.surface import Svi


def quotes(lines: Sequence[HeldOption], surfaces: Sequence[Svi]) -> tuple[list[int], list[int]]:
    """Implied vols and mark prices of some options."""
    for line, svi in zip(lines, surfaces, strict=True):
        line.vol_wad = 0 if svi.ref_secs == 0 else surface.vol(svi, line.strike_wad)
    return [line.vol_wad for line in lines], [option.price(_terms(line)) for line in lines]


def greeks(lines: Sequence[HeldOption]) -> list[OptionGreeks]:
    """Greeks of some options, each per one of it."""
    return [option.greeks(_terms(line)) for line in lines]


def _terms(line: HeldOption) -> OptionTerms:
    """Inputs to the price of an option that an account holds."""
    discount_wad = option.discount(line.rate_wad, line.secs)
    return OptionTerms(line.forward_wad, line.strike_wad, line.vol_wad, line.secs, discount_wad, line.is_call)
