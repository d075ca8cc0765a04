// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Funding} from "../Funding.sol";

/// @notice Exposes the functions of Funding.
contract ProbeFunding {
    function rate(uint256 indexWad, int256 premiumWad, int256 baseWad, uint256 capWad) external pure returns (int256) {
        return Funding.rate(indexWad, premiumWad, baseWad, capWad);
    }

    function growth(uint256 indexWad, int256 rateWad, uint256 elapsedSecs) external pure returns (int256) {
        return Funding.growth(indexWad, rateWad, elapsedSecs);
    }

    function payment(int256 size, int256 grownRay) external pure returns (int256) {
        return Funding.payment(size, grownRay);
    }
}
