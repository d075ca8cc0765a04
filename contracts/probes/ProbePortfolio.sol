// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Portfolio} from "../Portfolio.sol";
import {Shock} from "../Shock.sol";
import {Level} from "../Standard.sol";

/// @notice Exposes the functions of Portfolio.
contract ProbePortfolio {
    function isModelled(Portfolio.PortfolioRisk memory risk) external pure returns (bool) {
        return Portfolio.isModelled(risk);
    }

    function add(Portfolio.Stake memory self, int256 size, uint256 priceWad) external pure returns (Portfolio.Stake memory) {
        Portfolio.add(self, size, priceWad);
        return self;
    }

    function outcomes(Portfolio.PortfolioExposure memory self, Shock.Scenario[] memory scenarios)
        external
        pure
        returns (int256[] memory, int256)
    {
        return Portfolio.outcomes(self, scenarios);
    }

    function ready(Portfolio.ExpiryHoldings memory term, Portfolio.PortfolioRisk memory risk) external pure returns (Portfolio.PricedExpiry memory) {
        return Portfolio.ready(term, risk);
    }

    function shocked(Portfolio.PricedExpiry memory self, int256 spotShock, uint256 mode) external pure returns (int256) {
        return Portfolio.shocked(self, spotShock, mode);
    }

    function basis(Portfolio.PricedExpiry memory self, Portfolio.BasisRisk memory risk) external pure returns (int256) {
        return Portfolio.basis(self, risk);
    }

    function worst(int256[] memory profitsWad) external pure returns (uint256) {
        return Portfolio.worst(profitsWad);
    }

    function loss(int256 leastWad, int256 basisWad) external pure returns (uint256) {
        return Portfolio.loss(leastWad, basisWad);
    }

    function contingency(Portfolio.PortfolioExposure memory self, Level level) external pure returns (uint256) {
        return Portfolio.contingency(self, level);
    }

    function perpContingency(Portfolio.PortfolioExposure memory self, Level level) external pure returns (uint256) {
        return Portfolio.perpContingency(self, level);
    }

    function optionContingency(Portfolio.PortfolioExposure memory self, Portfolio.ExpiryHoldings memory term, Level level)
        external
        pure
        returns (uint256)
    {
        return Portfolio.optionContingency(self, term, level);
    }

    function naked(Portfolio.ExpiryOption[] memory lines) external pure returns (uint256) {
        return Portfolio.naked(lines);
    }

    function hedgeContingency(Portfolio.Contingency memory risk, Portfolio.Hedge memory hedge, Level level)
        external
        pure
        returns (uint256)
    {
        return Portfolio.hedgeContingency(risk, hedge, level);
    }

    function doubt(Portfolio.PortfolioExposure memory self, Level level) external pure returns (uint256) {
        return Portfolio.doubt(self, level);
    }

    function doubtRate(Portfolio.Contingency memory risk, uint256 confidenceWad) external pure returns (uint256) {
        return Portfolio.doubtRate(risk, confidenceWad);
    }

    function requireValid(Portfolio.PortfolioRisk memory risk) external pure {
        Portfolio.requireValid(risk);
    }
}
