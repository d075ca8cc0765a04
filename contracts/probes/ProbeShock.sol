// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Shock} from "../Shock.sol";

/// @notice Exposes the functions of Shock.
contract ProbeShock {
    function forward(uint256 fixedWad, uint256 floatingWad, int256 spotShock) external pure returns (uint256) {
        return Shock.forward(fixedWad, floatingWad, spotShock);
    }

    function breadth(Shock.VolRisk calldata risk, uint256 secs) external pure returns (uint256) {
        return Shock.breadth(risk, secs);
    }

    function shape(Shock.VolRisk calldata volRisk, Shock.SkewRisk calldata skewRisk, uint256 secs)
        external
        pure
        returns (Shock.Shape memory)
    {
        return Shock.shape(volRisk, skewRisk, secs);
    }

    function vol(Shock.Shape calldata self, uint256 volWad, int256 apartWad, uint256 mode) external pure returns (uint256) {
        return Shock.vol(self, volWad, apartWad, mode);
    }

    function isSkew(uint256 mode) external pure returns (bool) {
        return Shock.isSkew(mode);
    }

    function discounts(Shock.RateRisk calldata risk, uint256 rateWad, uint256 secs, uint256 discountWad)
        external
        pure
        returns (uint256, uint256)
    {
        return Shock.discounts(risk, rateWad, secs, discountWad);
    }

    function requireScenarios(Shock.Scenario[] calldata scenarios) external pure {
        Shock.requireScenarios(scenarios);
    }

    function requireVol(Shock.VolRisk calldata risk) external pure {
        Shock.requireVol(risk);
    }

    function requireSkew(Shock.SkewRisk calldata risk) external pure {
        Shock.requireSkew(risk);
    }

    function requireRate(Shock.RateRisk calldata risk) external pure {
        Shock.requireRate(risk);
    }
}
