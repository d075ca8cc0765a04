// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Ledger} from "./Ledger.sol";
import {Liquidation} from "./Liquidation.sol";
import {Market} from "./Market.sol";
import {Oracle} from "./Oracle.sol";
import {Portfolio} from "./Portfolio.sol";
import {Stress} from "./Stress.sol";

/// @notice Every parameter in force, in one call.
library Parameters {
    /// @notice What is asked of an underlying.
    /// @dev name as traders write it; options, portfolio: all zero where there are none
    struct UnderlyingParameters {
        bytes32 name;
        Market.MarketRisk risk;
        Market.OptionRisk options;
        Oracle.PriceGuard guard;
        Portfolio.PortfolioRisk portfolio;
    }

    /// @notice What a token counts for.
    /// @dev underlying: number of what prices it
    struct CollateralParameters {
        address token;
        uint256 decimals;
        uint256 underlying;
        Collateral.HaircutTerms terms;
    }

    /// @notice Every parameter in force.
    /// @dev quote: the token that cash is in; decimals: of it; delaySecs: between announcing a change and its taking effect
    struct ParameterSet {
        address quote;
        uint256 decimals;
        uint256 delaySecs;
        Liquidation.AuctionTerms auction;
        Cash.Interest interest;
        Cash.DepegTerms depeg;
        UnderlyingParameters[] underlyings;
        CollateralParameters[] collaterals;
        Stress.Rules rules;
    }

    /// @notice Every parameter in force.
    /// @param self ledger
    /// @param delaySecs what lies between announcing a change and its taking effect [seconds]
    function sheet(Ledger.State storage self, uint256 delaySecs) internal view returns (ParameterSet memory all) {
        all.quote = self.cash.token;
        all.decimals = self.cash.decimals;
        all.delaySecs = delaySecs;
        all.auction = self.terms;
        all.interest = self.cash.interest;
        all.depeg = self.cash.terms;
        all.underlyings = new UnderlyingParameters[](self.risks.length);
        for (uint256 i = 0; i < all.underlyings.length; i++) {
            all.underlyings[i] =
                UnderlyingParameters(self.names[i], self.risks[i], self.optionRisks[i], self.guards[i], self.portfolioRisks[i]);
        }
        all.collaterals = new CollateralParameters[](self.assets.length);
        for (uint256 i = 0; i < all.collaterals.length; i++) {
            Collateral.Asset storage asset = self.assets[i];
            all.collaterals[i] = CollateralParameters(asset.token, asset.decimals, asset.underlying, asset.terms);
        }
        all.rules = self.rules;
    }
}
