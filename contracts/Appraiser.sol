// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Store} from "./Store.sol";
import {Verdict} from "./Verdict.sol";

/// @notice Margin checks of accounts.
contract Appraiser is Store {
    /// @notice Initial buffer of an account, at the last prices.
    /// @param account account
    function initialMargin(AccountId account) external view returns (int256) {
        return Verdict.initialMargin(ledger, account);
    }

    /// @notice Equity of an account, its maintenance requirement and buffer, and its initial buffer, at fresh prices.
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(AccountId account) external view returns (Verdict.Standing memory) {
        return Verdict.maintenance(ledger, account);
    }

    /// @notice Equity of an account, at fresh prices.
    /// @param account account
    /// @custom:reverts StalePrice
    function equity(AccountId account) external view returns (int256) {
        return Verdict.equity(ledger, account);
    }

    /// @notice Requires an account to meet its initial margin requirement.
    /// @param account account
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireInitial(AccountId account) external view {
        Verdict.requireInitial(ledger, account);
    }

    /// @notice Requires an account whose initial buffer is not negative, or that gives nothing away that it needs.
    /// @param account account
    /// @param former its state before the change
    /// @custom:reverts InsufficientMargin, EquityFalls, BalanceFalls
    function requireNoFall(AccountId account, Account.Image calldata former) external view {
        Verdict.requireNoFall(ledger, account, former);
    }

    /// @notice Requires an account whose initial margin requirement has not risen in a pause.
    /// @param account account
    /// @param former its state before the change
    /// @custom:reverts VaultPaused
    function requireNoRise(AccountId account, Account.Image calldata former) external view {
        Verdict.requireNoRise(ledger, account, former);
    }
}
