// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Store} from "./Store.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Margin metrics of accounts.
contract Teller is Store {
    /// @notice Margin metrics of an account.
    /// @param account account
    function metrics(AccountId account) external view returns (Valuation.Metrics memory) {
        return Valuation.metrics(ledger, Valuation.image(ledger, account));
    }

    /// @notice Margin metrics of holdings that no account needs to have, at any number of positions.
    /// @dev at the last prices; each position is of an instrument that is traded
    /// @param held holdings, with a balance of every collateral
    /// @custom:reverts ParameterOutOfRange, UnknownInstrument, InstrumentExpired
    function metricsOf(Account.Image calldata held) external view returns (Valuation.Metrics memory) {
        Valuation.requireValid(ledger, held);
        return Valuation.metrics(ledger, held);
    }
}
