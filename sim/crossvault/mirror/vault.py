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
    ruleset,
)
from crossvault.mirror.account import AccountId
from crossvault.mirror.analyst import Analyst
from crossvault.mirror.auction import Auction
from crossvault.mirror.checks import Checks
from crossvault.mirror.evm import Token, UndoLog, non_reentrant
from crossvault.mirror.feed import Feed
from crossvault.mirror.governance import Governance
from crossvault.mirror.policy import Policy
from crossvault.mirror.registry import Registry
from crossvault.mirror.teller import Teller

_LAST_EXPIRY = 2**40 - 1


class TradeSide(NamedTuple):
    """Effect of a trade on one side."""

    principal: int
    size: int
    quote: int
    funding_index: int


class Vault(Checks, Auction, Governance, Registry, Feed, Policy, Teller, Analyst):
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
    def deposit_cash(self, account: AccountId, amount_raw: int, *, sender: str, now: int) -> None:
        """Deposits cash into an account."""
        accounts.require_authority(self.ledger.holders[account], account, sender, accounts.DEPOSIT)
        self.is_sealed = True
        self.accrue(sender=sender, now=now)
        ledger.add_cash(self.ledger, account, self.pull_quote(amount_raw, sender=sender), now=now)
        self.emit("CashDeposited", sender, account, amount_raw, self.ledger.holders[account].principal)

    @non_reentrant
    def withdraw_cash(self, account: AccountId, amount_raw: int, to: str, *, sender: str, now: int) -> None:
        """Withdraws cash from an account, or borrows it."""
        self.require_withdrawal(account, to, sender=sender)
        collaterals.require_amount(amount_raw, self.ledger.cash.decimals)
        self.accrue(sender=sender, now=now)
        former = self.begin(account, True)
        principal = self.ledger.holders[account].principal
        ledger.add_cash(self.ledger, account, -collaterals.to_wad(amount_raw, self.ledger.cash.decimals), now=now)
        self.require_borrowable(account, principal)
        self.check(account, True, former, now=now)
        collaterals.push(self.tokens[self.ledger.cash.token], to, amount_raw, this=self.this)
        self.emit("CashWithdrawn", sender, account, amount_raw, to, self.ledger.holders[account].principal)

    @non_reentrant
    def deposit_collateral(
        self, account: AccountId, collateral: int, amount_raw: int, *, sender: str, now: int
    ) -> None:
        """Deposits collateral into an account."""
        accounts.require_authority(self.ledger.holders[account], account, sender, accounts.DEPOSIT)
        self.require_collateral(collateral)
        asset = self.ledger.assets[collateral]
        balance_raw = self.ledger.holders[account].balances[collateral] + amount_raw
        collaterals.require_amount(amount_raw, asset.decimals)
        collaterals.require_amount(balance_raw, asset.decimals)
        caps.require_room(self.ledger.caps, caps.COLLATERAL, collateral, asset.total_raw, asset.total_raw + amount_raw)
        ledger.require_fresh(self.ledger, asset.underlying, now=now)
        costly = self.is_costly(account, asset.underlying)
        former = self.begin(account, False) if costly else None
        self.is_sealed = True
        collaterals.pull(self.tokens[asset.token], sender, amount_raw, this=self.this)
        self.ledger.holders[account].balances[collateral] = balance_raw
        asset.total_raw += amount_raw
        if costly:
            self.check(account, False, former, now=now)
        self.emit("CollateralDeposited", sender, account, collateral, amount_raw, balance_raw)

    @non_reentrant
    def withdraw_collateral(
        self, account: AccountId, collateral: int, amount_raw: int, to: str, *, sender: str, now: int
    ) -> None:
        """Withdraws collateral from an account."""
        self.require_withdrawal(account, to, sender=sender)
        self.require_collateral(collateral)
        asset = self.ledger.assets[collateral]
        collaterals.require_amount(amount_raw, asset.decimals)
        balance_raw = self.ledger.holders[account].balances[collateral]
        if amount_raw > balance_raw:
            raise account_errors.InsufficientCollateral(balance_raw, amount_raw)
        former = self.begin(account, True)
        self.ledger.holders[account].balances[collateral] = balance_raw - amount_raw
        asset.total_raw -= amount_raw
        self.check(account, True, former, now=now)
        collaterals.push(self.tokens[asset.token], to, amount_raw, this=self.this)
        self.emit("CollateralWithdrawn", sender, account, collateral, amount_raw, to, balance_raw - amount_raw)

    @non_reentrant
    def fund_insurance(self, amount_raw: int, *, sender: str) -> None:
        """Deposits cash into the insurance fund."""
        amount_wad = self.pull_quote(amount_raw, sender=sender)
        self.ledger.cash.insurance_wad += amount_wad
        self.emit("InsuranceFunded", sender, amount_raw, self.ledger.cash.insurance_wad)

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
            if sale.started_at != 0:
                sale.clock_at = self.clock_from(account, now=now)
            ledger.settle(self.ledger, account, underlying, expiry, settlement_wad, now=now)
            principals.append(self.ledger.holders[account].principal)
        self.emit("Settled", sender, underlying, expiry, tuple(accounts), settlement_wad, tuple(principals))

    def is_batchable(self, selector: str) -> bool:
        """Whether a door may be called in a batch."""
        return selector in {"deposit_cash", "withdraw_cash", "deposit_collateral", "withdraw_collateral", "trade"}

    def accounts_of(self, selector: str) -> int:
        """How many of the first arguments of a door are accounts whose margin a batch checks."""
        if selector == "trade":
            return 2
        return 1 if self.is_batchable(selector) and selector != "deposit_cash" else 0

    def is_costly(self, account: AccountId, underlying: int) -> bool:
        """Whether collateral priced by an underlying may raise the requirement by more than its credit."""
        if self.ledger.prices[underlying].confidence < self.ledger.risks[underlying].confidence_threshold:
            return True
        modelled = ruleset.is_modelled(self.ledger.model, underlying)
        return self.ledger.holders[account].mode == accounts.PORTFOLIO and modelled

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

    def pull_quote(self, amount_raw: int, *, sender: str) -> int:
        """Pulls quote tokens in and returns their wad."""
        decimals = self.ledger.cash.decimals
        collaterals.require_amount(amount_raw, decimals)
        collaterals.pull(self.tokens[self.ledger.cash.token], sender, amount_raw, this=self.this)
        return collaterals.to_wad(amount_raw, decimals)

    def require_withdrawal(self, account: AccountId, to: str, *, sender: str) -> None:
        """Requires a withdrawal that is allowed at any amount."""
        self.require_running()
        accounts.require_authority(self.ledger.holders[account], account, sender, accounts.WITHDRAW)
        accounts.require_recipient(account, sender, to)
        ledger.require_idle(self.ledger, account)
        cash.require_covered(self.ledger.cash)

    def require_borrowable(self, account: AccountId, before: int) -> None:
        """Requires debts of all accounts within their cap where an account now owes more than before."""
        principal = self.ledger.holders[account].principal
        if principal >= 0 or principal >= before:
            return
        caps.require_room(self.ledger.caps, caps.BORROWING, 0, 0, cash.borrowed(self.ledger.cash))

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
