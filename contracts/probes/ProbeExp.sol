// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "../Exp.sol";

/// @notice Exposes the functions of Exp.
contract ProbeExp {
    function exp(int256 xWad) external pure returns (uint256) {
        return Exp.exp(xWad);
    }

    function ln(uint256 xWad) external pure returns (int256) {
        return Exp.ln(xWad);
    }
}
