// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Store} from "./Store.sol";
import {Verdict} from "./Verdict.sol";

/// @notice Margin checks that compare an account with its state before a call.
contract Comparison is Store {
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
