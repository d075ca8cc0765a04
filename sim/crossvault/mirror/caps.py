"""Caps of the whole vault: on each collateral, on borrowing, and on the open interest of an underlying."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from crossvault.mirror import market, market_errors
from crossvault.mirror.evm import StorageMap, StorageStruct

BORROWING = "borrowing"
COLLATERAL = "collateral"
INTEREST = "open interest"


class CapBook(StorageStruct):
    """Caps of the vault, and its open interest."""

    __slots__ = ("interests", "limits", "longs")
    zeros = {
        "limits": lambda journal: StorageMap(journal, partial(StorageMap, journal, int)),
        "longs": lambda journal: StorageMap(journal, int),
        "interests": lambda journal: StorageMap(journal, int),
    }
    limits: StorageMap[str, StorageMap[int, int]]
    longs: StorageMap[int, int]
    interests: StorageMap[int, int]


class Limits(NamedTuple):
    """Caps in force, 0: none."""

    borrowing_wad: int
    collaterals_raw: tuple[int, ...]
    interests_wad: tuple[int, ...]


def long_of(size: int) -> int:
    """Long part of a size: open interest counts each trade once."""
    return size if size > 0 else 0


def record(self: CapBook, instrument: int, long_delta: int) -> None:
    """Records a change of the long sizes in an instrument."""
    if long_delta == 0:
        return
    underlying = market.underlying_of(instrument)
    self.longs[instrument] += long_delta
    self.interests[underlying] += long_delta


def require_room(self: CapBook, what: str, number: int, before: int, later: int) -> None:
    """Requires an amount that has not risen, or is within its cap."""
    if later <= before:
        return
    limit = self.limits[what][number]
    if limit != 0 and later > limit:
        raise market_errors.CapExceeded(what, number, later, limit)


def is_looser(limit: int, other: int) -> bool:
    """Whether a cap is looser than another."""
    return other != 0 and (limit == 0 or limit > other)


def limits_of(self: CapBook, collaterals: int, underlyings: int) -> Limits:
    """Caps in force."""
    return Limits(
        borrowing_wad=self.limits[BORROWING][0],
        collaterals_raw=tuple(self.limits[COLLATERAL][i] for i in range(collaterals)),
        interests_wad=tuple(self.limits[INTEREST][i] for i in range(underlyings)),
    )
