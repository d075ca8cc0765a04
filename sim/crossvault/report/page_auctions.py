"""The auctions of a record, one row each, and its payments added up, from the rows of these tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crossvault.history.table_schema import AUCTIONS, PAYMENTS
from crossvault.mirror.fixed import WAD

PaymentKey = tuple[str, str, str, str]  # payer, payee, reason, token


@dataclass(slots=True)
class AuctionSummary:
    """An auction: where it starts and ends, its equity and maintenance buffer at the start, and what was bid [wad].

    left_wad: the part of the account that is not sold. paid_wad: by bidders. payout_wad: to bidders, by insurance.
    """

    step: int
    at: int
    account: str
    number: int
    equity_wad: int
    buffer_wad: int
    bids: int = 0
    left_wad: int = WAD
    paid_wad: int = 0
    payout_wad: int = 0
    ended_at: int | None = None
    ended_by: str = "open at the end"
    last_step: int = 0

    @property
    def sold_wad(self) -> int:
        """The part of the account that was sold."""
        return WAD - self.left_wad

    def add(self, row: tuple[Any, ...]) -> None:
        """Adds a row of the table about this auction."""
        self.last_step, what = row[0], _value(row, "what")
        if what == "bid":
            price = _value(row, "price")
            self.bids += 1
            self.left_wad -= self.left_wad * _value(row, "part_bought") // WAD
            self.paid_wad += max(0, price)
            self.payout_wad += max(0, -price)
            if _value(row, "ended"):
                self.ended_at, self.ended_by = row[1], f"bid of {_value(row, 'bidder')}"
        elif what == "end":
            self.ended_at, self.ended_by = row[1], "margin restored"


def add_row(auctions: list[AuctionSummary], latest: dict[str, AuctionSummary], row: tuple[Any, ...]) -> None:
    """Adds a row of the table; `latest` has the last auction of every account."""
    name = _value(row, "account")
    if _value(row, "what") == "start":
        amounts = _value(row, "equity"), _value(row, "maintenance_buffer")
        latest[name] = AuctionSummary(row[0], row[1], name, _value(row, "auction"), *amounts, last_step=row[0])
        auctions.append(latest[name])
    else:
        latest[name].add(row)


def _value(row: tuple[Any, ...], stem: str) -> Any:
    return row[AUCTIONS.place(stem)]


def payment_key(row: tuple[Any, ...]) -> PaymentKey:
    """Payer, payee, reason and token of a row of the table."""
    kinds = ((row[PAYMENTS.place(f"{side}_kind")], row[PAYMENTS.place(side)]) for side in ("payer", "payee"))
    payer, payee = (_party(kind, name) for kind, name in kinds)
    return payer, payee, row[PAYMENTS.place("what_for")], row[PAYMENTS.place("token")]


def _party(kind: str, name: str) -> str:
    """A party by name; a wallet, a market and an issuer with their kind, as an account may have the same name."""
    return f"{name} {kind}" if kind in ("wallet", "market", "issuer") else name
