"""Views of the whole state of the vault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from crossvault.mirror import account as accounts, market
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.evm import Token
from crossvault.mirror.ledger import State


class Globals(NamedTuple):
    """State of the vault outside of its accounts."""

    owner: str
    pending_owner: str
    guardian: str
    paused: bool
    cash_held_raw: int
    supply_index: int
    borrow_index: int
    total_supply: int
    total_borrow: int
    accrued_at: int
    insurance_wad: int
    deficit_wad: int
    prices: tuple[tuple[int, ...], ...]
    tracks: tuple[tuple[int, ...], ...]
    totals_raw: tuple[int, ...]
    held_raw: tuple[int, ...]
    interests_wad: tuple[int, ...]


class AccountState(NamedTuple):
    """State of an account."""

    account: AccountId
    image: Image
    sale: tuple[int, ...]
    interests_wad: tuple[int, ...]


class CurveState(NamedTuple):
    """State of an expiry that has not settled."""

    underlying: int
    expiry: int
    curve: tuple[Any, ...]


def globals(
    self: State,
    owner: str,
    pending_owner: str,
    guardian: str,
    paused: bool,
    *,
    tokens: Mapping[str, Token],
    this: str,
) -> Globals:
    """State of the vault outside of its accounts."""
    return Globals(
        owner=owner,
        pending_owner=pending_owner,
        guardian=guardian,
        paused=paused,
        cash_held_raw=tokens[self.cash.token].balance_of(this),
        supply_index=self.cash.supply_index,
        borrow_index=self.cash.borrow_index,
        total_supply=self.cash.total_supply,
        total_borrow=self.cash.total_borrow,
        accrued_at=self.cash.accrued_at,
        insurance_wad=self.cash.insurance_wad,
        deficit_wad=self.cash.deficit_wad,
        prices=tuple(self.prices[i].values() for i in range(len(self.risks))),
        tracks=tuple(self.tracks[i].values() for i in range(len(self.risks))),
        totals_raw=tuple(asset.total_raw for asset in self.assets),
        held_raw=tuple(tokens[asset.token].balance_of(this) for asset in self.assets),
        interests_wad=tuple(self.caps.interests[i] for i in range(len(self.risks))),
    )


def states(self: State, ids: Iterable[AccountId]) -> tuple[AccountState, ...]:
    """State of some accounts."""
    count = len(self.assets)
    all_ = []
    for account in ids:
        shot = accounts.image(self.holders[account], count)
        interests_wad = tuple(self.caps.longs[entry.instrument] for entry in shot.entries)
        all_.append(AccountState(account, shot, self.sales[account].values(), interests_wad))
    return tuple(all_)


def curves(self: State) -> tuple[CurveState, ...]:
    """State of the expiries that have not settled, by underlying and in the order they are stored."""
    return tuple(
        CurveState(i, expiry, self.curves[market.term_of(i, expiry)].values())
        for i in range(len(self.risks))
        for expiry in self.expiries[i]
    )
