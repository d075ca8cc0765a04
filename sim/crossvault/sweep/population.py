"""Accounts as arrays: cash, collateral balances and positions, as integers of any size that the vault accepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crossvault.mirror import account as accounts, cash, funding, ledger
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import WAD
from crossvault.mirror.ledger import State

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Amounts:
    """Signed integers of up to 2^122: whole * 1e18 + wei, with 0 <= wei < 1e18."""

    whole: Ints
    wei: Ints

    @classmethod
    def of(cls, values: Iterable[int], shape: tuple[int, ...] = (-1,)) -> Amounts:
        pairs = [divmod(each, WAD) for each in values]
        both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return cls(both[:, 0].reshape(shape), both[:, 1].reshape(shape))

    def floats(self) -> Floats:
        """In units of 1e18, each within 3 * 2^-53 of itself, also where a whole and its wei have different signs."""
        above = self.whole + self.wei / 1e18
        below = (self.whole + 1) - (WAD - self.wei) / 1e18
        return np.where(self.whole < 0, below, above)

    def ints(self) -> list[int]:
        pairs = zip(self.whole.ravel().tolist(), self.wei.ravel().tolist(), strict=True)
        return [whole * WAD + wei for whole, wei in pairs]

    def part(self, begin: int, end: int) -> Amounts:
        return Amounts(self.whole[begin:end], self.wei[begin:end])

    def taken(self, places: Ints) -> Amounts:
        return Amounts(self.whole[places], self.wei[places])


@dataclass(frozen=True)
class Population:
    """N accounts with P positions on the instruments of a market.

    modes [N]: STANDARD or PORTFOLIO. cash [N]: present value [wad]. balances [N, A]: raw. starts [N + 1]: where the
    positions of an account begin. columns [P]: place of the instrument in the market. sizes, quotes [P]: [wad]; a quote
    has received the funding of its position up to the time of the market.
    """

    modes: Ints
    cash: Amounts
    balances: Amounts
    starts: Ints
    columns: Ints
    sizes: Amounts
    quotes: Amounts

    def __len__(self) -> int:
        return len(self.modes)

    def part(self, begin: int, end: int) -> Population:
        """The accounts from one place to another."""
        end = min(end, len(self))
        first, last = int(self.starts[begin]), int(self.starts[end])
        return Population(
            self.modes[begin:end],
            self.cash.part(begin, end),
            self.balances.part(begin, end),
            self.starts[begin : end + 1] - first,
            self.columns[first:last],
            self.sizes.part(first, last),
            self.quotes.part(first, last),
        )

    def chunks(self, size: int) -> Iterator[Population]:
        """Yields all accounts in parts of a size, which bounds memory."""
        for begin in range(0, len(self), size):
            yield self.part(begin, begin + size)

    def in_mode(self, mode: int) -> Population:
        """The same accounts, all in one mode."""
        return replace(self, modes=np.full(len(self), mode, np.int64))

    def owners(self) -> Ints:
        """Account of each position [P]."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def singles(self) -> Population:
        """Each position as an account of its own, without cash and collateral."""
        count = len(self.columns)
        nothing = np.zeros(count, np.int64)
        empty = np.zeros((count, self.balances.whole.shape[1]), np.int64)
        return replace(
            self,
            modes=self.modes[self.owners()],
            cash=Amounts(nothing, nothing),
            balances=Amounts(empty, empty),
            starts=np.arange(count + 1),
        )


def population_of(state: State, ids: Sequence[AccountId], instruments: Sequence[int], *, now: int) -> Population:
    """The accounts of a ledger as a population. Raises KeyError for a position in an instrument that is not listed."""
    place = {instrument: i for i, instrument in enumerate(instruments)}
    holders = [state.holders[each] for each in ids]
    held = [entry for holder in holders for entry in accounts.entries(holder)]
    indexes = {each.instrument: ledger.funding_index(state, each.instrument, now=now) for each in held}
    assets = range(len(state.assets))
    return Population(
        np.array([each.mode for each in holders], np.int64),
        Amounts.of(cash.present(state.cash, each.principal, now=now) for each in holders),
        Amounts.of((each.balances[i] for each in holders for i in assets), (len(holders), len(assets))),
        np.cumsum([0, *(len(each.words) for each in holders)]),
        np.array([place[each.instrument] for each in held], np.int64),
        Amounts.of(each.size for each in held),
        Amounts.of(
            each.quote + funding.payment(each.size, indexes[each.instrument] - each.funding_index) for each in held
        ),
    )


def add_to_ledger(state: State, population: Population, instruments: Sequence[int], *, now: int) -> list[AccountId]:
    """Adds accounts to a ledger without interest, so that the mirror can evaluate them; returns their identifiers."""
    balances, width = population.balances.ints(), population.balances.whole.shape[1]
    sizes, quotes, starts = population.sizes.ints(), population.quotes.ints(), population.starts.tolist()
    indexes = {each: ledger.funding_index(state, each, now=now) for each in instruments}
    ids = []
    for i, (mode, cash_wad) in enumerate(zip(population.modes.tolist(), population.cash.ints(), strict=True)):
        ids.append(AccountId("holder", i))
        holder = state.holders[ids[-1]]
        holder.mode, holder.principal = mode, cash_wad
        for j in range(width):
            holder.balances[j] = balances[i * width + j]
        for p in range(starts[i], starts[i + 1]):
            instrument = instruments[int(population.columns[p])]
            nothing = accounts.Entry(instrument, 0, 0, 0)
            accounts.fill(holder, p - starts[i], nothing, sizes[p], quotes[p], indexes[instrument])
    return ids
