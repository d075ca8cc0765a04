// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Oracle} from "../Oracle.sol";
import {Surface} from "../Surface.sol";

/// @notice Exposes the functions of Oracle; stored state is given and returned.
contract ProbeOracle {
    Oracle.Price private last;
    Oracle.Curve private known;

    function requireValid(Oracle.PriceGuard calldata guard) external pure {
        Oracle.requireValid(guard);
    }

    function requirePrint(uint256 confidenceWad, uint256 publishedAt, uint256 lastAt) external view {
        Oracle.requirePrint(confidenceWad, publishedAt, lastAt);
    }

    function requirePrice(uint256 priceWad) external pure {
        Oracle.requirePrice(priceWad);
    }

    function confirm(Oracle.Price calldata self, Oracle.PriceGuard calldata guard, uint256 heartbeatSecs, uint256 indexWad)
        external
        returns (uint256 heldWad, Oracle.Price memory)
    {
        last = self;
        heldWad = Oracle.confirm(last, guard, heartbeatSecs, indexWad);
        return (heldWad, last);
    }

    function waiting(Oracle.Price calldata self, uint256 confirmSecs, uint256 heartbeatSecs) external returns (uint256) {
        last = self;
        return Oracle.waiting(last, confirmSecs, heartbeatSecs);
    }

    function confirmed(Oracle.Price calldata self, Oracle.PriceGuard calldata guard, uint256 waitingWad, uint256 indexWad)
        external
        returns (uint256)
    {
        last = self;
        return Oracle.confirmed(last, guard, waitingWad, indexWad);
    }

    function limited(Oracle.Price calldata self, Oracle.PriceGuard calldata guard, uint256 indexWad) external returns (uint256) {
        last = self;
        return Oracle.limited(last, guard, indexWad);
    }

    function within(uint256 lowWad, uint256 highWad, uint256 partWad, uint256 lastWad, uint256 priceWad) external pure returns (uint256) {
        return Oracle.within(lowWad, highWad, partWad, lastWad, priceWad);
    }

    function extremes(Oracle.Price calldata self, uint256 confirmSecs) external returns (uint256 lowWad, uint256 highWad) {
        last = self;
        return Oracle.extremes(last, confirmSecs);
    }

    function extend(Oracle.Price calldata self, Oracle.PriceGuard calldata guard, uint256 heldWad) external returns (Oracle.Price memory) {
        last = self;
        Oracle.extend(last, guard, heldWad);
        return last;
    }

    function limitedForward(Oracle.Curve calldata self, Oracle.PriceGuard calldata guard, uint256 indexWad, uint256 forwardWad)
        external
        returns (uint256, Oracle.Curve memory)
    {
        known = self;
        uint256 heldWad = Oracle.limitedForward(known, guard, indexWad, forwardWad);
        return (heldWad, known);
    }

    function isNear(uint256 priceWad, uint256 baseWad, uint256 partWad) external pure returns (bool) {
        return Oracle.isNear(priceWad, baseWad, partWad);
    }

    function replace(
        Oracle.Price calldata self,
        uint256 stableRateWad,
        uint256 indexWad,
        int256 premiumWad,
        uint256 confidenceWad,
        uint256 publishedAt
    ) external returns (Oracle.Price memory) {
        last = self;
        Oracle.replace(last, stableRateWad, indexWad, premiumWad, confidenceWad, publishedAt);
        return last;
    }

    function followed(uint256 stableWad, uint256 indexWad, uint256 rateWad, uint256 elapsedSecs) external pure returns (uint256) {
        return Oracle.followed(stableWad, indexWad, rateWad, elapsedSecs);
    }

    function accumulated(Oracle.Price calldata self, uint256 untilAt) external returns (uint256) {
        last = self;
        return Oracle.accumulated(last, untilAt);
    }

    function observe(Oracle.Curve calldata self, Oracle.Price calldata price, uint256 expiry, uint256 publishedAt)
        external
        returns (Oracle.Curve memory)
    {
        (known, last) = (self, price);
        Oracle.observe(known, last, expiry, publishedAt);
        return known;
    }

    function forwardParts(Oracle.Curve calldata self, Oracle.Price calldata price, uint256 expiry)
        external
        returns (uint256 fixedWad, uint256 floatingWad)
    {
        (known, last) = (self, price);
        return Oracle.forwardParts(known, last, expiry);
    }

    function publishForward(
        Oracle.Curve calldata self,
        uint256 forwardWad,
        uint256 rateWad,
        uint256 confidenceWad,
        uint256 publishedAt
    ) external returns (Oracle.Curve memory) {
        known = self;
        Oracle.publishForward(known, forwardWad, rateWad, confidenceWad, publishedAt);
        return known;
    }

    function publishSurface(Oracle.Curve calldata self, Surface.Svi calldata svi, uint256 confidenceWad, uint256 publishedAt)
        external
        returns (Oracle.Curve memory)
    {
        known = self;
        Oracle.publishSurface(known, svi, confidenceWad, publishedAt);
        return known;
    }

    function isFresh(uint256 publishedAt, uint256 heartbeatSecs) external view returns (bool) {
        return Oracle.isFresh(publishedAt, heartbeatSecs);
    }

    function mark(uint256 indexWad, int256 premiumWad, uint256 bandWad) external pure returns (uint256) {
        return Oracle.mark(indexWad, premiumWad, bandWad);
    }
}
