// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";

/// @notice Refusals of liquidations, auctions and the insurance fund.
library LiquidationErrors {
    /// @notice The account is in liquidation.
    error UnderLiquidation(AccountId account);
    /// @notice An outage has ended, and until the end of the grace time no solvent account that it kept from being sold is.
    error OutageGrace(AccountId account, uint256 untilAt);
    /// @notice The account is not in liquidation.
    error NotUnderLiquidation(AccountId account);
    /// @notice The account meets its maintenance margin requirement, or in an auction its buffer margin.
    error NotLiquidatable(AccountId account, int256 marginWad);
    /// @notice The buffer margin of the account is still negative.
    error StillLiquidatable(AccountId account, int256 marginWad);
    /// @notice The owner of an account, its operators and their accounts may not buy it below its value.
    error OwnBid(AccountId account, AccountId bidder);
    /// @notice The cost of a bid is above the bidder's limit.
    error BidTooDear(int256 costWad, int256 limitWad);
    /// @notice The auction of a solvent account has value left.
    error AuctionSolvent(int256 valueWad, uint256 discountWad);
    /// @notice The auction of a solvent account has run out of value.
    error AuctionInsolvent(int256 valueWad, uint256 discountWad);
    /// @notice The insurance fund holds less than it needs to pay.
    error InsuranceExhausted(uint256 insuranceWad, uint256 neededWad);
    /// @notice Open deficits are larger than the insurance fund.
    error DeficitOpen(uint256 deficitWad, uint256 insuranceWad);
}
