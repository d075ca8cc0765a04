// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "./Exp.sol";
import {Fixed} from "./Fixed.sol";
import {LiquidationErrors} from "./LiquidationErrors.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";

/// @notice Quote cash: signed principals against a supply and a borrow index, the insurance fund, and open deficits.
library Cash {
    uint256 internal constant NO_FEED = type(uint8).max;
    uint256 internal constant YEAR = 365 days;
    /// @dev cap of an index [ray]: principals and their sums stay within 256 bits at any rates
    uint256 internal constant MAX_INDEX = 2 ** 128;
    /// @dev the largest growth at one accrual, as an exponent [wad]
    uint256 internal constant MAX_EXPONENT = 10e18;

    /// @notice Terms of the quote token's own price.
    /// @dev feed: underlying that prices the quote token, or NO_FEED; depegThreshold: price below which it counts as depegged [wad];
    /// depegFactor: requirement per notional and missing unit of price [wad]
    struct DepegTerms {
        uint8 feed;
        uint64 depegThreshold;
        uint64 depegFactor;
    }

    /// @notice Interest rate model of borrowers.
    /// @dev minRate: rate at no utilisation; lowSlope, highSlope: rise below and above optimalUtilisation, per utilisation; all per year;
    /// reserveFactor: part of the interest that goes to the insurance fund [wad]
    struct Interest {
        uint64 minRate;
        uint64 lowSlope;
        uint64 highSlope;
        uint64 optimalUtilisation;
        uint64 reserveFactor;
    }

    /// @notice Quote side of the vault.
    /// @dev supplyIndex, borrowIndex [ray], as of accruedAt [unix seconds]; totalSupply, totalBorrow: principals above and below zero, summed
    /// [wad]; insuranceWad: insurance fund [wad]; deficitWad: open deficits of insolvent accounts [wad]
    struct Pool {
        address token;
        uint8 decimals;
        DepegTerms terms;
        Interest interest;
        uint64 accruedAt;
        uint256 supplyIndex;
        uint256 borrowIndex;
        uint256 totalSupply;
        uint256 totalBorrow;
        uint256 insuranceWad;
        uint256 deficitWad;
    }

    /// @notice Present indexes, and the earnings of the insurance fund since the last accrual.
    /// @dev supply, borrow [ray]; reserve [wad]
    struct Indexes {
        uint256 supply;
        uint256 borrow;
        uint256 reserveWad;
    }

    /// @notice Utilisation: part of the supplied cash that is borrowed.
    /// @dev min(1, borrowed / supplied); 0 when nothing is borrowed, 1 when something is and nothing is supplied
    /// @param suppliedWad cash of accounts above zero [wad]
    /// @param borrowedWad cash of accounts below zero, as a magnitude [wad]
    /// @custom:rounds up, because borrowers pay by it
    function utilisation(uint256 suppliedWad, uint256 borrowedWad) internal pure returns (uint256) {
        if (borrowedWad == 0) return 0;
        if (borrowedWad >= suppliedWad) return Fixed.WAD;
        return Fixed.mulDivUp(borrowedWad, Fixed.WAD, suppliedWad);
    }

    /// @notice Borrow rate per year.
    /// @dev minRate + lowSlope * min(utilisation, optimal) + highSlope * max(0, utilisation - optimal)
    /// @param interest interest rate model
    /// @param utilisationWad part of the supplied cash that is borrowed [wad]
    /// @custom:rounds up, because it is owed
    function borrowRate(Interest memory interest, uint256 utilisationWad) internal pure returns (uint256) {
        uint256 below = Fixed.min(utilisationWad, interest.optimalUtilisation);
        return interest.minRate + Fixed.mulDivUp(below, interest.lowSlope, Fixed.WAD)
            + Fixed.mulDivUp(utilisationWad - below, interest.highSlope, Fixed.WAD);
    }

    /// @notice Growth of a debt as a part of it.
    /// @dev exp(rate * secs / year) - 1, so that it does not matter how often interest accrues; the exponent is at most 10
    /// @param rateWad rate per year [wad]
    /// @param elapsedSecs time in force [seconds]
    /// @custom:rounds the exponent up, because the debt is owed
    function compounded(uint256 rateWad, uint256 elapsedSecs) internal pure returns (uint256) {
        uint256 exponent = Fixed.min(Fixed.mulDivUp(rateWad, elapsedSecs, YEAR), MAX_EXPONENT);
        return Exp.exp(int256(exponent)) - Fixed.WAD;
    }

    /// @notice Present supply and borrow indexes.
    /// @dev borrowers pay on the sum of their principals; suppliers earn the interest paid less the reserve, and never at a higher rate than
    /// borrowers pay; the reserve is the remainder
    /// @param self quote side of the vault
    /// @custom:rounds debts up and earnings down, because the difference must stay in the vault
    function indexes(Pool storage self) internal view returns (Indexes memory now_) {
        (now_.supply, now_.borrow) = (self.supplyIndex, self.borrowIndex);
        uint256 borrowed = self.totalBorrow;
        if (block.timestamp == self.accruedAt || borrowed == 0 || now_.borrow >= MAX_INDEX) return now_;
        uint256 supplied = self.totalSupply;
        uint256 suppliedWad = Fixed.mulDivDown(supplied, now_.supply, Fixed.RAY);
        uint256 borrowedWad = Fixed.mulDivUp(borrowed, now_.borrow, Fixed.RAY);
        uint256 rateWad = borrowRate(self.interest, utilisation(suppliedWad, borrowedWad));
        uint256 grown = compounded(rateWad, block.timestamp - self.accruedAt);
        uint256 rise = Fixed.min(Fixed.mulDivUp(now_.borrow, grown, Fixed.WAD), MAX_INDEX - now_.borrow);
        uint256 paidWad = Fixed.mulDivDown(borrowed, rise, Fixed.RAY);
        uint256 kept = Fixed.WAD - self.interest.reserveFactor;
        uint256 earnedWad = Fixed.min(Fixed.mulDivDown(paidWad, kept, Fixed.WAD), Fixed.mulDivDown(suppliedWad, grown, Fixed.WAD));
        now_.borrow += rise;
        if (supplied != 0) now_.supply += Fixed.mulDivDown(earnedWad, Fixed.RAY, supplied);
        now_.reserveWad = paidWad - earnedWad;
    }

    /// @notice Accrues interest into the indexes and the insurance fund.
    /// @dev a second accrual at the same time changes nothing
    /// @param self quote side of the vault
    function accrue(Pool storage self) internal returns (bool moved_) {
        if (block.timestamp == self.accruedAt) return false;
        Indexes memory now_ = indexes(self);
        moved_ = now_.borrow != self.borrowIndex;
        self.supplyIndex = now_.supply;
        self.borrowIndex = now_.borrow;
        self.insuranceWad += now_.reserveWad;
        self.accruedAt = uint64(block.timestamp);
    }

    /// @notice Present value of a principal.
    /// @dev principal * index / 1e27, at the supply index when positive and the borrow index when negative, both present
    /// @param self quote side of the vault
    /// @param principal cash of an account before interest [wad]
    /// @custom:rounds toward minus infinity, because the account's cash goes down and its debt goes up
    function present(Pool storage self, int256 principal) internal view returns (int256) {
        if (principal == 0) return 0;
        Indexes memory now_ = indexes(self);
        return Fixed.mulDivFloor(principal, int256(principal < 0 ? now_.borrow : now_.supply), Fixed.RAY);
    }

    /// @notice Principal of a present value.
    /// @dev present * 1e27 / index, at the supply index when positive and the borrow index when negative, both present
    /// @param self quote side of the vault
    /// @param presentWad cash of an account [wad]
    /// @custom:rounds toward minus infinity, because the account's cash goes down and its debt goes up
    function principalOf(Pool storage self, int256 presentWad) internal view returns (int256) {
        if (presentWad == 0) return 0;
        Indexes memory now_ = indexes(self);
        return Fixed.mulDivFloor(presentWad, int256(Fixed.RAY), presentWad < 0 ? now_.borrow : now_.supply);
    }

    /// @notice Debts of all accounts, as of the last accrual.
    /// @dev sum of principals below zero * borrow index / 1e27
    /// @param self quote side of the vault
    /// @custom:rounds up, because they are owed
    function borrowed(Pool storage self) internal view returns (uint256) {
        return Fixed.mulDivUp(self.totalBorrow, self.borrowIndex, Fixed.RAY);
    }

    /// @notice Principal after a cash movement.
    /// @param self quote side of the vault
    /// @param principal cash of an account before interest [wad]
    /// @param deltaWad cash that moves, positive into the account [wad]
    function moved(Pool storage self, int256 principal, int256 deltaWad) internal view returns (int256) {
        if (deltaWad == 0) return principal;
        return principalOf(self, present(self, principal) + deltaWad);
    }

    /// @notice Records a changed principal in the totals.
    /// @param self quote side of the vault
    /// @param before principal before [wad]
    /// @param later principal after [wad]
    function record(Pool storage self, int256 before, int256 later) internal {
        if (before > 0) self.totalSupply -= uint256(before);
        else self.totalBorrow -= uint256(-before);
        if (later > 0) self.totalSupply += uint256(later);
        else self.totalBorrow += uint256(-later);
    }

    /// @notice Requirement per notional for a depegged quote token.
    /// @dev max(0, threshold - price) * factor
    /// @param terms terms of the quote token
    /// @param priceWad price of the quote token [wad]
    /// @custom:rounds up, because it must be held
    function depegRate(DepegTerms memory terms, uint256 priceWad) internal pure returns (uint256) {
        if (priceWad >= terms.depegThreshold) return 0;
        return Fixed.mulDivUp(terms.depegThreshold - priceWad, terms.depegFactor, Fixed.WAD);
    }

    /// @notice Draws from the insurance fund.
    /// @param self quote side of the vault
    /// @param amountWad payment of the fund [wad]
    /// @custom:reverts InsuranceExhausted
    function drawInsurance(Pool storage self, uint256 amountWad) internal {
        if (amountWad > self.insuranceWad) revert LiquidationErrors.InsuranceExhausted(self.insuranceWad, amountWad);
        self.insuranceWad -= amountWad;
    }

    /// @notice Requires open deficits within the insurance fund.
    /// @param self quote side of the vault
    /// @custom:reverts DeficitOpen
    function requireCovered(Pool storage self) internal view {
        if (self.deficitWad > self.insuranceWad) revert LiquidationErrors.DeficitOpen(self.deficitWad, self.insuranceWad);
    }

    /// @notice Validates the terms of the quote token.
    /// @param terms terms of the quote token
    /// @param underlyings count of listed underlyings
    /// @custom:reverts UnknownUnderlying, ParameterOutOfRange
    function requireValid(DepegTerms memory terms, uint256 underlyings) internal pure {
        if (terms.feed != NO_FEED && terms.feed >= underlyings) revert MarketErrors.UnknownUnderlying(terms.feed);
        Market.requireWithin("depegThreshold", terms.depegThreshold, 0, Fixed.WAD);
        Market.requireWithin("depegFactor", terms.depegFactor, 0, 10 * Fixed.WAD);
    }

    /// @notice Validates an interest rate model.
    /// @dev at most 10 per year in all
    /// @param interest interest rate model
    /// @custom:reverts ParameterOutOfRange
    function requireValidInterest(Interest memory interest) internal pure {
        Market.requireWithin("minRate", interest.minRate, 0, Fixed.WAD);
        Market.requireWithin("lowSlope", interest.lowSlope, 0, 4 * Fixed.WAD);
        Market.requireWithin("highSlope", interest.highSlope, 0, 5 * Fixed.WAD);
        Market.requireWithin("optimalUtilisation", interest.optimalUtilisation, 0, Fixed.WAD);
        Market.requireWithin("reserveFactor", interest.reserveFactor, 0, Fixed.WAD);
    }
}
