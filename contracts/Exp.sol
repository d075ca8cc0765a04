// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @notice Exponential and natural logarithm: the integers of Solady.
library Exp {
    /// @notice Exponential function.
    /// @dev e^x, by a rational approximation of degree (6, 7) after taking powers of two out; 0 where it is less than a wei;
    /// |error| <= 1 wei and 3e-20 of it
    /// @param xWad exponent [wad], below 135.3059
    /// @custom:reverts ExpOverflow
    function exp(int256 xWad) internal pure returns (uint256) {
        return uint256(FixedPointMathLib.expWad(xWad));
    }

    /// @notice Natural logarithm.
    /// @dev ln(x), by a rational approximation of degree (8, 8) after taking powers of two out; |error| <= 2e-18
    /// @param xWad number [wad], above 0 and below 2^255
    /// @custom:reverts LnWadUndefined
    function ln(uint256 xWad) internal pure returns (int256) {
        return FixedPointMathLib.lnWad(int256(xWad));
    }
}
