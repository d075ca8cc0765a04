// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Every refusal of a liquidation, an auction or the insurance fund.
library LiquidationErrors {
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
