// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Portfolio} from "../Portfolio.sol";
import {Shock} from "../Shock.sol";
import {Level} from "../Standard.sol";

/// @notice The functions of Portfolio, open to anyone.
contract ProbePortfolio {
    function stake(Portfolio.Stake memory self, int256 size, uint256 priceWad) external pure returns (Portfolio.Stake memory) {
        Portfolio.stake(self, size, priceWad);
        return self;
    }

    function outcomes(Portfolio.Stake memory self, Shock.Scenario[] memory scenarios)
        external
        pure
        returns (int256[] memory, int256)
    {
        return Portfolio.outcomes(self, scenarios);
    }

    function ready(Portfolio.Term memory term, Portfolio.Risk memory risk) external pure returns (Portfolio.Sheet memory) {
        return Portfolio.ready(term, risk);
    }

    function shocked(Portfolio.Sheet memory self, int256 spotShock, uint256 mode) external pure returns (int256) {
        return Portfolio.shocked(self, spotShock, mode);
    }

    function basis(Portfolio.Sheet memory self, Portfolio.BasisRisk memory risk) external pure returns (int256) {
        return Portfolio.basis(self, risk);
    }

    function worst(int256[] memory profitsWad) external pure returns (uint256) {
        return Portfolio.worst(profitsWad);
    }

    function loss(int256 leastWad, int256 basisWad) external pure returns (uint256) {
        return Portfolio.loss(leastWad, basisWad);
    }

    function contingency(Portfolio.Stake memory self, Level level) external pure returns (uint256) {
        return Portfolio.contingency(self, level);
    }

    function perpContingency(Portfolio.Stake memory self, Level level) external pure returns (uint256) {
        return Portfolio.perpContingency(self, level);
    }

    function optionContingency(Portfolio.Stake memory self, Portfolio.Term memory term, Level level)
        external
        pure
        returns (uint256)
    {
        return Portfolio.optionContingency(self, term, level);
    }

    function naked(Portfolio.Line[] memory lines) external pure returns (uint256) {
        return Portfolio.naked(lines);
    }

    function hedgeContingency(Portfolio.Contingency memory risk, Portfolio.Hedge memory hedge, Level level)
        external
        pure
        returns (uint256)
    {
        return Portfolio.hedgeContingency(risk, hedge, level);
    }

    function doubt(Portfolio.Stake memory self, Level level) external pure returns (uint256) {
        return Portfolio.doubt(self, level);
    }

    function doubtRate(Portfolio.Contingency memory risk, uint256 confidenceWad) external pure returns (uint256) {
        return Portfolio.doubtRate(risk, confidenceWad);
    }

    function requireValid(Portfolio.Risk memory risk) external pure {
        Portfolio.requireValid(risk);
    }
}
