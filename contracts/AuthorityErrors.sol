// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Refusals by the sender, the pause and the time lock.
library AuthorityErrors {
    /// @notice A call of a batch is to a door that may not be batched.
    error NotBatchable(uint256 place);
    /// @notice The sender is not the owner of the vault.
    error NotOwner(address sender);
    /// @notice The sender is not the proposed owner of the vault.
    error NotPendingOwner(address sender);
    /// @notice The sender is neither the guardian nor the owner.
    error NotGuardian(address sender);
    /// @notice The sender may not publish prices.
    error NotFeeder(address sender);
    /// @notice The sender may not do this for the account: it is neither the owner nor an operator with that scope.
    error NotAuthorized(AccountId account, address sender);
    /// @notice The vault is paused.
    error VaultPaused();
    /// @notice The change is not scheduled.
    error NotScheduled();
    /// @notice A scheduled change may not take effect yet.
    error TooEarly(uint256 nowAt, uint256 effectiveAt);
    /// @notice The time in which a scheduled change may take effect is over.
    error AnnouncementLapsed(uint256 nowAt, uint256 lapsesAt);
}
