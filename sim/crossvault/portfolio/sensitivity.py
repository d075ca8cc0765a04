"""Greeks of a portfolio by underlying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crossvault.mirror import fixed, option
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import HeldOption

Followers = Mapping[int, tuple[int, ...]]


class Sensitivity(NamedTuple):
    """Of an underlying: delta of positions and of collateral, gamma, vega per 1.00 of vol, theta per year [wad]."""

    unit: str
    delta_wad: int
    collateral_wad: int
    gamma_wad: int
    vega_wad: int
    theta_wad: int


def sensitivities(book: Book, units: Sequence[str], followers: Followers | None = None) -> list[Sensitivity]:
    """Greeks of a valued account; a future has a delta of one. followers: feeds that move with an underlying."""
    found = []
    for number, unit in enumerate(units):
        exposure = book.exposures[number]
        sums = [exposure.size_wad, 0, 0, 0]
        for line in book.lines:
            if line.underlying == number:
                greeks = option.greeks(_terms(line))
                sums = [
                    total + fixed.mul_div_floor(line.size, each, WAD) for total, each in zip(sums, greeks, strict=True)
                ]
        base_wad = sum(book.exposures[each].base_wad for each in (number, *(followers or {}).get(number, ())))
        found.append(Sensitivity(unit, sums[0], base_wad, *sums[1:]))
    return found


def _terms(line: HeldOption) -> option.OptionTerms:
    discount_wad = option.discount(line.rate_wad, line.secs)
    return option.OptionTerms(line.forward_wad, line.strike_wad, line.vol_wad, line.secs, discount_wad, line.is_call)
