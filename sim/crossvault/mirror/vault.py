"""Cross-margin vault: cash, collateral, prices and trades of accounts whose positions share one margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crossvault.mirror import (
    account as accounts,
    account_errors,
    authority_errors,
    caps,
    cash,
    collateral as collaterals,
    fixed,
    ledger,
    liquidation,
    market,
    market_errors,
    number_errors,
    oracle,
    price_errors,
)
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.analyst import Analyst
from crossvault.mirror.auction import Auction
from crossvault.mirror.custody import Custody
from crossvault.mirror.evm import Call, ReentrancyGuardReentrantCall, Token, UndoLog, non_reentrant
from crossvault.mirror.feed import Feed
from crossvault.mirror.governance import Governance
from crossvault.mirror.listing import Listing
from crossvault.mirror.policy import Policy
from crossvault.mirror.registry import Registry
from crossvault.mirror.teller import Teller

_ACCOUNTS = "maker", "taker"  # arguments of a trade; the other doors take one account
_LAST_EXPIRY = 2**40 - 1


class TradeSide(NamedTuple):
    """Effect of a trade on one side."""

    principal: int
    size: int
    quote: int
    funding_index: int


class Vault(Custody, Auction, Governance, Registry, Feed, Policy, Teller, Analyst, Listing):
    """Cross-margin vault: cash, collateral, prices and trades of accounts whose positions share one margin."""

    __slots__ = ()

    def __init__(
        self,
        owner: str,
        quote: str,
        delay_secs: int,
        terms: liquidation.AuctionTerms,
        *,
        sender: str,
        tokens: Mapping[str, Token],
        this: str,
        journal: UndoLog,
    ) -> None:
        super().__init__(journal)
        self.tokens = tokens
        self.this = this
        liquidation.require_valid(terms)
        self.owner = owner
        self.delay_secs = delay_secs
        self.ledger.terms = terms
        self.ledger.cash.token = quote
        self.ledger.cash.decimals = collaterals.require_decimals(tokens[quote])
        self.ledger.cash.terms = cash.DepegTerms(feed=cash.NO_FEED)
        self.ledger.cash.supply_index = fixed.RAY
        self.ledger.cash.borrow_index = fixed.RAY
        self.emit("VaultOpened", sender, owner, quote, self.ledger.cash.decimals, delay_secs, terms)

    def set_operator(self, account: AccountId, operator: str, allowed: bool, *, sender: str) -> None:
        """Allows or forbids an operator to act for an account in all scopes."""
        if sender != accounts.owner_of(account):
            raise authority_errors.NotAuthorized(account, sender)
        accounts.set_scopes(self.ledger.holders[account], operator, accounts.ALL_SCOPES if allowed else 0)
        self.emit("OperatorSet", sender, account, operator, allowed)

    def set_scopes(self, account: AccountId, operator: str, scopes: int, *, sender: str) -> None:
        """Sets the scopes in which an operator may act for an account."""
        if sender != accounts.owner_of(account):
            raise authority_errors.NotAuthorized(account, sender)
        market.require_within("scopes", scopes, 0, accounts.ALL_SCOPES)
        accounts.set_scopes(self.ledger.holders[account], operator, scopes)
        self.emit("ScopesSet", sender, account, operator, scopes)

    @non_reentrant
    def set_mode(self, account: AccountId, mode: int, *, sender: str, now: int) -> None:
        """Sets the margin mode of an account."""
        if sender != accounts.owner_of(account):
            raise authority_errors.NotAuthorized(account, sender)
        self.require_running()
        ledger.require_idle(self.ledger, account)
        most = accounts.PORTFOLIO if self.ledger.model.has_rules else accounts.STANDARD
        market.require_within("mode", mode, accounts.STANDARD, most)
        if mode == accounts.PORTFOLIO:
            accounts.require_options(self.ledger.holders[account], 0)
        former = self.begin(account, True)
        self.ledger.holders[account].mode = mode
        self.check(account, True, former, now=now)
        self.emit("ModeSet", sender, account, mode)

    @non_reentrant
    def trade(
        self,
        maker: AccountId,
        taker: AccountId,
        instrument: int,
        size: int,
        price_wad: int,
        *,
        sender: str,
        now: int,
    ) -> None:
        """Trades an instrument between two accounts."""
        accounts.require_authority(self.ledger.holders[maker], maker, sender, accounts.TRADE)
        accounts.require_authority(self.ledger.holders[taker], taker, sender, accounts.TRADE)
        if maker == taker:
            raise account_errors.SameAccount(maker)
        ledger.require_idle(self.ledger, maker)
        ledger.require_idle(self.ledger, taker)
        self.require_terms(instrument, size, price_wad, now=now)
        self.accrue(sender=sender, now=now)
        quote = fixed.mul_div_ceil(size, price_wad, fixed.WAD)
        underlying = market.underlying_of(instrument)
        interest_wad = self.ledger.caps.interests[underlying]
        maker_after = self.fill_side(maker, instrument, -size, quote, now=now)
        taker_after = self.fill_side(taker, instrument, size, -quote, now=now)
        caps.require_room(
            self.ledger.caps, caps.INTEREST, underlying, interest_wad, self.ledger.caps.interests[underlying]
        )
        self.emit("Traded", sender, maker, taker, instrument, size, price_wad, maker_after, taker_after)

    @non_reentrant
    def settle(self, underlying: int, expiry: int, accounts: Sequence[AccountId], *, sender: str, now: int) -> None:
        """Settles the positions of some accounts in an expiry into cash."""
        self.require_underlying(underlying)
        settlement_wad = self.settlement_of(underlying, expiry)
        self.accrue(sender=sender, now=now)
        principals = []
        for account in accounts:
            sale = self.ledger.sales[account]
            if sale.started_at != 0 and self.is_clock_known(account, now=now):
                sale.clock_at = self.clock_from(account, now=now)
            ledger.settle(self.ledger, account, underlying, expiry, settlement_wad, now=now)
            principals.append(self.ledger.holders[account].principal)
        self.emit("Settled", sender, underlying, expiry, tuple(accounts), settlement_wad, tuple(principals))

    def batch(self, calls: Sequence[Call], *, sender: str, now: int) -> None:
        """Makes several calls as one, and checks the margin of every touched account at the end."""
        if self.entered:
            raise ReentrancyGuardReentrantCall
        named, formers = self.named(calls)
        self.deferring = True
        for i, call in enumerate(calls):
            if not self.is_batchable(call.action):
                raise authority_errors.NotBatchable(i)
            getattr(self, call.action)(**call.args, sender=sender, now=now)
        self.deferring = False
        for account, former in zip(named, formers, strict=True):
            touch = self.touches[account]
            if touch.touched:
                self.check(account, touch.rising, former, now=now)
            if touch.traded:
                self.require_no_rise(account, former, now=now)
            touch.clear()
        self.emit("Batched", sender, len(calls))

    def named(self, calls: Sequence[Call]) -> tuple[list[AccountId], list[Image]]:
        """Accounts whose margin a batch may change, and their states before it."""
        named: list[AccountId] = []
        formers: list[Image] = []
        for call in calls:
            for place in _ACCOUNTS[: self.accounts_of(call.action)]:
                account = call.args.get(place) or call.args["account"]
                if self.touches[account].named:
                    continue
                self.touches[account].named = True
                named.append(account)
                formers.append(accounts.image(self.ledger.holders[account], len(self.ledger.assets)))
        return named, formers

    def is_batchable(self, selector: str) -> bool:
        """Whether a door may be called in a batch."""
        return selector in {"deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "trade"}

    def accounts_of(self, selector: str) -> int:
        """How many of the first arguments of a door are accounts whose margin a batch checks."""
        if selector == "trade":
            return 2
        return 1 if self.is_batchable(selector) and selector != "deposit_cash" else 0

    def settlement_of(self, underlying: int, expiry: int) -> int:
        """Settlement price of an expiry."""
        if expiry > _LAST_EXPIRY:
            raise market_errors.UnknownExpiry(underlying, expiry)
        curve = self.ledger.curves[market.term_of(underlying, expiry)]
        if curve.listed_at == 0:
            raise market_errors.UnknownExpiry(underlying, expiry)
        if curve.settlement == 0:
            raise market_errors.NotSettled(underlying, expiry)
        return curve.settlement

    def require_terms(self, instrument: int, size: int, price_wad: int, *, now: int) -> None:
        """Requires a trade of a listed instrument, within the bounds of size and price."""
        mark_wad, band_wad = self.quotation(instrument, now=now)
        if size == 0:
            raise number_errors.ZeroSize
        if fixed.abs(size) > fixed.CAP:
            raise number_errors.SizeTooLarge(fixed.abs(size), fixed.CAP)
        oracle.require_price(price_wad)
        low_wad = mark_wad - fixed.min(mark_wad, band_wad)
        high_wad = mark_wad + band_wad
        if price_wad < low_wad or price_wad > high_wad:
            raise price_errors.PriceOutsideBand(price_wad, low_wad, high_wad)

    def fill_side(
        self, account: AccountId, instrument: int, size_delta: int, quote_delta: int, *, now: int
    ) -> TradeSide:
        """Fills one side of a trade and checks its margin."""
        holder = self.ledger.holders[account]
        size = accounts.entry(holder, instrument).size
        rising = accounts.is_rising(size, size_delta)
        if rising:
            self.require_running()
        former = self.begin(account, rising)
        principal = holder.principal
        long_delta = ledger.fill(self.ledger, account, instrument, size_delta, quote_delta, now=now)
        caps.record(self.ledger.caps, instrument, long_delta)
        self.check(account, rising, former, now=now)
        if not rising:
            self.check_pause(account, former, now=now)
        if rising:
            self.require_borrowable(account, principal)
        left = accounts.quoted(holder, instrument, size + size_delta)
        return TradeSide(holder.principal, left.size, left.quote, left.funding_index)
