// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {Account, AccountId} from "./Account.sol";
import {Feed} from "./Feed.sol";
import {Governance} from "./Governance.sol";
import {Lens} from "./Lens.sol";

/// @notice The other half of the vault: governance, prices and views, reached only through it, on its storage.
contract Registry is Governance, Feed, Proxy {
    /// @dev the code that judges accounts; it works on the vault's own storage
    address public immutable appraiser;

    constructor(address appraiser_) {
        appraiser = appraiser_;
    }

    /// @notice State of the vault and of some accounts.
    /// @param ids accounts to show
    function snapshot(AccountId[] calldata ids) external view returns (Lens.Globals memory, Lens.AccountState[] memory) {
        return (Lens.globals(ledger, owner, pendingOwner, guardian, paused), Lens.states(ledger, ids));
    }

    /// @notice Whether a sender may act for an account.
    /// @param account account
    /// @param sender who acts
    function isAuthorized(AccountId account, address sender) external view returns (bool) {
        return Account.isAuthorized(ledger.holders[account], account, sender);
    }

    /// @notice Code of every view that the registry has not itself: what an account is worth and must hold.
    function _implementation() internal view override returns (address) {
        return appraiser;
    }
}
