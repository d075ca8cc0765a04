// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Lens} from "./Lens.sol";
import {Parameters} from "./Parameters.sol";
import {Store} from "./Store.sol";

/// @notice Views of the state and the parameters of the vault.
contract Registry is Store {
    /// @notice State of the vault and of some accounts.
    /// @param ids accounts to report
    function snapshot(AccountId[] calldata ids) external view returns (Lens.Globals memory, Lens.AccountState[] memory) {
        return (Lens.globals(ledger, owner, pendingOwner, guardian, paused), Lens.states(ledger, ids));
    }

    /// @notice State of the expiries that have not settled, by underlying and in the order they are stored.
    function curves() external view returns (Lens.CurveState[] memory) {
        return Lens.curves(ledger);
    }

    /// @notice Whether a sender may act for an account, in one scope at least.
    /// @param account account
    /// @param sender caller
    function isAuthorized(AccountId account, address sender) external view returns (bool) {
        return Account.isAuthorized(ledger.holders[account], account, sender);
    }

    /// @notice What a sender may do for an account: a sum of TRADE, DEPOSIT and WITHDRAW.
    /// @param account account
    /// @param sender caller
    function scopesOf(AccountId account, address sender) external view returns (uint256) {
        return Account.scopesOf(ledger.holders[account], account, sender);
    }

    /// @notice Every parameter in force.
    function parameters() external view returns (Parameters.ParameterSet memory) {
        return Parameters.sheet(ledger, delaySecs);
    }
}
