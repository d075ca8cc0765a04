// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "../Correlation.sol";
import {Portfolio} from "../Portfolio.sol";
import {Shock} from "../Shock.sol";
import {Level} from "../Standard.sol";

/// @notice Exposes the functions of Correlation.
contract ProbeCorrelation {
    function outlook(Portfolio.PortfolioExposure[] memory exposures, Shock.Scenario[] memory scenarios)
        external
        pure
        returns (Correlation.ScenarioLossTable memory)
    {
        return Correlation.outlook(exposures, scenarios);
    }

    function enter(
        Correlation.ScenarioLossTable memory self,
        uint256 place,
        Portfolio.PortfolioExposure memory exposure,
        Shock.Scenario[] memory scenarios
    ) external pure returns (Correlation.ScenarioLossTable memory) {
        Correlation.enter(self, place, exposure, scenarios);
        return self;
    }

    function leg(Shock.Scenario[] memory scenarios, int256[] memory profitsWad, int256 basisWad)
        external
        pure
        returns (Correlation.UnderlyingLoss memory)
    {
        return Correlation.leg(scenarios, profitsWad, basisWad);
    }

    function joint(int256[][] memory profitsWad, uint256 scenarios) external pure returns (uint256) {
        return Correlation.joint(profitsWad, scenarios);
    }

    function sum(Correlation.UnderlyingLoss[] memory legs) external pure returns (uint256) {
        return Correlation.sum(legs);
    }

    function correlation(
        int256 alikeWad,
        int256 oppositeWad,
        Correlation.UnderlyingLoss memory a,
        Correlation.UnderlyingLoss memory b,
        uint256 breakdownWad
    ) external pure returns (int256) {
        return Correlation.correlation(alikeWad, oppositeWad, a, b, breakdownWad);
    }

    function combined(Correlation.UnderlyingLoss[] memory legs, Correlation.Matrix memory matrix, uint256 breakdownWad)
        external
        pure
        returns (uint256)
    {
        return Correlation.combined(legs, matrix, breakdownWad);
    }

    function loss(
        Correlation.ScenarioLossTable memory self,
        Correlation.LossTerms memory terms,
        Correlation.Matrix memory matrix,
        Level level
    ) external pure returns (uint256) {
        return Correlation.loss(self, terms, matrix, level);
    }

    function lossFactor(Correlation.LossTerms memory terms, uint256 quoteWad, Level level) external pure returns (uint256) {
        return Correlation.lossFactor(terms, quoteWad, level);
    }

    function requirement(
        Portfolio.PortfolioExposure[] memory exposures,
        uint256 lossWad,
        Correlation.LossTerms memory terms,
        uint256 quoteWad,
        Level level
    ) external pure returns (uint256) {
        return Correlation.requirement(exposures, lossWad, terms, quoteWad, level);
    }

    function requireValid(Correlation.LossTerms memory terms) external pure {
        Correlation.requireValid(terms);
    }

    function requireMatrix(Correlation.Matrix memory matrix) external pure {
        Correlation.requireMatrix(matrix);
    }
}
