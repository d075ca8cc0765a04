// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Refusals of numbers: results that do not fit, and inputs outside their bounds.
library NumberErrors {
    /// @notice A product divided by a third number does not fit 256 bits, or the divisor is zero (raised by Solady).
    error FullMulDivFailed();
    /// @notice An exponential does not fit a signed 256-bit number (raised by Solady).
    error ExpOverflow();
    /// @notice A number that is not above zero, or does not fit a signed one, has no logarithm (raised by Solady).
    error LnWadUndefined();
    /// @notice A magnitude does not fit a signed 256-bit number.
    error MagnitudeTooLarge(uint256 magnitude);
    /// @notice The amount of a transfer is zero.
    error ZeroAmount();
    /// @notice The size of a trade or order is zero.
    error ZeroSize();
    /// @notice A price is zero.
    error ZeroPrice();
    /// @notice An amount is above the cap of all amounts.
    error AmountTooLarge(uint256 amountWad, uint256 capWad);
    /// @notice A position would be larger than the cap of all sizes.
    error SizeTooLarge(uint256 sizeWad, uint256 capWad);
    /// @notice A price is above the cap of all prices.
    error PriceTooLarge(uint256 priceWad, uint256 capWad);
    /// @notice A confidence is above one.
    error ConfidenceTooLarge(uint256 confidenceWad, uint256 capWad);
    /// @notice A fraction is zero or above one.
    error FractionOutOfRange(uint256 fractionWad, uint256 capWad);
    /// @notice A parameter is outside its range.
    error ParameterOutOfRange(bytes32 name, uint256 value, uint256 low, uint256 high);
}
