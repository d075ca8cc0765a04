// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Normal} from "../Normal.sol";

/// @notice Exposes the functions of Normal.
contract ProbeNormal {
    function cdf(int256 xWad) external pure returns (uint256) {
        return Normal.cdf(xWad);
    }

    function pdf(int256 xWad) external pure returns (uint256) {
        return Normal.pdf(xWad);
    }

    function mills(uint256 xWad) external pure returns (uint256) {
        return Normal.mills(xWad);
    }

    function reach(int256 a, uint256 s) external pure returns (uint256) {
        return Normal.reach(a, s);
    }
}
