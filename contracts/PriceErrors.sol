// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Every refusal of a published price, or of a price too far from it.
library PriceErrors {
    /// @notice A price is older than its heartbeat: the index where the expiry is 0, else the forward or the surface of it.
    error StalePrice(uint256 underlying, uint256 expiry, uint256 publishedAt, uint256 heartbeatSecs);
    /// @notice A price claims to be from the future.
    error PriceFromFuture(uint256 publishedAt, uint256 nowAt);
    /// @notice A price is older than the one it would replace.
    error PriceGoesBackwards(uint256 publishedAt, uint256 lastAt);
    /// @notice A trade's price is too far from the mark.
    error PriceOutsideBand(uint256 priceWad, uint256 lowWad, uint256 highWad);
}
