// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {Caps} from "./Caps.sol";
import {Cash} from "./Cash.sol";
import {Checks} from "./Checks.sol";
import {Collateral} from "./Collateral.sol";
import {Ledger} from "./Ledger.sol";
import {Ruleset} from "./Ruleset.sol";

/// @notice Cash and collateral that come into the vault, and that leave it.
contract Custody is Checks {
    event CashDeposited(address indexed sender, AccountId indexed account, uint256 amountRaw, int256 principal);
    event CashWithdrawn(address indexed sender, AccountId indexed account, uint256 amountRaw, address to, int256 principal);
    event CollateralDeposited(
        address indexed sender, AccountId indexed account, uint256 indexed collateral, uint256 amountRaw, uint256 balanceRaw
    );
    event CollateralWithdrawn(
        address indexed sender, AccountId indexed account, uint256 indexed collateral, uint256 amountRaw, address to, uint256 balanceRaw
    );
    event InsuranceFunded(address indexed sender, uint256 amountRaw, uint256 insuranceWad);

    /// @notice Deposits cash into an account.
    /// @param account account
    /// @param amountRaw amount of the quote token [raw]
    /// @custom:reverts NotAuthorized, ZeroAmount, AmountTooLarge, TransferMismatch
    function depositCash(AccountId account, uint256 amountRaw) external nonReentrant {
        Account.requireAuthority(ledger.holders[account], account, msg.sender, Account.DEPOSIT);
        isSealed = true;
        accrue();
        Ledger.addCash(ledger, account, int256(pullQuote(amountRaw)));
        emit CashDeposited(msg.sender, account, amountRaw, ledger.holders[account].principal);
    }

    /// @notice Withdraws cash from an account, or borrows it.
    /// @param account account
    /// @param amountRaw amount of the quote token [raw]
    /// @param to recipient: of an operator, the owner of the account
    /// @custom:reverts VaultPaused, NotAuthorized, ZeroAmount, AmountTooLarge, UnderLiquidation, DeficitOpen, StalePrice, InsufficientMargin,
    /// CapExceeded, InsufficientLiquidity, TransferMismatch
    function withdrawCash(AccountId account, uint256 amountRaw, address to) external nonReentrant {
        requireWithdrawal(account, to);
        Collateral.requireAmount(amountRaw, ledger.cash.decimals);
        accrue();
        Account.Image memory former = begin(account, true);
        int256 principal = ledger.holders[account].principal;
        Ledger.addCash(ledger, account, -int256(Collateral.toWad(amountRaw, ledger.cash.decimals)));
        requireBorrowable(account, principal);
        check(account, true, former);
        Collateral.push(ledger.cash.token, to, amountRaw);
        emit CashWithdrawn(msg.sender, account, amountRaw, to, ledger.holders[account].principal);
    }

    /// @notice Deposits collateral into an account.
    /// @dev while its price is uncertain, or where its moves count, collateral may raise the requirement by more than its credit; at a stale price
    /// it would keep the account from being sold
    /// @param account account
    /// @param collateral number of the collateral
    /// @param amountRaw amount of the token [raw]
    /// @custom:reverts NotAuthorized, UnknownCollateral, ZeroAmount, AmountTooLarge, CapExceeded, StalePrice, TransferMismatch,
    /// InsufficientMargin, EquityFalls, BalanceFalls
    function depositCollateral(AccountId account, uint256 collateral, uint256 amountRaw) external nonReentrant {
        Account.requireAuthority(ledger.holders[account], account, msg.sender, Account.DEPOSIT);
        requireCollateral(collateral);
        Collateral.Asset storage asset = ledger.assets[collateral];
        uint256 balanceRaw = ledger.holders[account].balances[collateral] + amountRaw;
        Collateral.requireAmount(amountRaw, asset.decimals);
        Collateral.requireAmount(balanceRaw, asset.decimals);
        Caps.requireRoom(ledger.caps, Caps.COLLATERAL, collateral, asset.totalRaw, asset.totalRaw + amountRaw);
        Ledger.requireFresh(ledger, asset.underlying);
        bool costly = isCostly(account, asset.underlying);
        Account.Image memory former;
        if (costly) former = begin(account, false);
        isSealed = true;
        Collateral.pull(asset.token, msg.sender, amountRaw);
        ledger.holders[account].balances[collateral] = balanceRaw;
        asset.totalRaw += amountRaw;
        if (costly) check(account, false, former);
        emit CollateralDeposited(msg.sender, account, collateral, amountRaw, balanceRaw);
    }

    /// @notice Withdraws collateral from an account.
    /// @param account account
    /// @param collateral number of the collateral
    /// @param amountRaw amount of the token [raw]
    /// @param to recipient: of an operator, the owner of the account
    /// @custom:reverts VaultPaused, NotAuthorized, UnderLiquidation, DeficitOpen, UnknownCollateral, ZeroAmount, AmountTooLarge,
    /// InsufficientCollateral, StalePrice, InsufficientMargin, InsufficientLiquidity, TransferMismatch
    function withdrawCollateral(AccountId account, uint256 collateral, uint256 amountRaw, address to) external nonReentrant {
        requireWithdrawal(account, to);
        requireCollateral(collateral);
        Collateral.Asset storage asset = ledger.assets[collateral];
        Collateral.requireAmount(amountRaw, asset.decimals);
        uint256 balanceRaw = ledger.holders[account].balances[collateral];
        if (amountRaw > balanceRaw) revert AccountErrors.InsufficientCollateral(balanceRaw, amountRaw);
        Account.Image memory former = begin(account, true);
        ledger.holders[account].balances[collateral] = balanceRaw - amountRaw;
        asset.totalRaw -= amountRaw;
        check(account, true, former);
        Collateral.push(asset.token, to, amountRaw);
        emit CollateralWithdrawn(msg.sender, account, collateral, amountRaw, to, balanceRaw - amountRaw);
    }

    /// @notice Deposits cash into the insurance fund.
    /// @param amountRaw amount of the quote token [raw]
    /// @custom:reverts ZeroAmount, AmountTooLarge, TransferMismatch
    function fundInsurance(uint256 amountRaw) external nonReentrant {
        uint256 amountWad = pullQuote(amountRaw);
        ledger.cash.insuranceWad += amountWad;
        emit InsuranceFunded(msg.sender, amountRaw, ledger.cash.insuranceWad);
    }

    /// @notice Whether collateral priced by an underlying may raise the requirement by more than its credit.
    /// @dev while the price is uncertain, or where portfolio margin counts its moves
    /// @param account account
    /// @param underlying number of the underlying
    function isCostly(AccountId account, uint256 underlying) internal view returns (bool) {
        if (ledger.prices[underlying].confidence < ledger.risks[underlying].confidenceThreshold) return true;
        return ledger.holders[account].mode == Account.PORTFOLIO && Ruleset.isModelled(ledger.model, underlying);
    }

    /// @notice Pulls quote tokens in and returns their wad.
    /// @param amountRaw amount of the quote token [raw]
    /// @custom:reverts ZeroAmount, AmountTooLarge, TransferMismatch
    function pullQuote(uint256 amountRaw) internal returns (uint256) {
        uint256 decimals = ledger.cash.decimals;
        Collateral.requireAmount(amountRaw, decimals);
        Collateral.pull(ledger.cash.token, msg.sender, amountRaw);
        return Collateral.toWad(amountRaw, decimals);
    }

    /// @notice Requires a withdrawal that is allowed at any amount.
    /// @param account account
    /// @param to recipient
    /// @custom:reverts VaultPaused, NotAuthorized, UnderLiquidation, DeficitOpen
    function requireWithdrawal(AccountId account, address to) internal {
        requireRunning();
        Account.requireAuthority(ledger.holders[account], account, msg.sender, Account.WITHDRAW);
        Account.requireRecipient(account, msg.sender, to);
        Ledger.requireIdle(ledger, account);
        Cash.requireCovered(ledger.cash);
    }
}
