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

    function rate(Market.Risk calldata risk, int256 sizeWad, Level level) external pure returns (uint256) {
        return Standard.rate(risk, sizeWad, level);
    }

    function requirement(Standard.Exposure calldata self, Level level) external pure returns (uint256) {
        return Standard.requirement(self, level);
    }

    function contingency(Standard.Exposure calldata self, uint256 depegRateWad, Level level) external pure returns (uint256) {
        return Standard.contingency(self, depegRateWad, level);
    }
}
