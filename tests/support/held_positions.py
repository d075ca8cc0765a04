"""Positions written into the storage of the mirror's accounts, past every check."""

from __future__ import annotations

from crossvault.mirror import account as accounts
from crossvault.mirror.account import Holder


def hold(holder: Holder, instrument: int, size: int, quote: int = 0, funding_index: int = 0) -> None:
    """Stores a position after those of a holder, or in place of the one in its instrument. Wads; the index in rays."""
    place, _ = accounts.find(holder, instrument)
    holder.words = (*holder.words[:place], accounts.word_of(instrument, size), *holder.words[place + 1 :])
    stored = holder.quotes[instrument]
    stored.quote, stored.funding_index = quote, funding_index
