// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";
import {Store} from "./Store.sol";
import {Verdict} from "./Verdict.sol";

/// @notice Margins of accounts, and the check of their initial margin.
contract Appraiser is Store {
    /// @notice Initial buffer of an account, at the last prices.
    /// @param account account
    function initialMargin(AccountId account) external view returns (int256) {
        return Verdict.initialMargin(ledger, account);
    }

    /// @notice Equity of an account, its maintenance requirement and buffer, and its initial buffer, at fresh prices or where it fails without them.
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(AccountId account) external view returns (Verdict.Standing memory) {
        return Verdict.maintenance(ledger, account);
    }

    /// @notice Equity of an account, at the last prices.
    /// @param account account
    function equity(AccountId account) external view returns (int256) {
        return Verdict.equity(ledger, account);
    }

    /// @notice Requires an account to meet its initial margin requirement.
    /// @param account account
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireInitial(AccountId account) external view {
        Verdict.requireInitial(ledger, account);
    }

    /// @notice Requires a bidder for an account with positions at stale prices to meet its initial margin requirement, whatever those are worth.
    /// @param account account that has bid
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireBidder(AccountId account) external view {
        Verdict.requireBidder(ledger, account);
    }
}
