// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Refusals of prices: stale, out of order, or too far from the mark.
library PriceErrors {
    /// @notice A price is older than its heartbeat: the index where the expiry is 0, else the forward or the surface of it.
    error StalePrice(uint256 underlying, uint256 expiry, uint256 publishedAt, uint256 heartbeatSecs);
    /// @notice The time of a price lies in the future.
    error PriceFromFuture(uint256 publishedAt, uint256 nowAt);
    /// @notice A price is older than the one it would replace, or than an expiry that is over.
    error PriceGoesBackwards(uint256 publishedAt, uint256 lastAt);
    /// @notice The price of a trade is outside the band around the mark.
    error PriceOutsideBand(uint256 priceWad, uint256 lowWad, uint256 highWad);
}
