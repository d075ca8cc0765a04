// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Caps} from "./Caps.sol";
import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Ledger} from "./Ledger.sol";
import {Liquidation} from "./Liquidation.sol";
import {Market} from "./Market.sol";
import {Ruleset} from "./Ruleset.sol";
import {Oracle} from "./Oracle.sol";
import {Portfolio} from "./Portfolio.sol";

/// @notice Every parameter in force, in one view.
library Parameters {
    /// @notice Parameters of an underlying.
    /// @dev name: in the notation of traders; options, portfolio: all zero where there are none
    struct UnderlyingParameters {
        bytes32 name;
        Market.MarketRisk risk;
        Market.OptionRisk options;
        Oracle.PriceGuard guard;
        Portfolio.PortfolioRisk portfolio;
    }

    /// @notice Parameters of a collateral token.
    /// @dev underlying: number of the underlying whose index price values it
    struct CollateralParameters {
        address token;
        uint256 decimals;
        uint256 underlying;
        Collateral.HaircutTerms terms;
    }

    /// @notice Every parameter in force.
    /// @dev quote: token of the cash; decimals: of it; delaySecs: from announcing a change to its taking effect
    struct ParameterSet {
        address quote;
        uint256 decimals;
        uint256 delaySecs;
        Liquidation.AuctionTerms auction;
        Cash.Interest interest;
        Cash.DepegTerms depeg;
        UnderlyingParameters[] underlyings;
        CollateralParameters[] collaterals;
        Ruleset.Rules rules;
        Caps.Limits caps;
    }

    /// @notice Every parameter in force.
    /// @param self ledger
    /// @param delaySecs time from announcing a change to its taking effect [seconds]
    function sheet(Ledger.State storage self, uint256 delaySecs) internal view returns (ParameterSet memory all) {
        all.quote = self.cash.token;
        all.decimals = self.cash.decimals;
        all.delaySecs = delaySecs;
        all.auction = self.terms;
        all.interest = self.cash.interest;
        all.depeg = self.cash.terms;
        Ruleset.ModelParameters memory model = Ruleset.read(self.model.data);
        all.underlyings = new UnderlyingParameters[](self.risks.length);
        for (uint256 i = 0; i < all.underlyings.length; i++) {
            all.underlyings[i] =
                UnderlyingParameters(self.names[i], self.risks[i], self.optionRisks[i], self.guards[i], Ruleset.riskOf(model, i));
        }
        all.collaterals = new CollateralParameters[](self.assets.length);
        for (uint256 i = 0; i < all.collaterals.length; i++) {
            Collateral.Asset storage asset = self.assets[i];
            all.collaterals[i] = CollateralParameters(asset.token, asset.decimals, asset.underlying, asset.terms);
        }
        all.rules = model.rules;
        all.caps = Caps.limitsOf(self.caps, self.assets.length, self.risks.length);
    }
}
