// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Market} from "../Market.sol";
import {Level, Standard} from "../Standard.sol";

/// @notice Exposes the functions of Standard; changed values are returned.
contract ProbeStandard {
    function absorb(Standard.Exposure memory self, int256 size, int256 quote, uint256 markWad)
        external
        pure
        returns (Standard.Exposure memory)
    {
        Standard.absorb(self, size, quote, markWad);
        return self;
    }

    function lowest(Standard.Exposure calldata self) external pure returns (uint256) {
        return Standard.lowest(self);
    }

    function waitingMark(Standard.Exposure calldata self, Standard.HeldOption calldata line) external pure returns (uint256) {
        return Standard.waitingMark(self, line);
    }

    function waitingRise(Standard.Exposure calldata self, bool isCall) external pure returns (uint256) {
        return Standard.waitingRise(self, isCall);
    }

    function safeMark(Standard.Exposure calldata self, int256 size, uint256 markWad) external pure returns (uint256) {
        return Standard.safeMark(self, size, markWad);
    }

    function rate(Market.MarketRisk calldata risk, int256 sizeWad, Level level) external pure returns (uint256) {
        return Standard.rate(risk, sizeWad, level);
    }

    function requirement(Standard.Exposure calldata self, Level level) external pure returns (uint256) {
        return Standard.requirement(self, level);
    }

    function shortRequirement(Standard.Exposure calldata exposure, Standard.HeldOption calldata line, Level level)
        external
        pure
        returns (uint256)
    {
        return Standard.shortRequirement(exposure, line, level);
    }

    function spotRequirement(Market.OptionRisk calldata risk, Standard.HeldOption calldata line, uint256 spotWad)
        external
        pure
        returns (uint256)
    {
        return Standard.spotRequirement(risk, line, spotWad);
    }

    function maxLoss(Standard.HeldOption[] calldata lines, uint256 first) external pure returns (uint256) {
        return Standard.maxLoss(lines, first);
    }

    function isAlike(Standard.HeldOption calldata a, Standard.HeldOption calldata b) external pure returns (bool) {
        return Standard.isAlike(a, b);
    }

    function isSameTerm(Standard.HeldOption calldata a, Standard.HeldOption calldata b) external pure returns (bool) {
        return Standard.isSameTerm(a, b);
    }

    function stripRequirement(Standard.Exposure calldata exposure, Standard.HeldOption[] calldata lines, uint256 first, Level level)
        external
        pure
        returns (uint256)
    {
        return Standard.stripRequirement(exposure, lines, first, level);
    }

    function contingency(Standard.Exposure calldata self, uint256 depegRateWad, Level level) external pure returns (uint256) {
        return Standard.contingency(self, depegRateWad, level);
    }

    function shortContingency(Standard.Exposure calldata exposure, Standard.HeldOption calldata line, uint256 depegRateWad, Level level)
        external
        pure
        returns (uint256)
    {
        return Standard.shortContingency(exposure, line, depegRateWad, level);
    }

    function doubtRate(Market.MarketRisk calldata risk, uint256 confidenceWad) external pure returns (uint256) {
        return Standard.doubtRate(risk, confidenceWad);
    }

    function priced(uint256 sizeWad, uint256 priceWad, uint256 rateWad) external pure returns (uint256) {
        return Standard.priced(sizeWad, priceWad, rateWad);
    }
}
