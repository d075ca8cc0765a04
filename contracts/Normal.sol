// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "./Exp.sol";
import {Fixed} from "./Fixed.sol";

/// @notice The standard normal distribution, by the rational approximations of W. J. Cody.
/// @dev Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969) 631-637, with the coefficients of ANORM in
/// Algorithm 715, ACM Trans. Math. Softw. 19 (1993) 22-32. They are evaluated in rays, so that a wad keeps all its digits: their
/// arguments are below 2^93 and their values below 2^115, so that no product has more than 205 bits.
library Normal {
    /// @dev up to here the distribution is approximated about its centre [wad]
    uint256 private constant CENTRE = 0.66291e18;
    /// @dev from here on the tail is approximated by a series in 1/x^2 [wad]; sqrt(32)
    uint256 private constant FAR = 5.656854249492380195e18;
    /// @dev from here on the density is below half a wei [wad]
    uint256 private constant END = 10e18;
    /// @dev 1 / sqrt(2 pi) [ray]
    uint256 private constant PEAK = 398942280401432677939946059;
    /// @dev sqrt(2 pi) [wad]
    uint256 private constant BREADTH = 2_506628274631000502;

    /// @notice Cumulative distribution.
    /// @dev the integral of pdf up to x; cdf(0) = 1/2 and cdf(x) + cdf(-x) = 1 exactly; |error| <= 2e-18
    /// @param xWad distance from the mean in deviations [wad]
    function cdf(int256 xWad) internal pure returns (uint256) {
        uint256 tail = _tail(Fixed.abs(xWad));
        return xWad < 0 ? tail : Fixed.WAD - tail;
    }

    /// @notice Density.
    /// @dev e^(-x^2 / 2) / sqrt(2 pi); |error| <= 2e-18
    /// @param xWad distance from the mean in deviations [wad]
    /// @custom:rounds down, because a density that has no wei left is none
    function pdf(int256 xWad) internal pure returns (uint256) {
        return Fixed.mulDivDown256(_bell(Fixed.abs(xWad)), PEAK, Fixed.RAY);
    }

    /// @notice Mills' ratio: the tail beyond a distance over the density there.
    /// @dev cdf(-x) / pdf(x); as small as 1/x where both of them have no wei left; |error| <= 8e-18
    /// @param xWad distance from the mean in deviations [wad]
    /// @custom:rounds down, because its product with a density may not exceed the tail
    function mills(uint256 xWad) internal pure returns (uint256) {
        if (xWad > CENTRE) return Fixed.mulDivDown256(_ratio(xWad), BREADTH, Fixed.RAY);
        return Fixed.mulDivDown256(_centreTail(xWad), Fixed.WAD, pdf(int256(xWad)));
    }

    /// @notice Normalised time value of an option: the probability to end in the money less the price paid for it.
    /// @dev max(0, cdf(a) - pdf(a) * mills(s - a)), to the wei; both of a share one exponential
    /// @param a distance of the option into the money, in deviations [wad], at most s
    /// @param s deviation [wad]
    /// @custom:rounds down, because both sides share one mark
    function reach(int256 a, uint256 s) internal pure returns (uint256) {
        unchecked {
            uint256 distance = Fixed.abs(a);
            uint256 bell = distance < END ? Exp.exp(-int256(Fixed.mulDivDown256(distance, distance, 2e18))) : 0;
            if (bell == 0) return a < 0 ? 0 : Fixed.WAD;
            uint256 received =
                distance > CENTRE ? Fixed.mulDivDown256(bell, _ratio(distance), Fixed.RAY) : _centreTail(distance);
            if (a > 0) received = Fixed.WAD - received;
            uint256 density = Fixed.mulDivDown256(bell, PEAK, Fixed.RAY);
            uint256 beyond = uint256(int256(s) - a);
            uint256 paidPerDensity = beyond > CENTRE
                ? Fixed.mulDivDown256(_ratio(beyond), BREADTH, Fixed.RAY)
                : Fixed.mulDivDown256(_centreTail(beyond), Fixed.WAD, pdf(int256(beyond)));
            uint256 paid = Fixed.mulDivDown256(density, paidPerDensity, Fixed.WAD);
            return paid < received ? received - paid : 0;
        }
    }

    /// @notice Tail beyond a distance.
    /// @dev cdf(-x); near the centre 1/2 - x * p(x^2) / q(x^2), else bell(x) * ratio(x)
    /// @param xWad distance from the mean in deviations [wad]
    /// @custom:rounds down, because the tail vanishes far out
    function _tail(uint256 xWad) private pure returns (uint256) {
        if (xWad > CENTRE) return Fixed.mulDivDown256(_bell(xWad), _ratio(xWad), Fixed.RAY);
        return _centreTail(xWad);
    }

    /// @notice Tail beyond a distance near the centre.
    /// @dev cdf(-x) = 1/2 - x * p(x^2) / q(x^2)
    /// @param xWad distance from the mean in deviations [wad], at most the centre
    /// @custom:rounds up, because all of it is 1/2 at 0
    function _centreTail(uint256 xWad) private pure returns (uint256) {
        unchecked {
            uint256 square = Fixed.mulDivDown256(xWad, xWad, 1e9); // a product of two wads over 1e9 is a ray
            uint256 p = Fixed.horner(65682337918207449113000000, square, 2_235252035460683928700000000);
            p = Fixed.horner(p, square, 161_028231068555878810000000000);
            p = Fixed.horner(p, square, 1067_689485460370958200000000000);
            p = Fixed.horner(p, square, 18154_981253343561249000000000000);
            uint256 q = square + 47_202581904688241870000000000;
            q = Fixed.horner(q, square, 976_098551737776693220000000000);
            q = Fixed.horner(q, square, 10260_932208618978205000000000000);
            q = Fixed.horner(q, square, 45507_789335026729956000000000000);
            return 0.5e18 - Fixed.mulDivDown256(xWad, p, q);
        }
    }

    /// @notice Density over its peak.
    /// @dev e^(-x^2 / 2)
    /// @param xWad distance from the mean in deviations [wad]
    /// @custom:rounds the exponent down, because it is positive before its sign
    function _bell(uint256 xWad) private pure returns (uint256) {
        if (xWad >= END) return 0;
        unchecked {
            return Exp.exp(-int256(Fixed.mulDivDown256(xWad, xWad, 2e18)));
        }
    }

    /// @notice Tail beyond a distance, over the bell there.
    /// @dev cdf(-x) / e^(-x^2 / 2) [ray]; p(x) / q(x), and far out (1 / sqrt(2 pi) - y * p(y) / q(y)) / x with y = 1 / x^2
    /// @param xWad distance from the mean in deviations [wad], above the centre
    /// @custom:rounds down, because the tail vanishes far out
    function _ratio(uint256 xWad) private pure returns (uint256) {
        unchecked {
            if (xWad > FAR) return _farRatio(xWad);
            uint256 x = xWad * 1e9;
            uint256 p = Fixed.horner(10765576773720192317, x, 398941512088134667640000000);
            p = Fixed.horner(p, x, 8_883149794388375941200000000);
            p = Fixed.horner(p, x, 93_506656132177855979000000000);
            p = Fixed.horner(p, x, 597_270276394800262260000000000);
            p = Fixed.horner(p, x, 2494_537585290372671100000000000);
            p = Fixed.horner(p, x, 6848_190450536282332600000000000);
            p = Fixed.horner(p, x, 11602_651437647350124000000000000);
            p = Fixed.horner(p, x, 9842_714838383978021800000000000);
            uint256 q = x + 22_266688044328115691000000000;
            q = Fixed.horner(q, x, 235_387901782624998610000000000);
            q = Fixed.horner(q, x, 1519_377599407554805000000000000);
            q = Fixed.horner(q, x, 6485_558298266760755000000000000);
            q = Fixed.horner(q, x, 18615_571640885098091000000000000);
            q = Fixed.horner(q, x, 34900_952721145977266000000000000);
            q = Fixed.horner(q, x, 38912_003286093271411000000000000);
            q = Fixed.horner(q, x, 19685_429676859990727000000000000);
            return Fixed.mulDivDown256(p, Fixed.RAY, q);
        }
    }

    /// @notice Tail beyond a far distance, over the bell there.
    /// @dev (1 / sqrt(2 pi) - y * p(y) / q(y)) / x with y = 1 / x^2 [ray]
    /// @param xWad distance from the mean in deviations [wad], at least sqrt(32)
    /// @custom:rounds down, because the tail vanishes far out
    function _farRatio(uint256 xWad) private pure returns (uint256) {
        unchecked {
            uint256 inverse = Fixed.mulDivDown256(Fixed.RAY, Fixed.WAD, xWad);
            uint256 y = Fixed.mulDivDown256(inverse, inverse, Fixed.RAY);
            uint256 p = Fixed.horner(23073441764940173030000000, y, 215898534057956990000000000);
            p = Fixed.horner(p, y, 127401161160247363900000000);
            p = Fixed.horner(p, y, 22235277870649807000000000);
            p = Fixed.horner(p, y, 1421619193227893466000000);
            p = Fixed.horner(p, y, 29112874951168792000000);
            uint256 q = y + 1_284260096144911210000000000;
            q = Fixed.horner(q, y, 468238212480865118000000000);
            q = Fixed.horner(q, y, 65988137868928551500000000);
            q = Fixed.horner(q, y, 3782396332027582440000000);
            q = Fixed.horner(q, y, 72975155508396620500000);
            return Fixed.mulDivDown256(PEAK - Fixed.mulDivDown256(y, p, q), Fixed.WAD, xWad);
        }
    }
}
