// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Governance} from "./Governance.sol";
import {Lens} from "./Lens.sol";
import {Valuation} from "./Valuation.sol";

/// @notice The other half of the vault: governance and views, reached only through it, on its storage.
contract Registry is Governance {
    /// @notice State of the vault and of some accounts.
    /// @param ids accounts to show
    function snapshot(AccountId[] calldata ids) external view returns (Lens.Globals memory, Lens.AccountState[] memory) {
        return (Lens.globals(ledger, owner, pendingOwner, guardian, paused), Lens.states(ledger, ids));
    }

    /// @notice What an account is told about its margin.
    /// @param account account
    function metrics(AccountId account) external view returns (Valuation.Metrics memory) {
        return Valuation.metrics(ledger, account);
    }

    /// @notice Whether a sender may act for an account.
    /// @param account account
    /// @param sender who acts
    function isAuthorized(AccountId account, address sender) external view returns (bool) {
        return Account.isAuthorized(ledger.holders[account], account, sender);
    }
}
