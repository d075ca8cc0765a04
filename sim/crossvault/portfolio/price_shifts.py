"""Moves of prices in a ledger: of one underlying to a price, or of several by a common part of it.

An index moves with its perp, its stable price and its forwards, all by the same part. Strikes keep their vols, no time
passes, and nothing is published: the writes are undone by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crossvault.mirror import fixed, market
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.ledger import State

_PERCENTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25, 30, 35, 40, 50, 60, 70, 80, 90, 95, 99)
_FURTHER = (120, 150, 200, 250, 300, 400, 500, 700, 900)
SHOCKS_DOWN = tuple(-each * WAD // 100 for each in _PERCENTS)
SHOCKS_UP = tuple(each * WAD // 100 for each in _PERCENTS + _FURTHER)


def shift(state: State, number: int, part: int, whole: int) -> None:
    """Moves the prices of an underlying to `part / whole` of what they are, within the bounds of a print."""
    price = state.prices[number]
    price.index = fixed.max(1, moved(price.index, part, whole))
    price.stable, price.pending, price.premium = price.index, 0, moved(price.premium, part, whole)
    for expiry in state.expiries[number]:
        curve = state.curves[market.term_of(number, expiry)]
        curve.forward = fixed.max(1, moved(curve.forward, part, whole))


def shock(state: State, underlyings: Iterable[int], shock_wad: int) -> None:
    """Moves the prices of underlyings by a common relative shock [wad]."""
    for number in underlyings:
        shift(state, number, WAD + shock_wad, WAD)


def moved(price_wad: int, part: int, whole: int) -> int:
    """A price or premium after a move [wad]."""
    return fixed.min(CAP, fixed.mul_div_floor(price_wad, part, whole))


def grid_prices(state: State, number: int, is_rise: bool, strikes: Iterable[int]) -> list[int]:
    """Prices of an underlying at which a path is evaluated, outwards: a grid of moves, and those of strikes."""
    index_wad = state.prices[number].index
    found = {fixed.max(1, moved(index_wad, WAD + each, WAD)) for each in (SHOCKS_UP if is_rise else SHOCKS_DOWN)}
    found |= {each for each in strikes if (each > index_wad) == is_rise}
    return sorted((each for each in found if each != index_wad), reverse=not is_rise)


def strike_prices(state: State, instruments: Iterable[int], number: int) -> Iterator[int]:
    """Index prices at which the forward of an option is its strike, and the two next to each."""
    index_wad = state.prices[number].index
    for instrument in instruments:
        if market.underlying_of(instrument) != number or not market.is_option(market.kind_of(instrument)):
            continue
        curve = state.curves[market.term_of(number, market.expiry_of(instrument))]
        place = fixed.mul_div_down(market.strike_of(instrument), index_wad, fixed.max(1, curve.forward))
        yield from (each for each in (place - 1, place, place + 1) if 0 < each <= CAP)
