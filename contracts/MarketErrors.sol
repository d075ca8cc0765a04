// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Every refusal because of what is listed, expired or settled.
library MarketErrors {
    /// @notice More underlyings would be listed than allowed.
    error TooManyUnderlyings(uint256 count, uint256 cap);
    /// @notice More collaterals would be listed than allowed.
    error TooManyCollaterals(uint256 count, uint256 cap);
    /// @notice A token has more decimals than allowed.
    error TooManyDecimals(uint256 decimals, uint256 cap);
    /// @notice No underlying has this number.
    error UnknownUnderlying(uint256 underlying);
    /// @notice No collateral has this number.
    error UnknownCollateral(uint256 collateral);
    /// @notice No instrument has this number.
    error UnknownInstrument(uint256 instrument);
    /// @notice More expiries of an underlying would be open than allowed.
    error TooManyExpiries(uint256 count, uint256 cap);
    /// @notice No instrument of the underlying ends then.
    error UnknownExpiry(uint256 underlying, uint256 expiry);
    /// @notice An expiry is listed already.
    error ExpiryListed(uint256 underlying, uint256 expiry);
    /// @notice An expiry is too near or too far to be listed.
    error ExpiryOutOfRange(uint256 expiry, uint256 lowAt, uint256 highAt);
    /// @notice An instrument has ended.
    error InstrumentExpired(uint256 instrument, uint256 expiry, uint256 nowAt);
    /// @notice It is not known yet what an expiry settles at.
    error NotSettled(uint256 underlying, uint256 expiry);
    /// @notice A token is listed already.
    error TokenListed(address token);
}
