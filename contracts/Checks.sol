// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Account, AccountId} from "./Account.sol";
import {Appraiser} from "./Appraiser.sol";
import {Caps} from "./Caps.sol";
import {Cash} from "./Cash.sol";
import {Comparison} from "./Comparison.sol";
import {Store} from "./Store.sol";

/// @notice Margin checks of the accounts that a call touches, at once or at the end of a batch.
abstract contract Checks is Store, ReentrancyGuardTransient {
    /// @notice State of an account before a call that touches it, where its check needs one.
    /// @dev none where the risk rises, and none in a batch, which has the state before it
    /// @param account account
    /// @param rising whether the call raises its risk
    function begin(AccountId account, bool rising) internal returns (Account.Image memory former) {
        if (!deferring) return rising ? former : Account.image(ledger.holders[account], ledger.assets.length);
        touches[account].touched = true;
        if (rising) touches[account].rising = true;
    }

    /// @notice Checks the margin of an account after a call that touched it; in a batch, later.
    /// @param account account
    /// @param rising whether the call raised its risk
    /// @param former its state before the call
    /// @custom:reverts StalePrice, InsufficientMargin, EquityFalls, BalanceFalls
    function check(AccountId account, bool rising, Account.Image memory former) internal view {
        if (deferring) return;
        if (rising) return _judge().requireInitial(account);
        _comparison().requireNoFall(account, former);
    }

    /// @notice Checks that a trade in a pause raised no requirement of an account; in a batch, later.
    /// @dev a reduction raises it where the position is the hedge of another
    /// @param account account
    /// @param former its state before the call
    /// @custom:reverts VaultPaused
    function checkPause(AccountId account, Account.Image memory former) internal {
        if (!paused) return;
        if (deferring) touches[account].traded = true;
        else _comparison().requireNoRise(account, former);
    }

    /// @notice Requires debts of all accounts within their cap where an account now owes more than before.
    /// @dev a debt rises where the principal falls to below zero; interest counts, and stops none
    /// @param account account
    /// @param before its principal before [wad]
    /// @custom:rounds up, because debts are owed
    /// @custom:reverts CapExceeded
    function requireBorrowable(AccountId account, int256 before) internal view {
        int256 principal = ledger.holders[account].principal;
        if (principal >= 0 || principal >= before) return;
        Caps.requireRoom(ledger.caps, Caps.BORROWING, 0, 0, Cash.borrowed(ledger.cash));
    }

    /// @notice The vault itself as appraiser: it passes margin queries to the appraiser's code.
    function _judge() internal view returns (Appraiser) {
        return Appraiser(address(this));
    }

    /// @notice The vault itself as comparison: it passes checks against the state before a call to their code.
    function _comparison() internal view returns (Comparison) {
        return Comparison(address(this));
    }
}
