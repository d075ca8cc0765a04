// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Refusals by the holdings and the margin of an account, or the tokens of the vault.
library AccountErrors {
    /// @notice A position would exceed the cap of positions of an account.
    error TooManyPositions(uint256 count, uint256 cap);
    /// @notice An option would exceed the cap of options of an account in portfolio mode.
    error TooManyOptions(uint256 count, uint256 cap);
    /// @notice The margin balance of an account is below its initial margin requirement.
    error InsufficientMargin(AccountId account, int256 adjustedEquityWad, uint256 requirementWad);
    /// @notice A reduction leaves an account with less equity than it had, and less than nothing.
    error EquityFalls(AccountId account, int256 equityWad, int256 leastWad);
    /// @notice A reduction leaves an account below maintenance with a lower margin balance per requirement.
    error BalanceFalls(AccountId account, int256 balanceWad, int256 leastWad);
    /// @notice The balance of a collateral is below the amount to withdraw.
    error InsufficientCollateral(uint256 balanceRaw, uint256 amountRaw);
    /// @notice The token balance of the vault is below the amount to pay.
    error InsufficientLiquidity(uint256 heldRaw, uint256 amountRaw);
    /// @notice A token transfer moved a different amount than its argument.
    error TransferMismatch(uint256 expectedRaw, uint256 movedRaw);
    /// @notice Both sides of a transaction are the same account.
    error SameAccount(AccountId account);
}
