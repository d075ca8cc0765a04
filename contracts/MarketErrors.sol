// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Refusals by the listing, expiry and settlement of underlyings, collaterals and instruments.
library MarketErrors {
    /// @notice An underlying would exceed the cap of listed underlyings.
    error TooManyUnderlyings(uint256 count, uint256 cap);
    /// @notice A collateral would exceed the cap of listed collaterals.
    error TooManyCollaterals(uint256 count, uint256 cap);
    /// @notice The decimals of a token are above their cap.
    error TooManyDecimals(uint256 decimals, uint256 cap);
    /// @notice No underlying has this number.
    error UnknownUnderlying(uint256 underlying);
    /// @notice No collateral has this number.
    error UnknownCollateral(uint256 collateral);
    /// @notice No instrument has this number.
    error UnknownInstrument(uint256 instrument);
    /// @notice An expiry would exceed the cap of open expiries of an underlying.
    error TooManyExpiries(uint256 count, uint256 cap);
    /// @notice The underlying has no such expiry.
    error UnknownExpiry(uint256 underlying, uint256 expiry);
    /// @notice An expiry is listed already.
    error ExpiryListed(uint256 underlying, uint256 expiry);
    /// @notice An expiry is outside the range of listable times.
    error ExpiryOutOfRange(uint256 expiry, uint256 lowAt, uint256 highAt);
    /// @notice The instrument has expired.
    error InstrumentExpired(uint256 instrument, uint256 expiry, uint256 nowAt);
    /// @notice The expiry has no settlement price yet.
    error NotSettled(uint256 underlying, uint256 expiry);
    /// @notice A token is listed already.
    error TokenListed(address token);
    /// @notice No cap of the vault has this name.
    error UnknownCap(bytes32 what);
    /// @notice An amount of the whole vault would exceed its cap.
    error CapExceeded(bytes32 what, uint256 number, uint256 amount, uint256 cap);
}
