// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Errors} from "./Errors.sol";
import {Oracle} from "./Oracle.sol";
import {Store} from "./Store.sol";

/// @notice The doors of prices: what feeders publish.
abstract contract Feed is Store {
    event PricePublished(
        address indexed sender, uint256 indexed underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt
    );

    /// @notice Publishes the price of an underlying.
    /// @param underlying number of the underlying
    /// @param indexWad spot price of the underlying [wad]
    /// @param premiumWad premium of the perp [wad]
    /// @param confidenceWad how sure the price is [wad]
    /// @param publishedAt time of the print [unix seconds]
    /// @custom:reverts NotFeeder, UnknownUnderlying, ZeroPrice, PriceTooLarge, ConfidenceTooLarge, PriceFromFuture, PriceGoesBackwards
    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external {
        if (!isFeeder[msg.sender]) revert Errors.NotFeeder(msg.sender);
        requireUnderlying(underlying);
        Oracle.publish(ledger.prices[underlying], indexWad, premiumWad, confidenceWad, publishedAt);
        emit PricePublished(msg.sender, underlying, indexWad, premiumWad, confidenceWad, publishedAt);
    }
}
