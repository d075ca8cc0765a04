// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Every refusal because of what an account or the vault holds.
library AccountErrors {
    /// @notice An account would hold more positions than allowed.
    error TooManyPositions(uint256 count, uint256 cap);
    /// @notice An account in portfolio mode would hold more options than allowed.
    error TooManyOptions(uint256 count, uint256 cap);
    /// @notice An account holds less than it must.
    error InsufficientMargin(AccountId account, int256 adjustedEquityWad, uint256 requirementWad);
    /// @notice An account holds less of a collateral than is asked of it.
    error InsufficientCollateral(uint256 balanceRaw, uint256 amountRaw);
    /// @notice The vault holds less of a token than is asked of it.
    error InsufficientLiquidity(uint256 heldRaw, uint256 amountRaw);
    /// @notice A token moved another amount than it was asked to.
    error TransferMismatch(uint256 expectedRaw, uint256 movedRaw);
    /// @notice Both sides of a transaction are the same account.
    error SameAccount(AccountId account);
}
