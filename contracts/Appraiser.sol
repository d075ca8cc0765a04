// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";
import {Store} from "./Store.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Margin checks and margin metrics of accounts.
contract Appraiser is Store {
    /// @notice Margin metrics of an account.
    /// @param account account
    function metrics(AccountId account) external view returns (Valuation.Metrics memory) {
        return Valuation.metrics(ledger, account);
    }

    /// @notice Mark price of an instrument, and the widest distance of a trade from it.
    /// @param instrument number of the instrument
    /// @custom:reverts UnknownInstrument, InstrumentExpired, StalePrice
    function quotation(uint256 instrument) external view returns (uint256 markWad, uint256 bandWad) {
        return Valuation.quotation(ledger, instrument);
    }

    /// @notice Initial buffer of an account, at the last prices.
    /// @param account account
    function initialMargin(AccountId account) external view returns (int256) {
        return Valuation.initialMargin(ledger, account);
    }

    /// @notice Equity and maintenance buffer of an account, at fresh prices.
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(AccountId account) external view returns (int256 equityWad, int256 marginWad) {
        return Valuation.maintenance(ledger, account);
    }

    /// @notice Requires an account to meet its initial margin requirement.
    /// @param account account
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireInitial(AccountId account) external view {
        Valuation.requireInitial(ledger, account);
    }

    /// @notice Requires an account whose initial buffer is not negative or has not fallen.
    /// @param account account
    /// @param beforeWad initial buffer before the change [wad]
    /// @custom:reverts InsufficientMargin
    function requireNoFall(AccountId account, int256 beforeWad) external view {
        Valuation.requireNoFall(ledger, account, beforeWad);
    }
}
