"""The clocks of auctions, kept from steps: for how many seconds a bid was possible."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from crossvault.differential.step import Outcome, Step
from crossvault.judge.books import EXPIRY_BITS, Books
from crossvault.judge.late_positions import late_positions
from crossvault.judge.marks import CALL, NO_FEED, PERP, decoded
from crossvault.judge.usable_prices import collateral_prices, needed_prices, priced_secs

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId


def is_restarted(outcome: Outcome) -> bool:
    """Whether a bid has turned the auction of an insolvent account into that of a solvent one."""
    return any(event.name == "LiquidationRestarted" for event in outcome.events)


def clock_from(books: Books, account: AccountId, at: int) -> int:
    """The time from which the clock of an auction counts [unix seconds].

    The last of: its start, the end of an outage, and the ends of gaps in the prices of its collateral.
    """
    held = books.account(account)
    priced = [book.underlying for raw, book in zip(held.balances, books.collaterals, strict=False) if raw]
    gaps = (books.fresh_since.get(number << EXPIRY_BITS, 0) for number in priced)
    return max(held.sale.clock_at, outage_end(books, account, at), *gaps)


def outage_end(books: Books, account: AccountId, at: int) -> int:
    """The end of the last outage that kept an account from being sold [unix seconds].

    The last of: the end of a pause, the ends of gaps in the quote feed and in the prices that its positions need, and
    expiries at which a forward or a surface was stale that is not needed from then on.
    """
    held, feed = books.account(account), books.cash.depeg.feed
    marks = [books.biddable_since]
    for position in held.positions:
        underlying, kind, expiry, _ = decoded(position.instrument)
        term = (underlying << EXPIRY_BITS) + expiry
        marks += (books.fresh_since.get(number, 0) for number in (underlying << EXPIRY_BITS, term))
        marks.append(books.surface_since.get(term, 0))
        if expiry <= at and _has_gap(books, underlying, kind, expiry):
            marks.append(expiry)
    if feed != NO_FEED:
        marks.append(books.fresh_since.get(feed << EXPIRY_BITS, 0))
    return max(marks)


def is_in_grace(books: Books, account: AccountId, at: int) -> bool:
    """Whether an outage that kept an account from being sold ended less than the grace time ago."""
    return at < outage_end(books, account, at) + books.auction.grace_secs


def bid_clock_from(books: Books, account: AccountId, at: int) -> int:
    """The time from which the clock counts at a bid: now where a price of a position turned stale since [seconds]."""
    since = late_positions(books, account, at).since
    return at if books.account(account).sale.clock_at < since else clock_from(books, account, at)


def settled_clock_from(books: Books, account: AccountId, at: int) -> int:
    """The time from which the clock counts after a settlement: as it was where a bid would start it anew [seconds]."""
    clock_at = books.account(account).sale.clock_at
    return clock_at if clock_at < late_positions(books, account, at).since else clock_from(books, account, at)


def _has_gap(books: Books, underlying: int, kind: int, expiry: int) -> bool:
    """Whether the forward, or the surface of an option, was stale when its expiry came."""
    curve = None if kind == PERP else books.curve(underlying, expiry)
    if curve is None:
        return False
    book = books.underlyings[underlying]
    if curve.published_at + book.risk.heartbeat_secs < expiry:
        return True
    return kind >= CALL and curve.surface_published_at + book.options.heartbeat_secs < expiry


class AuctionClock(NamedTuple):
    """An auction: when it began, the time that is counted so far, and its seconds in which a bid was possible.

    whole_secs: in which it was possible for all that the account holds, no collateral being left out. late: instruments
    at stale prices in spite of which it was sold at its last step: from then on their prices are not waited for.
    """

    started_at: int
    until: int
    biddable_secs: int = 0
    whole_secs: int = 0
    late: frozenset[int] = frozenset()

    def counted(self, books: Books, account: AccountId, at: int) -> AuctionClock:
        """The clock at a time up to which the books are as they are and the vault runs."""
        needed = list(needed_prices(books, account, self.late))
        whole = [*needed, *collateral_prices(books, account)]
        return AuctionClock(
            self.started_at,
            at,
            self.biddable_secs + priced_secs(needed, self.until, at),
            self.whole_secs + priced_secs(whole, self.until, at),
            self.late,
        )


class AuctionClocks(NamedTuple):
    """The clocks of all auctions after some steps; a step makes another value."""

    clocks: Mapping[AccountId, AuctionClock] = MappingProxyType({})

    def until(self, books: Books, paused: bool, at: int) -> AuctionClocks:
        """The clocks at a time, the books and the pause being as they are since the last step.

        A second counts where the vault is not paused and the prices that the account needs are fresh.
        """
        if not self.clocks:
            return self
        return AuctionClocks({
            account: clock._replace(until=at) if paused else clock.counted(books, account, at)
            for account, clock in self.clocks.items()
        })  # fmt: skip

    def after(self, step: Step, outcome: Outcome, after: Books) -> AuctionClocks:
        """The clocks after a step: a start, a restart and a declaration begin one, the end of an auction ends it."""
        if outcome.refusal is not None:
            return self
        if step.action not in ("start_liquidation", "declare_insolvent", "bid", "end_liquidation"):
            return self
        account = step.args["account"]
        if step.action in ("bid", "end_liquidation") and not after.account(account).sale.started_at:
            return AuctionClocks({each: clock for each, clock in self.clocks.items() if each != account})
        is_new = step.action in ("start_liquidation", "declare_insolvent") or is_restarted(outcome)
        clock = AuctionClock(step.at, step.at) if is_new else self.clocks.get(account)
        if clock is None:
            return self
        late = late_positions(after, account, step.at).instruments
        return AuctionClocks({**self.clocks, account: clock._replace(late=late)})

    def biddable_secs(self, books: Books, account: AccountId, started_at: int, at: int) -> int:
        """Seconds of an auction in which a bid was possible for what is sold now; of one that no step has begun, all.

        While a collateral is left out, those count in which others may have been: it has no part in the price.
        """
        clock = self.clocks.get(account)
        if clock is None:
            return at - started_at
        is_whole = all(at <= each.fresh_until for each in collateral_prices(books, account))
        return clock.whole_secs if is_whole else clock.biddable_secs
