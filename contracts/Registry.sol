// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {Account, AccountId} from "./Account.sol";
import {Governance} from "./Governance.sol";
import {Lens} from "./Lens.sol";

/// @notice Governance and views of the vault, reached only through it, on its storage.
contract Registry is Governance, Proxy {
    /// @dev code of the price doors
    address public immutable feed;

    constructor(address feed_) {
        feed = feed_;
    }

    /// @notice State of the vault and of some accounts.
    /// @param ids accounts to report
    function snapshot(AccountId[] calldata ids) external view returns (Lens.Globals memory, Lens.AccountState[] memory) {
        return (Lens.globals(ledger, owner, pendingOwner, guardian, paused), Lens.states(ledger, ids));
    }

    /// @notice State of the expiries that have not settled, by underlying and in the order they are stored.
    function curves() external view returns (Lens.CurveState[] memory) {
        return Lens.curves(ledger);
    }

    /// @notice Whether a sender may act for an account.
    /// @param account account
    /// @param sender caller
    function isAuthorized(AccountId account, address sender) external view returns (bool) {
        return Account.isAuthorized(ledger.holders[account], account, sender);
    }

    /// @notice Code of the doors that the registry does not implement: prices.
    function _implementation() internal view override returns (address) {
        return feed;
    }
}
