"""Storage of the vault, in the one order that all its code shares, and the checks on it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial

from crossvault.mirror import account as accounts, authority_errors, cash, fixed, market, market_errors, stranded
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import ZERO_ADDRESS, StorageMap, StorageStruct, Token
from crossvault.mirror.ledger import State

GRACE = 14 * 24 * 60 * 60


class PendingCheck(StorageStruct):
    """Margin check of an account at the end of a batch."""

    __slots__ = ("named", "rising", "touched", "traded")
    zeros = {"named": False, "touched": False, "rising": False, "traded": False}
    named: bool
    touched: bool
    rising: bool
    traded: bool


class Store(StorageStruct):
    """Storage of the vault, in the one order that all its code shares, and the checks on it."""

    __slots__ = (
        "cancelled_at", "deferring", "delay_secs", "effective_at", "entered", "events", "guardian", "is_feeder",
        "is_sealed", "ledger", "open_since", "owner", "paused", "pending_owner", "this", "tokens", "touches",
    )  # fmt: skip
    zeros = {
        "ledger": State,
        "owner": ZERO_ADDRESS,
        "pending_owner": ZERO_ADDRESS,
        "guardian": ZERO_ADDRESS,
        "paused": False,
        "is_sealed": False,
        "open_since": 0,
        "cancelled_at": 0,
        "delay_secs": 0,
        "is_feeder": lambda journal: StorageMap(journal, bool),
        "effective_at": lambda journal: StorageMap(journal, int),
        "deferring": False,
        "touches": lambda journal: StorageMap(journal, partial(PendingCheck, journal)),
        "entered": False,
        "events": (),
        "tokens": None,
        "this": ZERO_ADDRESS,
    }
    ledger: State
    owner: str
    pending_owner: str
    guardian: str
    paused: bool
    is_sealed: bool
    open_since: int
    cancelled_at: int
    delay_secs: int
    is_feeder: StorageMap[str, bool]
    effective_at: StorageMap[Hashable, int]
    deferring: bool
    touches: StorageMap[AccountId, PendingCheck]
    entered: bool
    events: tuple[tuple[str, tuple[object, ...]], ...]
    tokens: Mapping[str, Token]
    this: str

    def emit(self, event: str, *values: object) -> None:
        """Records an event with its arguments, in the order of the Solidity event."""
        self.events = (*self.events, (event, values))

    def accrue(self, *, sender: str, now: int) -> None:
        """Accrues interest."""
        pool = self.ledger.cash
        if cash.accrue(pool, now=now):
            self.emit("InterestAccrued", sender, pool.supply_index, pool.borrow_index, pool.insurance_wad)

    def clock_from(self, account: AccountId, *, now: int) -> int:
        """Time from which the clock of an auction counts."""
        state = self.ledger
        since = fixed.max(state.sales[account].clock_at, self.outage_end(account, now=now))
        holder = state.holders[account]
        for i, asset in enumerate(state.assets):
            if holder.balances[i] != 0:
                since = fixed.max(since, state.fresh_since[market.term_of(asset.underlying, 0)])
        return since

    def is_clock_known(self, account: AccountId, *, now: int) -> bool:
        """Whether it is known from when the clock of an auction counts."""
        instruments = accounts.instruments(self.ledger.holders[account])
        return self.ledger.sales[account].clock_at >= stranded.last_stale_since(self.ledger, instruments, now=now)

    def outage_end(self, account: AccountId, *, now: int) -> int:
        """End of the last outage in which an account could not be sold."""
        state = self.ledger
        since = state.biddable_since
        holder = state.holders[account]
        for instrument in accounts.instruments(holder):
            expiry = market.expiry_of(instrument)
            term = market.term_of(market.underlying_of(instrument), expiry)
            since = fixed.max(since, state.fresh_since[market.term_of(market.underlying_of(instrument), 0)])
            since = fixed.max(since, fixed.max(state.fresh_since[term], state.surface_since[term]))
            if now >= expiry and self.has_gap(instrument):
                since = fixed.max(since, expiry)
        feed = state.cash.terms.feed
        if feed != cash.NO_FEED:
            since = fixed.max(since, state.fresh_since[market.term_of(feed, 0)])
        return since

    def has_gap(self, instrument: int) -> bool:
        """Whether a forward or surface that an instrument needs was stale when its expiry came."""
        state, underlying = self.ledger, market.underlying_of(instrument)
        expiry = market.expiry_of(instrument)
        curve = state.curves[market.term_of(underlying, expiry)]
        if expiry > curve.published_at + state.risks[underlying].heartbeat_secs:
            return True
        if not market.is_option(market.kind_of(instrument)):
            return False
        return expiry > curve.surface_published_at + state.option_risks[underlying].heartbeat_secs

    def require_owner(self, sender: str) -> None:
        """Requires a sender that is the owner."""
        if sender != self.owner:
            raise authority_errors.NotOwner(sender)

    def require_guardian(self, sender: str) -> None:
        """Requires a sender that is the guardian or the owner."""
        if sender not in (self.guardian, self.owner):
            raise authority_errors.NotGuardian(sender)

    def require_running(self) -> None:
        """Requires a vault that is not paused."""
        if self.paused:
            raise authority_errors.VaultPaused

    def require_underlying(self, underlying: int) -> None:
        """Requires the number of a listed underlying."""
        if underlying >= len(self.ledger.risks):
            raise market_errors.UnknownUnderlying(underlying)

    def require_collateral(self, collateral: int) -> None:
        """Requires the number of a listed collateral."""
        if collateral >= len(self.ledger.assets):
            raise market_errors.UnknownCollateral(collateral)

    def schedule(self, change: Hashable, *, now: int) -> int:
        """Records when a change may take effect."""
        if now <= self.cancelled_at:
            raise authority_errors.TooEarly(now, now + 1)
        due_at = now + self.delay_secs
        self.effective_at[change] = due_at
        return due_at

    def admit(self, change: Hashable, *, now: int) -> None:
        """Requires an addition to a sealed vault to be announced at least the delay ago; before, none has to be."""
        self.permit(change, not self.is_sealed, now=now)

    def permit(self, change: Hashable, at_once: bool, *, now: int) -> None:
        """Requires a change to be announced at least the delay ago, unless it may be made at once."""
        if at_once:
            self.effective_at[change] = 0
        else:
            self.enact(change, now=now)

    def enact(self, change: Hashable, *, now: int) -> None:
        """Requires a change that was announced at least the delay ago, and has not lapsed."""
        self.require_running()
        due_at = self.effective_at[change]
        if due_at == 0 or due_at - self.delay_secs <= self.cancelled_at:
            raise authority_errors.NotScheduled
        if now > due_at + GRACE:
            raise authority_errors.AnnouncementLapsed(now, due_at + GRACE)
        due_at = fixed.max(due_at, self.open_since + self.delay_secs)
        if now < due_at:
            raise authority_errors.TooEarly(now, due_at)
        self.effective_at[change] = 0
