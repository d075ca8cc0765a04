"""Positions of an account at stale prices, apart from the rest of it, and the bounds of their worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.mirror import account as accounts, fixed, market, oracle, valuation
from crossvault.mirror.account import Image
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import HeldOption


class Parts(NamedTuple):
    """Account in two parts."""

    rest: Book
    late: Book
    since: int


def split(self: State, held: Image, *, now: int) -> Parts:
    """Account valued in two parts, without the portfolio margin requirement of either."""
    late_at = [stale_since(self, entry.instrument, now=now) for entry in held.entries]
    pairs = list(zip(held.entries, late_at, strict=True))
    rest = held._replace(entries=tuple(entry for entry, since in pairs if since == 0))
    late = Image(0, accounts.STANDARD, (0,) * len(held.balances), tuple(entry for entry, since in pairs if since != 0))
    rest_book, late_book = (valuation.valued_image(self, part, now=now) for part in (rest, late))
    return Parts(rest_book, late_book, max(late_at, default=0))


def last_stale_since(self: State, instruments: Sequence[int], *, now: int) -> int:
    """Time at which the last stale price of some instruments turned stale; 0 where they have none."""
    return max((stale_since(self, instrument, now=now) for instrument in instruments), default=0)


def stale_since(self: State, instrument: int, *, now: int) -> int:
    """Time at which the last stale price of an instrument turned stale; 0 where it has none."""
    underlying, kind = market.underlying_of(instrument), market.kind_of(instrument)
    heartbeat_secs = self.risks[underlying].heartbeat_secs
    curve = valuation.curve_of(self, instrument)
    if kind != market.PERP and curve.settlement != 0:
        return 0
    since = late_after(self.prices[underlying].published_at, heartbeat_secs, now=now)
    if kind == market.PERP or now >= market.expiry_of(instrument):
        return since
    since = fixed.max(since, late_after(curve.published_at, heartbeat_secs, now=now))
    if not market.is_option(kind):
        return since
    heartbeat_secs = self.option_risks[underlying].heartbeat_secs
    return fixed.max(since, late_after(curve.surface_published_at, heartbeat_secs, now=now))


def late_after(published_at: int, heartbeat_secs: int, *, now: int) -> int:
    """Time at which a print turned stale; 0 while it is fresh."""
    return 0 if oracle.is_fresh(published_at, heartbeat_secs, now=now) else published_at + heartbeat_secs + 1


def most(late: Book) -> int:
    """The most that positions at stale prices may be worth."""
    total = 0
    for exposure in late.exposures:
        total += exposure.gain_wad + fixed.mul_div_up(exposure.gross_wad2, 1, fixed.WAD)
    for line in late.lines:
        if line.size > 0:
            total += ceiling(late, line)
    return total


def least(late: Book) -> int:
    """The least that positions at stale prices may be worth."""
    total = 0
    for exposure in late.exposures:
        total += exposure.loss_wad - fixed.mul_div_up(exposure.gross_wad2, 1, fixed.WAD)
    for line in late.lines:
        if line.size < 0:
            total -= ceiling(late, line)
    return total


def ceiling(late: Book, line: HeldOption) -> int:
    """The most that an option at a stale price may be worth to who is long."""
    price_wad = 2 * fixed.max(late.exposures[line.underlying].index_wad, line.strike_wad)
    return fixed.mul_div_up(fixed.abs(line.size), fixed.max(price_wad, line.mark_wad), fixed.WAD)
