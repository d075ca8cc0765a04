// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Every refusal because of the sender, a pause or the time lock.
library AuthorityErrors {
    /// @notice A call of a batch is of no door that may be batched.
    error NotBatchable(uint256 place);
    /// @notice The sender is not the owner of the vault.
    error NotOwner(address sender);
    /// @notice The sender was not offered the ownership of the vault.
    error NotPendingOwner(address sender);
    /// @notice The sender is neither the guardian nor the owner.
    error NotGuardian(address sender);
    /// @notice The sender may not publish prices.
    error NotFeeder(address sender);
    /// @notice The sender is neither the owner nor an operator of the account.
    error NotAuthorized(AccountId account, address sender);
    /// @notice The vault is paused.
    error VaultPaused();
    /// @notice No such change was scheduled.
    error NotScheduled();
    /// @notice A scheduled change may not take effect yet.
    error TooEarly(uint256 nowAt, uint256 effectiveAt);
}
