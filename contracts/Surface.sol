// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "./Exp.sol";
import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {Option} from "./Option.sol";

/// @notice Implied vol of one expiry over all strikes, as five numbers that a feeder publishes.
/// @dev the raw form of J. Gatheral, A parsimonious arbitrage-free implied volatility parameterization (2004)
library Surface {
    /// @dev the largest level of total variance that passes a door [wad]: 5,000 % vol for 400 years
    uint256 internal constant MAX_VARIANCE = 1e24;
    /// @dev the widest shift and smoothing of log-strikes that pass a door [wad]; prices are less than 67 apart
    uint256 internal constant MAX_WIDTH = 200e18;
    /// @dev the longest time to expiry that passes a door [seconds]
    uint256 internal constant MAX_SECS = 2 ** 40;

    /// @notice Total variance over the logarithm of the strike, as fitted.
    /// @dev a: level, b: slope, rho: skew, m: shift, sigma: smoothing [wad]; refSecs: time to expiry then [seconds]; refForward: forward
    /// then [wad]
    struct Svi {
        int96 a;
        uint96 b;
        int64 rho;
        int96 m;
        uint96 sigma;
        uint64 refSecs;
        uint96 refForward;
    }

    /// @notice Base that a guard measures a surface from, and the surface that waits for a second print.
    /// @dev base: surface at the start of its window; baseAt: since when, waitingAt: time of its print, 0 = none [unix seconds]
    struct Watch {
        Svi base;
        uint64 baseAt;
        Svi waiting;
        uint64 waitingAt;
    }

    /// @notice Implied vol of a strike, per root of a year.
    /// @dev sqrt(w / T) with w = a + b * (rho * (k - m) + sqrt((k - m)^2 + sigma^2)), at least 0, k = ln(K / F_ref) and T = refSecs / YEAR.
    /// The error of w is within 1e-17. Within the ranges below |k - m| is at most 267, so w is below 1.0013e6 and vol below 6e24 wei: no
    /// product outside mulDiv has more than 137 bits
    /// @param self surface, valid
    /// @param strikeWad strike [wad]; below the smallest price it counts as that
    /// @custom:rounds down, because both sides share one mark
    function vol(Svi memory self, uint256 strikeWad) internal pure returns (uint256) {
        int256 shifted = Exp.ln(Fixed.max(strikeWad, 1)) - Exp.ln(self.refForward) - self.m;
        uint256 distance = Fixed.abs(shifted);
        uint256 smooth = Fixed.sqrtDown(distance * distance + uint256(self.sigma) * self.sigma);
        int256 wing = Fixed.mulDivFloor(self.rho, shifted, Fixed.WAD) + int256(smooth);
        int256 variance = self.a + Fixed.mulDivFloor(int256(uint256(self.b)), wing, Fixed.WAD);
        if (variance <= 0) return 0;
        return Fixed.sqrtDown(Fixed.mulDivDown(uint256(variance), Fixed.WAD * Option.YEAR, self.refSecs));
    }

    /// @notice Slope of a wing of total variance over the logarithm of the strike, per year.
    /// @dev b * (1 + rho) / T for strikes above, b * (1 - rho) / T below, T = refSecs / YEAR; b < 2^96, so the product is below 2^182
    /// @param self surface, valid
    /// @param isAbove wing of high strikes, or of low ones
    /// @custom:rounds down, because it is compared
    function slope(Svi memory self, bool isAbove) internal pure returns (uint256) {
        uint256 skew = Fixed.abs(self.rho);
        uint256 part = (self.rho < 0) == isAbove ? Fixed.WAD - skew : Fixed.WAD + skew;
        return Fixed.mulDivDown(self.b * part, Option.YEAR, Fixed.WAD * self.refSecs);
    }

    /// @notice Validates a surface.
    /// @dev b * (1 + |rho|) <= 2, as no wing of total variance is steeper (R. Lee, The moment formula for implied volatility at extreme
    /// strikes, Math. Finance 14 (2004) 469-480); a >= -b * sigma * sqrt(1 - rho^2), as that is how deep total variance dips below a. A
    /// range is one of the magnitude where a number has a sign
    /// @param self surface
    /// @custom:rounds both bounds down, because a refused surface may be published again
    /// @custom:reverts ParameterOutOfRange
    function requireValid(Svi memory self) internal pure {
        uint256 skew = Fixed.abs(self.rho);
        Market.requireWithin("rho", skew, 0, Fixed.WAD);
        Market.requireWithin("b", self.b, 0, Fixed.mulDivDown(2 * Fixed.WAD, Fixed.WAD, Fixed.WAD + skew));
        Market.requireWithin("m", Fixed.abs(self.m), 0, MAX_WIDTH);
        Market.requireWithin("sigma", self.sigma, 0, MAX_WIDTH);
        uint256 depth = Fixed.sqrtDown(Fixed.WAD_SQUARED - skew * skew);
        uint256 dip = Fixed.mulDivDown(uint256(self.b) * self.sigma, depth, Fixed.WAD_SQUARED);
        Market.requireWithin("a", Fixed.abs(self.a), 0, self.a < 0 ? dip : MAX_VARIANCE);
        Market.requireWithin("refSecs", self.refSecs, 1, MAX_SECS);
        Market.requireWithin("refForward", self.refForward, 1, Fixed.CAP);
    }
}
