// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";

/// @notice Price of an account in liquidation: a Dutch auction, and a rising reward once it is insolvent.
library Liquidation {
    /// @dev the longest grace time, as a failing account loses more while it waits [seconds]
    uint256 internal constant MAX_GRACE = 1 hours;

    /// @notice Auction terms.
    /// @dev bufferWad: further margin to restore, as a part of haircuts and requirement [wad]; startWad, kneeWad: discount factor at the start
    /// and at the end of the fast phase [wad]; fastSecs, slowSecs, insolventSecs [seconds]; graceSecs: time after an outage in which no solvent
    /// account is sold, 0 = none [seconds]; floorWad: discount factor at which the slow phase ends [wad]
    struct AuctionTerms {
        uint64 bufferWad;
        uint64 startWad;
        uint64 kneeWad;
        uint64 fastSecs;
        uint64 slowSecs;
        uint64 insolventSecs;
        uint64 graceSecs;
        uint64 floorWad;
    }

    /// @notice Auction in progress.
    /// @dev startedAt [unix seconds], 0 when none; insolventAt [unix seconds], 0 while solvent;
    /// clockAt: time from which its clock counts, as of its last step [unix seconds]; reservedWad: cash that bidders have paid so far [wad];
    /// deficitWad: deficit as last recorded [wad]
    struct Sale {
        uint64 startedAt;
        uint64 insolventAt;
        uint64 clockAt;
        uint256 reservedWad;
        uint256 deficitWad;
    }

    /// @notice Buffer margin, which an auction restores.
    /// @dev margin + (margin - equity) * buffer
    /// @param marginWad maintenance buffer [wad]
    /// @param equityWad equity [wad]
    /// @param bufferWad buffer [wad]
    /// @custom:rounds down, because it is what the account owns
    function bufferMargin(int256 marginWad, int256 equityWad, uint256 bufferWad) internal pure returns (int256) {
        return marginWad + Fixed.mulDivFloor(marginWad - equityWad, int256(bufferWad), Fixed.WAD);
    }

    /// @notice Discount factor between value and price of a solvent account.
    /// @dev falls from start to knee in the fast phase, from knee towards 0 in the slow one, and stays at the floor
    /// @param terms auction terms
    /// @param elapsedSecs time since the start [seconds]
    /// @custom:rounds up, because the account in liquidation would lose otherwise
    function discount(AuctionTerms memory terms, uint256 elapsedSecs) internal pure returns (uint256) {
        if (elapsedSecs < terms.fastSecs) {
            uint256 left = terms.fastSecs - elapsedSecs;
            return terms.kneeWad + Fixed.mulDivUp(terms.startWad - terms.kneeWad, left, terms.fastSecs);
        }
        uint256 slow = elapsedSecs - terms.fastSecs;
        if (slow >= terms.slowSecs) return terms.floorWad;
        return Fixed.max(terms.floorWad, Fixed.mulDivUp(terms.kneeWad, terms.slowSecs - slow, terms.slowSecs));
    }

    /// @notice Price of the whole of a solvent account, except reserved cash.
    /// @dev (equity - reserved) * discount
    /// @param valueWad equity less reserved cash, positive [wad]
    /// @param discountWad factor between value and price [wad]
    /// @custom:rounds up, because the account in liquidation would lose otherwise
    function price(uint256 valueWad, uint256 discountWad) internal pure returns (uint256) {
        return Fixed.mulDivUp(valueWad, discountWad, Fixed.WAD);
    }

    /// @notice Largest part of a solvent account that may be sold.
    /// @dev |BM| / (|BM| + C + E * d + R * (1 - d)), and never 0, so that no dust blocks the auction; C: what is left out of the sale restores nothing
    /// @param bufferMarginWad buffer margin, negative [wad]
    /// @param equityWad equity without what is left out, at least the reserved cash [wad]
    /// @param reservedWad cash that bidders have paid so far [wad]
    /// @param discountWad factor between value and price, at most 1 [wad]
    /// @param creditWad what is left out counts so much in the buffer margin [wad]
    /// @custom:rounds down, because the account keeps the rest
    function maxFraction(int256 bufferMarginWad, int256 equityWad, uint256 reservedWad, uint256 discountWad, uint256 creditWad)
        internal
        pure
        returns (uint256)
    {
        uint256 missing = Fixed.abs(bufferMarginWad);
        uint256 gained = Fixed.mulDivUp(uint256(equityWad), discountWad, Fixed.WAD)
            + Fixed.mulDivUp(reservedWad, Fixed.WAD - discountWad, Fixed.WAD);
        return Fixed.max(1, Fixed.mulDivDown(missing, Fixed.WAD, missing + creditWad + gained));
    }

    /// @notice Payment to the bidder for the whole of an insolvent account.
    /// @dev -E + (E - margin) * elapsed / insolventSecs
    /// @param equityWad equity [wad]
    /// @param marginWad margin that the payout rises to, with its sign changed; below equity [wad]
    /// @param elapsedSecs time since the insolvency was recorded [seconds]
    /// @param insolventSecs length of the ramp [seconds]
    /// @custom:rounds down, because the insurance fund pays it
    function payout(int256 equityWad, int256 marginWad, uint256 elapsedSecs, uint256 insolventSecs)
        internal
        pure
        returns (int256)
    {
        uint256 secs = Fixed.min(elapsedSecs, insolventSecs);
        return Fixed.mulDivFloor(equityWad - marginWad, int256(secs), insolventSecs) - equityWad;
    }

    /// @notice Margin that the payout for an insolvent account rises to, with its sign changed.
    /// @dev max(margin, E - requirement): no haircut is paid for, as who takes collateral has its value
    /// @param equityWad equity [wad]
    /// @param marginWad maintenance buffer [wad]
    /// @param requiredWad maintenance requirement [wad]
    function paidMargin(int256 equityWad, int256 marginWad, uint256 requiredWad) internal pure returns (int256) {
        int256 least = equityWad - int256(requiredWad);
        return marginWad > least ? marginWad : least;
    }

    /// @notice Validates the auction terms.
    /// @param terms auction terms
    /// @custom:reverts ParameterOutOfRange
    function requireValid(AuctionTerms memory terms) internal pure {
        Market.requireWithin("bufferWad", terms.bufferWad, 0, Fixed.WAD);
        Market.requireWithin("startWad", terms.startWad, 1, Fixed.WAD);
        Market.requireWithin("kneeWad", terms.kneeWad, 1, terms.startWad);
        Market.requireWithin("fastSecs", terms.fastSecs, 1, 30 days);
        Market.requireWithin("slowSecs", terms.slowSecs, 1, 30 days);
        Market.requireWithin("insolventSecs", terms.insolventSecs, 1, 30 days);
        Market.requireWithin("graceSecs", terms.graceSecs, 0, MAX_GRACE);
        Market.requireWithin("floorWad", terms.floorWad, 0, terms.kneeWad);
    }
}
