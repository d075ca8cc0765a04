"""Cash and collateral that come into the vault, and that leave it."""

from __future__ import annotations

from crossvault.mirror import (
    account as accounts,
    account_errors,
    caps,
    cash,
    collateral as collaterals,
    ledger,
    ruleset,
)
from crossvault.mirror.account import AccountId
from crossvault.mirror.checks import Checks
from crossvault.mirror.evm import non_reentrant


class Custody(Checks):
    """Cash and collateral that come into the vault, and that leave it."""

    __slots__ = ()

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

    def is_costly(self, account: AccountId, underlying: int) -> bool:
        """Whether collateral priced by an underlying may raise the requirement by more than its credit."""
        if self.ledger.prices[underlying].confidence < self.ledger.risks[underlying].confidence_threshold:
            return True
        modelled = ruleset.is_modelled(self.ledger.model, underlying)
        return self.ledger.holders[account].mode == accounts.PORTFOLIO and modelled

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
