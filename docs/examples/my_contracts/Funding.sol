// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";

/// @notice Funding of perps: payments of longs to shorts while the perp is above the index, and the reverse.
library Funding {
    uint256 internal constant PERIOD = 8 hours;
    /// @dev takes a product of two wads to a ray
    uint256 internal constant WADS_PER_RAY = 1e9;

    /// @notice Funding paid by a long per unit since the start.
    /// @dev index [ray]; updatedAt [unix seconds]
    struct Track {
        int256 index;
        uint64 updatedAt;
    }

    /// @notice Funding rate.
    /// @dev clamp(premium / index + base, -cap, cap)
    /// @param indexWad index price of the underlying [wad], not zero
    /// @param premiumWad premium of the perp over the index [wad]
    /// @param baseWad rate without premium [wad per 8 hours]
    /// @param capWad largest rate [wad per 8 hours]
    /// @custom:rounds toward minus infinity, because one direction must be named: longs pay up to 1e-18 of the index less
    function rate(uint256 indexWad, int256 premiumWad, int256 baseWad, uint256 capWad) internal pure returns (int256) {
        int256 cap = int256(capWad);
        int256 raw = baseWad + Fixed.mulDivFloor(premiumWad, int256(Fixed.WAD), indexWad);
        if (raw > cap) return cap;
        return raw < -cap ? -cap : raw;
    }

    /// @notice Growth of the funding index.
    /// @dev index price * rate * secs / 8 hours; price <= 2^96 and secs <= 2^64, so their product fits 2^160
    /// @param indexWad index price of the underlying [wad]
    /// @param rateWad rate of funding [wad per 8 hours]
    /// @param elapsedSecs time in force [seconds]
    /// @custom:rounds toward minus infinity, because one direction must be named: both sides use the same index
    function growth(uint256 indexWad, int256 rateWad, uint256 elapsedSecs) internal pure returns (int256) {
        return Fixed.mulDivFloor(int256(indexWad * elapsedSecs), rateWad, PERIOD * WADS_PER_RAY);
    }

    /// @notice Funding payment that a position receives.
    /// @dev -size * (index now - index at its last touch) / 1e27
    /// @param size size of the position [wad]
    /// @param grownRay growth of the funding index since its last touch [ray]
    /// @custom:rounds toward minus infinity, because payments received go down and payments made go up, on both sides
    function payment(int256 size, int256 grownRay) internal pure returns (int256) {
        return Fixed.mulDivFloor(-size, grownRay, Fixed.RAY);
    }
}
