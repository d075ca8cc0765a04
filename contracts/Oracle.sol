// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {NumberErrors} from "./NumberErrors.sol";
import {PriceErrors} from "./PriceErrors.sol";
import {Surface} from "./Surface.sol";

/// @notice Published prices, their freshness, and the settlement of expiries.
library Oracle {
    /// @dev the largest premium that passes a door [wad]; one bit below the cap, for its sign
    uint256 internal constant MAX_PREMIUM = 2 ** 95 - 1;
    /// @dev the time before an expiry over which its settlement is averaged [seconds]
    uint256 internal constant WINDOW = 30 minutes;

    /// @notice Last print of an underlying.
    /// @dev index [wad], premium of the perp over the index [wad], confidence [wad, 1 = certain], publishedAt [unix seconds]; stable: index that
    /// follows slowly [wad]; pending, pendingAt: a jump that waits for a second print [wad, unix seconds]; cumulative: index times seconds
    /// up to publishedAt [wad seconds]; low, high: lowest and highest index in force since `since` under a guard, formerLow, formerHigh: in the
    /// window before it [wad]
    struct Price {
        uint96 index;
        int96 premium;
        uint64 confidence;
        uint64 publishedAt;
        uint96 stable;
        uint96 pending;
        uint64 pendingAt;
        uint192 cumulative;
        uint96 low;
        uint96 high;
        uint64 since;
        uint96 formerLow;
        uint96 formerHigh;
    }

    /// @notice Guard of an underlying against manipulated prints.
    /// @dev maxJump: largest move that needs no second print, 0 = any [wad]; confirmSecs: time from the first print to the second, and in which all
    /// moves together are at most maxJump [seconds];
    /// stableRate: speed at which the stable price follows, 0 = at once [wad per second]; surfaceMove: largest move of the vol and of the wings of a
    /// surface that needs no second print, 0 = any [wad]
    struct PriceGuard {
        uint64 maxJump;
        uint64 confirmSecs;
        uint64 stableRate;
        uint64 surfaceMove;
    }

    /// @notice Forward, surface and settlement of an expiry.
    /// @dev forward: forward price [wad]; rate: interest rate to the expiry per year [wad]; confidence of the forward and surfaceConfidence [wad];
    /// publishedAt, surfacePublishedAt, listedAt [unix seconds], 0 = never; svi: volatility by strike; settlement: settlement price,
    /// 0 = not yet fixed [wad]; base: forward that a guard measures from [wad], baseAt: since when [unix seconds]; startCumulative: index times
    /// seconds up to the start of the window, 0 = not yet fixed [wad seconds]; watch: what a guard measures surfaces from
    struct Curve {
        uint96 forward;
        uint64 rate;
        uint64 confidence;
        uint64 publishedAt;
        uint64 surfaceConfidence;
        uint64 surfacePublishedAt;
        uint64 listedAt;
        Surface.Svi svi;
        uint96 settlement;
        uint96 base;
        uint64 baseAt;
        uint192 startCumulative;
        Surface.Watch watch;
    }

    /// @notice Validates a price guard.
    /// @param guard price guard
    /// @custom:reverts ParameterOutOfRange
    function requireValid(PriceGuard memory guard) internal pure {
        Market.requireWithin("maxJump", guard.maxJump, 0, Fixed.WAD);
        Market.requireWithin("confirmSecs", guard.confirmSecs, 0, 1 days);
        Market.requireWithin("stableRate", guard.stableRate, 0, Fixed.WAD);
        Market.requireWithin("surfaceMove", guard.surfaceMove, 0, Fixed.WAD);
    }

    /// @notice Requires a print of valid confidence and time.
    /// @param confidenceWad confidence of the print [wad]
    /// @param publishedAt time of the print [unix seconds]
    /// @param lastAt time of the print that it would replace [unix seconds]
    /// @custom:reverts ConfidenceTooLarge, PriceFromFuture, PriceGoesBackwards
    function requirePrint(uint256 confidenceWad, uint256 publishedAt, uint256 lastAt) internal view {
        if (confidenceWad > Fixed.WAD) revert NumberErrors.ConfidenceTooLarge(confidenceWad, Fixed.WAD);
        if (publishedAt > block.timestamp) revert PriceErrors.PriceFromFuture(publishedAt, block.timestamp);
        if (publishedAt < lastAt) revert PriceErrors.PriceGoesBackwards(publishedAt, lastAt);
    }

    /// @notice Requires a price above zero and within the cap.
    /// @param priceWad price [wad]
    /// @custom:reverts ZeroPrice, PriceTooLarge
    function requirePrice(uint256 priceWad) internal pure {
        if (priceWad == 0) revert NumberErrors.ZeroPrice();
        if (priceWad > Fixed.CAP) revert NumberErrors.PriceTooLarge(priceWad, Fixed.CAP);
    }

    /// @notice Index price that a print puts in force; 0 where it waits for a second print.
    /// @dev what is not in force as printed waits: a jump, and the part of a move beyond the limits of its time. Without a guard, and at the
    /// first print, every print is in force
    /// @param self print to replace
    /// @param guard price guard
    /// @param heartbeatSecs longest age of an index [seconds]
    /// @param indexWad index price of the underlying [wad]
    function confirm(Price storage self, PriceGuard memory guard, uint256 heartbeatSecs, uint256 indexWad) internal returns (uint256 heldWad) {
        bool isGuarded = self.publishedAt != 0 && guard.maxJump != 0;
        uint256 waitingWad = isGuarded ? waiting(self, guard.confirmSecs, heartbeatSecs) : 0;
        heldWad = isGuarded ? confirmed(self, guard, waitingWad, indexWad) : indexWad;
        bool isKept = heldWad == 0 && waitingWad != 0 && isNear(indexWad, waitingWad, guard.maxJump);
        if (isGuarded) {
            if (heldWad == 0 && isNear(indexWad, self.index, guard.maxJump)) heldWad = limited(self, guard, indexWad);
            if (heldWad != 0) extend(self, guard, heldWad);
        }
        if (heldWad == indexWad) (self.pending, self.pendingAt) = (0, 0);
        else if (!isKept) (self.pending, self.pendingAt) = (uint96(indexWad), uint64(block.timestamp));
    }

    /// @notice Jump that waits for a second print; 0 where there is none.
    /// @dev it lapses confirmSecs + heartbeatSecs after its print, by the clock of the chain
    /// @param self last print of the underlying
    /// @param confirmSecs time from the first print to the second [seconds]
    /// @param heartbeatSecs longest age of an index [seconds]
    function waiting(Price storage self, uint256 confirmSecs, uint256 heartbeatSecs) internal view returns (uint256) {
        return block.timestamp > self.pendingAt + confirmSecs + heartbeatSecs ? 0 : self.pending;
    }

    /// @notice Index price that a second print confirms; 0 where it confirms none.
    /// @dev confirmSecs or more after the first, by the clock of the chain, as a feeder sets the times of its prints itself. Within maxJump of
    /// the first the second is in force; beyond, where both are jumps to one side, the nearer of both, so that a fall in steps is followed
    /// @param self print to replace
    /// @param guard price guard
    /// @param waitingWad jump that waits, 0 = none [wad]
    /// @param indexWad index price of the underlying [wad]
    function confirmed(Price storage self, PriceGuard memory guard, uint256 waitingWad, uint256 indexWad) internal view returns (uint256) {
        if (waitingWad == 0 || block.timestamp < self.pendingAt + guard.confirmSecs) return 0;
        if (isNear(indexWad, waitingWad, guard.maxJump)) return indexWad;
        if (isNear(indexWad, self.index, guard.maxJump)) return 0;
        if (indexWad < self.index) return waitingWad < self.index ? Fixed.max(indexWad, waitingWad) : 0;
        return waitingWad > self.index ? Fixed.min(indexWad, waitingWad) : 0;
    }

    /// @notice Index price within maxJump of every one that was in force in the last confirmSecs.
    /// @dev an index that is not within their limits itself, as a guard has changed, stays
    /// @param self print to replace
    /// @param guard price guard
    /// @param indexWad index price of the underlying [wad]
    /// @custom:rounds the distance down, because it is a limit
    function limited(Price storage self, PriceGuard memory guard, uint256 indexWad) internal view returns (uint256) {
        (uint256 lowWad, uint256 highWad) = extremes(self, guard.confirmSecs);
        return within(lowWad, highWad, guard.maxJump, self.index, indexWad);
    }

    /// @notice Price within a part of a lowest and of a highest price.
    /// @param lowWad lowest price [wad]
    /// @param highWad highest price [wad]
    /// @param partWad widest distance [wad of the base]
    /// @param lastWad price where none is within a part of both [wad]
    /// @param priceWad price to limit [wad]
    /// @custom:rounds the distance down, because it is a limit
    function within(uint256 lowWad, uint256 highWad, uint256 partWad, uint256 lastWad, uint256 priceWad) internal pure returns (uint256) {
        uint256 leastWad = highWad - Fixed.mulDivDown(highWad, partWad, Fixed.WAD);
        uint256 mostWad = lowWad + Fixed.mulDivDown(lowWad, partWad, Fixed.WAD);
        if (leastWad > mostWad) return lastWad;
        return Fixed.max(leastWad, Fixed.min(mostWad, priceWad));
    }

    /// @notice Lowest and highest index price that was in force in the last confirmSecs, and at most as long before that.
    /// @param self last print of the underlying
    /// @param confirmSecs time in which all moves together are limited [seconds]
    function extremes(Price storage self, uint256 confirmSecs) internal view returns (uint256 lowWad, uint256 highWad) {
        (lowWad, highWad) = (self.index, self.index);
        if (block.timestamp >= self.since + 2 * confirmSecs) return (lowWad, highWad);
        (lowWad, highWad) = (Fixed.min(lowWad, self.low), Fixed.max(highWad, self.high));
        if (block.timestamp >= self.since + confirmSecs) return (lowWad, highWad);
        return (Fixed.min(lowWad, self.formerLow), Fixed.max(highWad, self.formerHigh));
    }

    /// @notice Extends the lowest and the highest index price of a guard by one that comes into force.
    /// @dev a confirmed jump begins anew; a window of confirmSecs that is over becomes the former one
    /// @param self print to replace
    /// @param guard price guard
    /// @param heldWad index price that comes into force [wad]
    function extend(Price storage self, PriceGuard memory guard, uint256 heldWad) internal {
        bool isJump = !isNear(heldWad, self.index, guard.maxJump);
        if (isJump || block.timestamp >= self.since + guard.confirmSecs) {
            (uint256 lowWad, uint256 highWad) = isJump ? (heldWad, heldWad) : extremes(self, guard.confirmSecs);
            (self.formerLow, self.formerHigh) = (uint96(lowWad), uint96(highWad));
            (self.low, self.high, self.since) = (uint96(isJump ? heldWad : self.index), uint96(isJump ? heldWad : self.index), uint64(block.timestamp));
        }
        self.low = uint96(Fixed.min(self.low, heldWad));
        self.high = uint96(Fixed.max(self.high, heldWad));
    }

    /// @notice Whether two prices are within a part of the second of each other.
    /// @dev |a - b| <= b * part / 1e18
    /// @param priceWad price [wad]
    /// @param baseWad price it is compared with [wad]
    /// @param partWad widest distance [wad of the base]
    /// @custom:rounds down, because it is a limit
    function isNear(uint256 priceWad, uint256 baseWad, uint256 partWad) internal pure returns (bool) {
        uint256 apart = priceWad > baseWad ? priceWad - baseWad : baseWad - priceWad;
        return apart <= Fixed.mulDivDown(baseWad, partWad, Fixed.WAD);
    }

    /// @notice Replaces the last print of an underlying.
    /// @dev the last price held until now: it enters the sum that settlements are averaged from
    /// @param self print to replace
    /// @param stableRateWad speed at which the stable price follows, 0 = at once [wad per second]
    /// @param indexWad index price of the underlying [wad]
    /// @param premiumWad premium of the perp [wad]
    /// @param confidenceWad confidence of the price [wad]
    /// @param publishedAt time of the print [unix seconds]
    function replace(
        Price storage self,
        uint256 stableRateWad,
        uint256 indexWad,
        int256 premiumWad,
        uint256 confidenceWad,
        uint256 publishedAt
    ) internal {
        self.cumulative = uint192(accumulated(self, publishedAt));
        uint256 elapsedSecs = publishedAt - self.publishedAt;
        bool follows = stableRateWad == 0 || self.publishedAt == 0;
        self.stable = uint96(follows ? indexWad : followed(self.stable, indexWad, stableRateWad, elapsedSecs));
        self.index = uint96(indexWad);
        self.premium = int96(premiumWad);
        self.confidence = uint64(confidenceWad);
        self.publishedAt = uint64(publishedAt);
    }

    /// @notice Stable price after following the index price for a time.
    /// @dev moves toward the index by at most stable * rate * secs
    /// @param stableWad stable price [wad]
    /// @param indexWad index price of the underlying [wad]
    /// @param rateWad speed at which it follows [wad per second], below 2^64
    /// @param elapsedSecs time that has passed [seconds], below 2^64
    /// @custom:rounds the move down, because it is a limit
    function followed(uint256 stableWad, uint256 indexWad, uint256 rateWad, uint256 elapsedSecs) internal pure returns (uint256) {
        uint256 most = Fixed.mulDivDown(stableWad, rateWad * elapsedSecs, Fixed.WAD);
        if (indexWad > stableWad) return stableWad + Fixed.min(indexWad - stableWad, most);
        return stableWad - Fixed.min(stableWad - indexWad, most);
    }

    /// @notice Index times seconds up to a time.
    /// @dev the last print holds until the next; index <= 2^96 and times below 2^64, so the sum fits 2^160
    /// @param self last print of the underlying
    /// @param untilAt time not before the last print [unix seconds]
    function accumulated(Price storage self, uint256 untilAt) internal view returns (uint256) {
        return uint256(self.cumulative) + uint256(self.index) * (untilAt - self.publishedAt);
    }

    /// @notice Records what a new print fixes of an expiry: the start of its window, and then its settlement.
    /// @dev settlement = (sum up to the expiry - sum up to the start of the window) / window
    /// @param self curve of the expiry
    /// @param price last print of the underlying, before the new one
    /// @param expiry expiry [unix seconds]
    /// @param publishedAt time of the new print [unix seconds]
    /// @custom:rounds down, because one direction must be named: both sides settle at the same price
    function observe(Curve storage self, Price storage price, uint256 expiry, uint256 publishedAt) internal {
        if (self.startCumulative == 0 && publishedAt >= expiry - WINDOW) {
            self.startCumulative = uint192(accumulated(price, expiry - WINDOW));
        }
        if (publishedAt < expiry) return;
        uint256 sum = accumulated(price, expiry) - self.startCumulative;
        self.settlement = uint96(Fixed.mulDivDown(sum, 1, WINDOW));
    }

    /// @notice Present forward of an expiry: the part that the window has fixed, and the part that still floats.
    /// @dev in the window: fixed = sum so far / window, floating = forward * secs left / window; before it nothing is fixed
    /// @param self curve of the expiry
    /// @param price last print of the underlying
    /// @param expiry expiry [unix seconds]
    /// @custom:rounds down, because one direction must be named: both sides are valued at the same forward
    function forwardParts(Curve storage self, Price storage price, uint256 expiry) internal view returns (uint256 fixedWad, uint256 floatingWad) {
        uint256 startAt = expiry - WINDOW;
        if (block.timestamp <= startAt) return (0, self.forward);
        uint256 start = self.startCumulative == 0 ? accumulated(price, startAt) : self.startCumulative;
        uint256 untilAt = Fixed.min(block.timestamp, expiry);
        fixedWad = Fixed.mulDivDown(accumulated(price, untilAt) - start, 1, WINDOW);
        floatingWad = Fixed.mulDivDown(self.forward, expiry - untilAt, WINDOW);
    }

    /// @notice Forward that a print puts in force under a guard.
    /// @dev as printed within maxJump of the index, which has a guard itself; else within maxJump of the last forward and of the base, which
    /// the last forward replaces confirmSecs after it was set. Without a guard, and at the first print, as printed
    /// @param self curve of the expiry
    /// @param guard price guard of the underlying
    /// @param indexWad index price of the underlying, 0 = none [wad]
    /// @param forwardWad forward price [wad]
    /// @custom:rounds the distance down, because it is a limit
    function limitedForward(Curve storage self, PriceGuard memory guard, uint256 indexWad, uint256 forwardWad) internal returns (uint256) {
        if (self.publishedAt == 0 || guard.maxJump == 0) return forwardWad;
        uint256 lastWad = self.forward;
        if (block.timestamp >= self.baseAt + guard.confirmSecs) (self.base, self.baseAt) = (uint96(lastWad), uint64(block.timestamp));
        if (isNear(forwardWad, indexWad, guard.maxJump)) return forwardWad;
        uint256 baseWad = self.base;
        return within(Fixed.min(baseWad, lastWad), Fixed.max(baseWad, lastWad), guard.maxJump, lastWad, forwardWad);
    }

    /// @notice Publishes the forward of an expiry.
    /// @param self curve of the expiry
    /// @param forwardWad forward price [wad]
    /// @param rateWad interest rate to the expiry per year [wad]
    /// @param confidenceWad confidence of the forward [wad]
    /// @param publishedAt time of the print [unix seconds]
    /// @custom:reverts ZeroPrice, PriceTooLarge, ParameterOutOfRange, ConfidenceTooLarge, PriceFromFuture, PriceGoesBackwards
    function publishForward(Curve storage self, uint256 forwardWad, uint256 rateWad, uint256 confidenceWad, uint256 publishedAt) internal {
        requirePrice(forwardWad);
        Market.requireWithin("rate", rateWad, 0, 10 * Fixed.WAD);
        requirePrint(confidenceWad, publishedAt, self.publishedAt);
        self.forward = uint96(forwardWad);
        self.rate = uint64(rateWad);
        self.confidence = uint64(confidenceWad);
        self.publishedAt = uint64(publishedAt);
    }

    /// @notice Publishes the volatility surface of an expiry.
    /// @param self curve of the expiry
    /// @param svi surface, valid
    /// @param confidenceWad confidence of the surface [wad]
    /// @param publishedAt time of the print [unix seconds]
    function publishSurface(Curve storage self, Surface.Svi memory svi, uint256 confidenceWad, uint256 publishedAt) internal {
        self.svi = svi;
        self.surfaceConfidence = uint64(confidenceWad);
        self.surfacePublishedAt = uint64(publishedAt);
    }

    /// @notice Whether a print is fresh.
    /// @dev age <= heartbeat; a print that was never published is stale
    /// @param publishedAt time of the print [unix seconds]
    /// @param heartbeatSecs longest age [seconds]
    function isFresh(uint256 publishedAt, uint256 heartbeatSecs) internal view returns (bool) {
        return publishedAt != 0 && block.timestamp - publishedAt <= heartbeatSecs;
    }

    /// @notice Mark price of a perp.
    /// @dev index + clamp(premium, -band * index, band * index)
    /// @param indexWad index price of the underlying [wad]
    /// @param premiumWad premium of the perp [wad]
    /// @param bandWad widest premium as a part of the index [wad], below 1
    /// @custom:rounds the clamp down, because a clamped premium may not exceed its band
    function mark(uint256 indexWad, int256 premiumWad, uint256 bandWad) internal pure returns (uint256) {
        uint256 widest = Fixed.mulDivDown(indexWad, bandWad, Fixed.WAD);
        uint256 move = Fixed.min(Fixed.abs(premiumWad), widest);
        return premiumWad < 0 ? indexWad - move : indexWad + move;
    }
}
