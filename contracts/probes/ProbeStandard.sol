// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Market} from "../Market.sol";
import {Level, Standard} from "../Standard.sol";

/// @notice The functions of Standard, open to anyone; what they change is answered.
contract ProbeStandard {
    function absorb(Standard.Exposure memory self, int256 size, int256 quote, uint256 markWad)
        external
        pure
        returns (Standard.Exposure memory)
    {
        Standard.absorb(self, size, quote, markWad);
        return self;
    }

    function safeMark(Standard.Exposure calldata self, int256 size, uint256 markWad) external pure returns (uint256) {
        return Standard.safeMark(self, size, markWad);
    }

    function rate(Market.Risk calldata risk, int256 sizeWad, Level level) external pure returns (uint256) {
        return Standard.rate(risk, sizeWad, level);
    }

    function requirement(Standard.Exposure calldata self, Level level) external pure returns (uint256) {
        return Standard.requirement(self, level);
    }

    function shortRequirement(Standard.Exposure calldata exposure, Standard.Line calldata line, Level level)
        external
        pure
        returns (uint256)
    {
        return Standard.shortRequirement(exposure, line, level);
    }

    function spotRequirement(Market.OptionRisk calldata risk, Standard.Line calldata line, uint256 spotWad)
        external
        pure
        returns (uint256)
    {
        return Standard.spotRequirement(risk, line, spotWad);
    }

    function maxLoss(Standard.Line[] calldata lines, uint256 first) external pure returns (uint256) {
        return Standard.maxLoss(lines, first);
    }

    function isSameTerm(Standard.Line calldata a, Standard.Line calldata b) external pure returns (bool) {
        return Standard.isSameTerm(a, b);
    }

    function stripRequirement(Standard.Exposure calldata exposure, Standard.Line[] calldata lines, uint256 first, Level level)
        external
        pure
        returns (uint256)
    {
        return Standard.stripRequirement(exposure, lines, first, level);
    }

    function contingency(Standard.Exposure calldata self, uint256 depegRateWad, Level level) external pure returns (uint256) {
        return Standard.contingency(self, depegRateWad, level);
    }

    function shortContingency(Standard.Exposure calldata exposure, Standard.Line calldata line, uint256 depegRateWad, Level level)
        external
        pure
        returns (uint256)
    {
        return Standard.shortContingency(exposure, line, depegRateWad, level);
    }

    function doubtRate(Market.Risk calldata risk, uint256 confidenceWad) external pure returns (uint256) {
        return Standard.doubtRate(risk, confidenceWad);
    }

    function priced(uint256 sizeWad, uint256 priceWad, uint256 rateWad) external pure returns (uint256) {
        return Standard.priced(sizeWad, priceWad, rateWad);
    }
}
