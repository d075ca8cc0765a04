// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Errors} from "./Errors.sol";
import {Fixed} from "./Fixed.sol";

/// @notice Prices as a feeder publishes them, and how long they may be used.
library Oracle {
    /// @dev the largest premium that passes a door [wad]; one bit below the cap, for its sign
    uint256 internal constant MAX_PREMIUM = 2 ** 95 - 1;

    /// @notice Last print of an underlying.
    /// @dev index [wad], premium of the perp over the index [wad], confidence [wad, 1 = sure], publishedAt [unix seconds]
    struct Price {
        uint96 index;
        int96 premium;
        uint64 confidence;
        uint64 publishedAt;
    }

    /// @notice Replaces the last print of an underlying.
    /// @param self print to replace
    /// @param indexWad spot price of the underlying [wad]
    /// @param premiumWad premium of the perp [wad]
    /// @param confidenceWad how sure the price is [wad]
    /// @param publishedAt time of the print [unix seconds]
    /// @custom:reverts ZeroPrice, PriceTooLarge, ConfidenceTooLarge, PriceFromFuture, PriceGoesBackwards
    function publish(Price storage self, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) internal {
        if (indexWad == 0) revert Errors.ZeroPrice();
        if (indexWad > Fixed.CAP) revert Errors.PriceTooLarge(indexWad, Fixed.CAP);
        uint256 widest = Fixed.abs(premiumWad);
        if (widest > MAX_PREMIUM) revert Errors.PriceTooLarge(widest, MAX_PREMIUM);
        if (confidenceWad > Fixed.WAD) revert Errors.ConfidenceTooLarge(confidenceWad, Fixed.WAD);
        if (publishedAt > block.timestamp) revert Errors.PriceFromFuture(publishedAt, block.timestamp);
        if (publishedAt < self.publishedAt) revert Errors.PriceGoesBackwards(publishedAt, self.publishedAt);
        self.index = uint96(indexWad);
        self.premium = int96(premiumWad);
        self.confidence = uint64(confidenceWad);
        self.publishedAt = uint64(publishedAt);
    }

    /// @notice Whether a print may still be used.
    /// @dev age <= heartbeat; what was never published is stale
    /// @param publishedAt time of the print [unix seconds]
    /// @param heartbeatSecs longest age [seconds]
    function isFresh(uint256 publishedAt, uint256 heartbeatSecs) internal view returns (bool) {
        return publishedAt != 0 && block.timestamp - publishedAt <= heartbeatSecs;
    }

    /// @notice Price at which a perp is valued.
    /// @dev index + clamp(premium, -band * index, band * index)
    /// @param indexWad spot price of the underlying [wad]
    /// @param premiumWad premium of the perp [wad]
    /// @param bandWad widest premium as a part of the index [wad], below 1
    /// @custom:rounds the clamp down, because a premium that is cut may not exceed its band
    function mark(uint256 indexWad, int256 premiumWad, uint256 bandWad) internal pure returns (uint256) {
        uint256 widest = Fixed.mulDivDown(indexWad, bandWad, Fixed.WAD);
        uint256 move = Fixed.min(Fixed.abs(premiumWad), widest);
        return premiumWad < 0 ? indexWad - move : indexWad + move;
    }
}
