"""What a bid moves, worked out from the books before it: a part of everything but reserved cash, and the price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossvault.judge.books import AccountBook, Books, CashBook
from crossvault.judge.marks import PERP, decoded, funding_due, funding_index
from crossvault.judge.rounding import RAY, WAD

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

Holding = tuple[int, int, int]
"""Size, quote [wad] and funding index at the last touch [ray] of a position."""


@dataclass(slots=True)
class MovingAccount:
    """An account while a bid moves its parts. cash: the indexes at the time of the bid."""

    cash: CashBook
    principal: int
    balances: list[int]
    positions: dict[int, Holding]

    @classmethod
    def of(cls, held: AccountBook, cash: CashBook) -> MovingAccount:
        """An account as the books have it."""
        positions = {each.instrument: (each.size, each.quote, each.funding_index) for each in held.positions}
        return cls(cash, held.principal, list(held.balances), positions)

    @property
    def present_wad(self) -> int:
        """Present cash: principal * index, rounded down; of debts by the borrow index [wad]."""
        return self.principal * self._index(self.principal) // RAY

    def add_cash(self, delta_wad: int) -> None:
        """Moves cash; the principal is rounded down."""
        if delta_wad:
            wanted_wad = self.present_wad + delta_wad
            self.principal = wanted_wad * RAY // self._index(wanted_wad)

    def fill(self, instrument: int, size: int, quote: int, index_ray: int) -> None:
        """Changes a position, which receives its funding first; at size zero its quote becomes cash."""
        held, owed, touched_ray = self.positions.get(instrument, (0, 0, index_ray))
        size_now = held + size
        quote_now = owed + quote + funding_due(held, index_ray - touched_ray)
        if size_now:
            self.positions[instrument] = size_now, quote_now, index_ray
            return
        self.positions.pop(instrument, None)
        self.add_cash(quote_now)

    def _index(self, of: int) -> int:
        return self.cash.borrow_index if of < 0 else self.cash.supply_index

    def difference(self, held: AccountBook) -> tuple[str, int, int] | None:
        """The first field in which stored state differs: its name, its value, the value that it should have."""
        if held.principal != self.principal:
            return "cash principal", held.principal, self.principal
        for number, (is_, due) in enumerate(zip(held.balances, self.balances, strict=True)):
            if is_ != due:
                return f"collateral {number}", is_, due
        stored = {each.instrument: (each.size, each.quote, each.funding_index) for each in held.positions}
        for instrument in self.positions.keys() | stored.keys():
            pair = zip(stored.get(instrument, (0, 0, 0)), self.positions.get(instrument, (0, 0, 0)), strict=True)
            for name, (is_, due) in zip(("size", "quote", "funding index"), pair, strict=True):
                if is_ != due:
                    return f"{name} in instrument {instrument}", is_, due
        return None


def part(value: int, fraction_wad: int) -> int:
    """A part of a signed value, rounded toward zero."""
    moved = abs(value) * fraction_wad // WAD
    return moved if value >= 0 else -moved


def after_bid(
    books: Books,
    cash: CashBook,
    parties: tuple[AccountId, AccountId],
    taken: tuple[int, frozenset[int]],
    cost_wad: int,
    at: int,
) -> tuple[MovingAccount, MovingAccount]:
    """Seller and bidder after a bid. books: before it; cash: with the indexes of its time; cost_wad: what is paid.

    parties: seller and bidder; taken: the part [wad], and the collaterals that stay.
    """
    taken_wad, kept = taken
    seller, buyer = (MovingAccount.of(books.account(each), cash) for each in parties)
    cash_part = part(seller.present_wad - books.account(parties[0]).sale.reserved_wad, taken_wad)
    seller.add_cash(-cash_part)
    buyer.add_cash(cash_part)
    for number, balance_raw in enumerate(seller.balances):
        moved_raw = 0 if number in kept else -(-balance_raw * taken_wad // WAD)
        seller.balances[number] -= moved_raw
        buyer.balances[number] += moved_raw
    for instrument in tuple(seller.positions):
        underlying, kind, _, _ = decoded(instrument)
        index_ray = funding_index(books.underlyings[underlying], at) if kind == PERP else 0
        seller.fill(instrument, 0, 0, index_ray)
        size, quote, _ = seller.positions[instrument]
        size_part, quote_part = part(size, taken_wad), part(quote, taken_wad)
        seller.fill(instrument, -size_part, -quote_part, index_ray)
        buyer.fill(instrument, size_part, quote_part, index_ray)
    buyer.add_cash(-cost_wad)
    seller.add_cash(max(0, cost_wad))
    return seller, buyer
