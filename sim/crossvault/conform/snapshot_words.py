"""The words of the clauses for the fields of a snapshot: `snapshot[0].prices[1][4]` is the stable price."""

from __future__ import annotations

import re

from crossvault.mirror.liquidation import Sale
from crossvault.mirror.oracle import Price

_LISTED = re.compile(r"\.(\w+)\[\d+\]\[(\d+)\]$")
_SALE = re.compile(r"\.sale\[(\d+)\]$")
_PRICES = tuple(f"price_{name}" for name in Price.zeros)
_SALES = tuple(f"sale_{name}" for name in Sale.zeros)
_WORDS = {
    "owner": "owner", "pending_owner": "owner", "guardian": "guardian", "paused": "paused", "cash_held_raw": "cash_wad",
    "supply_index": "interest", "borrow_index": "interest", "total_supply": "cash_wad", "total_borrow": "cash_wad",
    "accrued_at": "interest", "insurance_wad": "insurance_wad", "deficit_wad": "deficit_wad", "tracks": "funding_track",
    "interests_wad": "open_interest_wad", "totals_raw": "collateral", "held_raw": "collateral",
    "principal": "cash_wad", "mode": "mode",
    "balances": "collateral", "entries": "size", "size": "size", "quote": "quote", "funding_index": "quote",
    "instrument": "size", "sale": "sale_started_at", "prices": "price_index",
}  # fmt: skip
WORDS = frozenset((*_WORDS.values(), *_PRICES, *_SALES))
"""The words for stored state; a vault without a snapshot shows those of them that are names of its figures."""


def word_of(field: str) -> str:
    """The word for a field of a snapshot."""
    if found := _SALE.search(field):
        return _SALES[int(found[1])]
    found = _LISTED.search(field)
    if found and found[1] == "prices":
        return _PRICES[int(found[2])]
    names = [name for name in re.findall(r"\.(\w+)", field) if name in _WORDS]
    return _WORDS[names[-1]] if names else "size"
