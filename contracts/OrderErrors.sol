// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Refusals of orders and of their cancellation.
library OrderErrors {
    /// @notice The order has expired.
    error OrderExpired(uint256 nowAt, uint256 expiresAt);
    /// @notice The order is cancelled.
    error OrderCancelled(AccountId account, uint256 salt);
    /// @notice The salt of the order is below the floor of its account.
    error OrderBelowFloor(uint256 salt, uint256 floor);
    /// @notice The fill is larger than the rest of the order.
    error Overfilled(uint256 sizeWad, uint256 restWad);
    /// @notice Two orders have different instruments.
    error InstrumentsDiffer(uint256 makerInstrument, uint256 takerInstrument);
    /// @notice Two orders both buy or both sell.
    error NotOpposite(int256 makerSize, int256 takerSize);
    /// @notice The limits of two orders do not cross.
    error LimitNotMet(uint256 makerLimitWad, uint256 takerLimitWad);
    /// @notice The owner of the account did not sign this order for this contract and chain.
    error BadSignature(AccountId account);
    /// @notice The new floor is not above the old one.
    error FloorNotRaised(uint256 salt, uint256 floor);
    /// @notice The order is of another epoch than the present one of its account.
    error OrderOfOtherEpoch(uint256 epoch, uint256 current);
    /// @notice The owner of the account signed the order in the form of another version.
    error OrderOfOtherVersion(uint256 version, uint256 current);
}
