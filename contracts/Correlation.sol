// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {Level} from "./Standard.sol";

/// @notice Portfolio margin across underlyings: risk offsets between the losses of underlyings.
library Correlation {
    /// @dev pairs of MAX_UNDERLYINGS underlyings
    uint256 internal constant MAX_PAIRS = 28;
    /// @dev losses are scaled down to below this before they are squared: 64 squares have 246 bits
    uint256 internal constant MAX_LOSS = 2 ** 120 - 1;

    /// @notice Terms that aggregate losses across underlyings.
    /// @dev breakdown: lambda, size of a correlation breakdown [wad]; phiInitial, phiMaintenance: least part of the sum of losses [wad]; lossInitial,
    /// lossMaintenance: part of the loss that is required [wad]; pegThreshold: price of the quote token below which the initial factor rises, by
    /// pegFactor times the shortfall [wad]
    struct LossTerms {
        uint64 breakdown;
        uint64 phiInitial;
        uint64 phiMaintenance;
        uint64 lossInitial;
        uint64 lossMaintenance;
        uint64 pegThreshold;
        uint64 pegFactor;
    }

    /// @notice Correlations of all pairs of underlyings.
    /// @dev alike: of losses in the same direction, opposite: part of a loss that offsets one in the other direction [wad]; of underlyings i < j
    /// at place j * (j - 1) / 2 + i
    struct Matrix {
        int64[] alike;
        int64[] opposite;
    }

    /// @notice Loss of an account in one underlying, with its direction.
    /// @dev lossWad: loss alone [wad]; direction: sign of the price move of the worst scenario; twoSidedWad: the lesser over the larger
    /// of the losses over rises and over falls [wad]
    struct UnderlyingLoss {
        uint256 lossWad;
        int256 direction;
        uint256 twoSidedWad;
    }

    /// @notice Losses of an account in each scenario, by underlying and in total.
    /// @dev profitsWad: by underlying and scenario, none without an exposure [wad]; basisWad: loss from basis moves of
    /// forwards [wad]; jointWad: largest loss of all underlyings in one scenario [wad]; by number of the underlying
    struct ScenarioLossTable {
        int256[][] profitsWad;
        int256[] basisWad;
        UnderlyingLoss[] legs;
        uint256 jointWad;
    }

    /// @notice Portfolio margin requirement of an account.
    /// @dev initialWad, maintenanceWad: requirement; sumWad: losses of all underlyings, each alone; lossInitialWad, lossMaintenanceWad: loss
    /// of all together [wad]
    struct PortfolioRequirement {
        uint256 initialWad;
        uint256 maintenanceWad;
        uint256 sumWad;
        uint256 lossInitialWad;
        uint256 lossMaintenanceWad;
    }

    /// @notice Losses of an account in each scenario, by underlying and in total.
    /// @param exposures exposures by number of the underlying
    /// @param scenarios scenarios of the rules
    function outlook(Portfolio.PortfolioExposure[] memory exposures, Shock.Scenario[] memory scenarios) internal pure returns (ScenarioLossTable memory self) {
        self.profitsWad = new int256[][](exposures.length);
        self.basisWad = new int256[](exposures.length);
        self.legs = new UnderlyingLoss[](exposures.length);
        for (uint256 i = 0; i < exposures.length; i++) enter(self, i, exposures[i], scenarios);
        self.jointWad = joint(self.profitsWad, scenarios.length);
    }

    /// @notice Enters the losses of an account in one underlying into its table, in place of those that are there.
    /// @dev the largest loss of all underlyings in one scenario remains as it is
    /// @param self scenario losses of the account
    /// @param place number of the underlying
    /// @param exposure exposure to the underlying
    /// @param scenarios scenarios of the rules
    function enter(ScenarioLossTable memory self, uint256 place, Portfolio.PortfolioExposure memory exposure, Shock.Scenario[] memory scenarios) internal pure {
        if (exposure.stake.netWad2 == 0 && exposure.terms.length == 0 && exposure.hedges.length == 0) {
            UnderlyingLoss memory none;
            (self.profitsWad[place], self.basisWad[place], self.legs[place]) = (new int256[](0), 0, none);
            return;
        }
        (self.profitsWad[place], self.basisWad[place]) = Portfolio.outcomes(exposure, scenarios);
        self.legs[place] = leg(scenarios, self.profitsWad[place], self.basisWad[place]);
    }

    /// @notice Loss of an account in one underlying, with its direction.
    /// @dev the direction is 0 where the basis loss is the larger, or there is no loss
    /// @param scenarios scenarios of the rules
    /// @param profitsWad profit in each scenario, one at least [wad]
    /// @param basisWad loss from basis moves of forwards [wad], not positive
    /// @custom:rounds the two-sidedness up, because a risk offset becomes smaller
    function leg(Shock.Scenario[] memory scenarios, int256[] memory profitsWad, int256 basisWad) internal pure returns (UnderlyingLoss memory self) {
        int256 least = 0;
        int256 move = 0;
        int256 rise = 0;
        int256 fall = 0;
        for (uint256 k = 0; k < profitsWad.length; k++) {
            int256 profit = profitsWad[k];
            if (profit >= 0) continue;
            int256 side = scenarios[k].spotShock;
            if (profit < least) (least, move) = (profit, side);
            if (side > 0 && profit < rise) rise = profit;
            if (side < 0 && profit < fall) fall = profit;
        }
        self.lossWad = Portfolio.loss(least, basisWad);
        if (self.lossWad == 0) return self;
        if (least <= basisWad) self.direction = _sign(move);
        (int256 lesser, int256 larger) = rise < fall ? (fall, rise) : (rise, fall);
        if (larger != 0) self.twoSidedWad = Fixed.mulDivUp(Fixed.abs(lesser), Fixed.WAD, Fixed.abs(larger));
    }

    /// @notice Largest loss of all underlyings in one scenario.
    /// @dev J = max(0, max over scenarios of -sum over underlyings of profit)
    /// @param profitsWad profit by underlying and scenario, none without an exposure [wad]
    /// @param scenarios count of scenarios
    function joint(int256[][] memory profitsWad, uint256 scenarios) internal pure returns (uint256) {
        int256[] memory sums = new int256[](scenarios);
        int256 least = 0;
        unchecked {
            for (uint256 i = 0; i < profitsWad.length; i++) {
                int256[] memory profits = profitsWad[i];
                for (uint256 k = 0; k < profits.length; k++) sums[k] += profits[k];
            }
            for (uint256 k = 0; k < scenarios; k++) {
                if (sums[k] < least) least = sums[k];
            }
        }
        return Fixed.abs(least);
    }

    /// @notice Sum of the losses of all underlyings.
    /// @dev U = sum of W
    /// @param legs losses by underlying
    function sum(UnderlyingLoss[] memory legs) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < legs.length; i++) total += legs[i].lossWad;
    }

    /// @notice Correlation of the losses of two underlyings.
    /// @dev min(1, alike + breakdown) where they are in one direction or either is in none; else -max(0, opposite - breakdown) * (1 - two-sidedness of
    /// the one) * (1 - that of the other); with a breakdown of 0 both are as they are
    /// @param alikeWad of losses in the same direction [wad]
    /// @param oppositeWad part of a loss that offsets one in the other direction [wad]
    /// @param a loss of the one underlying
    /// @param b loss of the other underlying
    /// @param breakdownWad size of a breakdown of correlations [wad]
    /// @custom:rounds toward plus infinity, because a risk offset becomes smaller
    function correlation(int256 alikeWad, int256 oppositeWad, UnderlyingLoss memory a, UnderlyingLoss memory b, uint256 breakdownWad)
        internal
        pure
        returns (int256)
    {
        if (a.direction * b.direction >= 0) {
            int256 raised = alikeWad + int256(breakdownWad);
            return raised > int256(Fixed.WAD) ? int256(Fixed.WAD) : raised;
        }
        int256 lowered = oppositeWad - int256(breakdownWad);
        if (lowered < 0 && breakdownWad != 0) lowered = 0;
        uint256 oneSided = (Fixed.WAD - a.twoSidedWad) * (Fixed.WAD - b.twoSidedWad);
        return Fixed.mulDivCeil(-lowered, int256(oneSided), Fixed.WAD_SQUARED);
    }

    /// @notice Loss of all underlyings, aggregated by their correlations.
    /// @dev min(U, sqrt(max(0, sum of W^2 + 2 * sum over pairs of rho * W * W))). Losses have up to 2^184 and rho 61 bits, so their product
    /// would have 429: each W is scaled to at most 120 bits first, by 1 below a sum of 1.3e18 whole units, and squares and pairs, of 240 bits,
    /// are added to at most 246; 2 * rho * W * W is one 512-bit product
    /// @param legs losses by number of the underlying
    /// @param matrix correlations
    /// @param breakdownWad size of a breakdown of correlations [wad]
    /// @custom:rounds up, because it must be held
    function combined(UnderlyingLoss[] memory legs, Matrix memory matrix, uint256 breakdownWad) internal pure returns (uint256) {
        uint256 total = sum(legs);
        uint256 scale = 1 + Fixed.mulDivDown(total, 1, MAX_LOSS);
        int256 radicand = 0;
        uint256 place = 0;
        for (uint256 j = 0; j < legs.length; j++) {
            uint256 outer = Fixed.mulDivUp(legs[j].lossWad, 1, scale);
            radicand += int256(outer * outer);
            for (uint256 i = 0; i < j; i++) {
                if (outer != 0 && legs[i].lossWad != 0) {
                    int256 rho = correlation(matrix.alike[place], matrix.opposite[place], legs[i], legs[j], breakdownWad);
                    uint256 inner = Fixed.mulDivUp(legs[i].lossWad, 1, scale);
                    radicand += Fixed.mulDivCeil(2 * rho, int256(inner * outer), Fixed.WAD);
                }
                place++;
            }
        }
        if (radicand <= 0) return 0;
        return Fixed.min(total, Fixed.sqrtUp(uint256(radicand)) * scale);
    }

    /// @notice Loss of an account after risk offsets.
    /// @dev maintenance: max(combined, J, phi * U); initial: with phi of initial, and no less than combined where correlations break down
    /// @param self scenario losses of the account
    /// @param terms terms that aggregate losses
    /// @param matrix correlations
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function loss(ScenarioLossTable memory self, LossTerms memory terms, Matrix memory matrix, Level level) internal pure returns (uint256) {
        uint256 phi = level == Level.Initial ? terms.phiInitial : terms.phiMaintenance;
        uint256 least = Fixed.max(self.jointWad, Fixed.mulDivUp(sum(self.legs), phi, Fixed.WAD));
        uint256 found = Fixed.max(least, combined(self.legs, matrix, 0));
        if (level == Level.Maintenance) return found;
        return Fixed.max(found, combined(self.legs, matrix, terms.breakdown));
    }

    /// @notice Part of the loss that is required.
    /// @dev lossMaintenance, or lossInitial + max(0, pegThreshold - price) * pegFactor
    /// @param terms terms that aggregate losses
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function lossFactor(LossTerms memory terms, uint256 quoteWad, Level level) internal pure returns (uint256) {
        if (level == Level.Maintenance) return terms.lossMaintenance;
        if (quoteWad >= terms.pegThreshold) return terms.lossInitial;
        return terms.lossInitial + Fixed.mulDivUp(terms.pegThreshold - quoteWad, terms.pegFactor, Fixed.WAD);
    }

    /// @notice Portfolio margin requirement of an account.
    /// @dev factor * loss + sum over underlyings of contingencies
    /// @param exposures exposures by number of the underlying
    /// @param lossWad loss of the account after risk offsets [wad]
    /// @param terms terms that aggregate losses
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function requirement(
        Portfolio.PortfolioExposure[] memory exposures,
        uint256 lossWad,
        LossTerms memory terms,
        uint256 quoteWad,
        Level level
    ) internal pure returns (uint256 total) {
        total = Fixed.mulDivUp(lossWad, lossFactor(terms, quoteWad, level), Fixed.WAD);
        for (uint256 i = 0; i < exposures.length; i++) total += Portfolio.contingency(exposures[i], level);
    }

    /// @notice Validates the terms that aggregate losses.
    /// @dev the initial requirement is no less than the maintenance requirement
    /// @param terms terms that aggregate losses
    /// @custom:reverts ParameterOutOfRange
    function requireValid(LossTerms memory terms) internal pure {
        Market.requireWithin("breakdown", terms.breakdown, 0, 2 * Fixed.WAD);
        Market.requireWithin("phiInitial", terms.phiInitial, 0, Fixed.WAD);
        Market.requireWithin("phiMaintenance", terms.phiMaintenance, 0, terms.phiInitial);
        Market.requireWithin("lossInitial", terms.lossInitial, 0, 10 * Fixed.WAD);
        Market.requireWithin("lossMaintenance", terms.lossMaintenance, 0, terms.lossInitial);
        Market.requireWithin("pegThreshold", terms.pegThreshold, 0, Fixed.WAD);
        Market.requireWithin("pegFactor", terms.pegFactor, 0, 10 * Fixed.WAD);
    }

    /// @notice Validates the correlations.
    /// @dev each range bounds the magnitude
    /// @param matrix correlations
    /// @custom:reverts ParameterOutOfRange
    function requireMatrix(Matrix memory matrix) internal pure {
        Market.requireWithin("alike", matrix.alike.length, MAX_PAIRS, MAX_PAIRS);
        Market.requireWithin("opposite", matrix.opposite.length, MAX_PAIRS, MAX_PAIRS);
        for (uint256 i = 0; i < MAX_PAIRS; i++) {
            Market.requireWithin("alike", Fixed.abs(matrix.alike[i]), 0, Fixed.WAD);
            Market.requireWithin("opposite", Fixed.abs(matrix.opposite[i]), 0, Fixed.WAD);
        }
    }

    /// @notice Sign of a number.
    /// @param a number [any]
    function _sign(int256 a) private pure returns (int256) {
        return a == 0 ? int256(0) : a < 0 ? -1 : int256(1);
    }
}
