// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Every reason why an order is not filled, or a floor under orders not raised.
library OrderErrors {
    /// @notice An order is good no longer.
    error OrderExpired(uint256 nowAt, uint256 expiresAt);
    /// @notice An order was cancelled.
    error OrderCancelled(AccountId account, uint256 salt);
    /// @notice An order was cancelled with all below a floor.
    error OrderBelowFloor(uint256 salt, uint256 floor);
    /// @notice Less is left of an order than would be filled.
    error Overfilled(uint256 sizeWad, uint256 restWad);
    /// @notice Two orders are for two instruments.
    error InstrumentsDiffer(uint256 makerInstrument, uint256 takerInstrument);
    /// @notice Two orders both buy or both sell.
    error NotOpposite(int256 makerSize, int256 takerSize);
    /// @notice A price is worse than an order allows.
    error LimitNotMet(uint256 priceWad, uint256 limitWad);
    /// @notice The owner of the account did not sign this order for this contract and chain.
    error BadSignature(AccountId account);
    /// @notice A floor would not rise.
    error FloorNotRaised(uint256 salt, uint256 floor);
}
