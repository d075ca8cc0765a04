// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Every refusal of the vault, by the state of the world that caused it.
library Errors {
    // numbers

    /// @notice A product divided by a third number does not fit 256 bits, or the divisor is zero (raised by Solady).
    error FullMulDivFailed();
    /// @notice An exponential does not fit a signed 256-bit number (raised by Solady).
    error ExpOverflow();
    /// @notice A number that is not above zero, or does not fit a signed one, has no logarithm (raised by Solady).
    error LnWadUndefined();
    /// @notice A magnitude does not fit a signed 256-bit number.
    error MagnitudeTooLarge(uint256 magnitude);

    // bounds at the door

    /// @notice An amount is zero where something must move.
    error ZeroAmount();
    /// @notice A size is zero where a position must change.
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
    /// @notice An account would hold more positions than allowed.
    error TooManyPositions(uint256 count, uint256 cap);
    /// @notice An account in portfolio mode would hold more options than allowed.
    error TooManyOptions(uint256 count, uint256 cap);
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

    /// @notice A call of a batch is of no door that may be batched.
    error NotBatchable(uint256 place);

    // authority and governance

    /// @notice The sender is not the owner of the vault.
    error NotOwner(address sender);
    /// @notice The sender was not offered the ownership of the vault.
    error NotPendingOwner(address sender);
    /// @notice The sender is neither the guardian nor the owner.
    error NotGuardian(address sender);
    /// @notice The sender may not publish prices.
    error NotFeeder(address sender);
    /// @notice The sender is neither the owner nor an operator of the account.
    error NotAuthorized(AccountId account, address sender);
    /// @notice The vault is paused.
    error VaultPaused();
    /// @notice No such change was scheduled.
    error NotScheduled();
    /// @notice A scheduled change may not take effect yet.
    error TooEarly(uint256 nowAt, uint256 effectiveAt);

    // prices

    /// @notice A price is older than its heartbeat: the index where the expiry is 0, else the forward or the surface of it.
    error StalePrice(uint256 underlying, uint256 expiry, uint256 publishedAt, uint256 heartbeatSecs);
    /// @notice A price claims to be from the future.
    error PriceFromFuture(uint256 publishedAt, uint256 nowAt);
    /// @notice A price is older than the one it would replace.
    error PriceGoesBackwards(uint256 publishedAt, uint256 lastAt);
    /// @notice A trade's price is too far from the mark.
    error PriceOutsideBand(uint256 priceWad, uint256 lowWad, uint256 highWad);

    // money

    /// @notice An account holds less than it must.
    error InsufficientMargin(AccountId account, int256 adjustedEquityWad, uint256 requirementWad);
    /// @notice An account holds less of a collateral than is asked of it.
    error InsufficientCollateral(uint256 balanceRaw, uint256 amountRaw);
    /// @notice The vault holds less of a token than is asked of it.
    error InsufficientLiquidity(uint256 heldRaw, uint256 amountRaw);
    /// @notice A token moved another amount than it was asked to.
    error TransferMismatch(uint256 expectedRaw, uint256 movedRaw);
    /// @notice Both sides of a transaction are the same account.
    error SameAccount(AccountId account);

    // liquidation

    /// @notice The account is being liquidated.
    error UnderLiquidation(AccountId account);
    /// @notice The account is not being liquidated.
    error NotUnderLiquidation(AccountId account);
    /// @notice The account holds what it must.
    error NotLiquidatable(AccountId account, int256 marginWad);
    /// @notice The account still holds less than it must.
    error StillLiquidatable(AccountId account, int256 marginWad);
    /// @notice The owner of an account may not buy it below its value.
    error OwnBid(AccountId account, AccountId bidder);
    /// @notice A bid costs more than the bidder's limit.
    error BidTooDear(int256 costWad, int256 limitWad);
    /// @notice The auction of a solvent account goes on.
    error AuctionSolvent(int256 valueWad, uint256 discountWad);
    /// @notice The auction of a solvent account has run out of value.
    error AuctionInsolvent(int256 valueWad, uint256 discountWad);
    /// @notice The insurance fund holds less than is asked of it.
    error InsuranceExhausted(uint256 insuranceWad, uint256 neededWad);
    /// @notice Open deficits are larger than the insurance fund.
    error DeficitOpen(uint256 deficitWad, uint256 insuranceWad);
}
