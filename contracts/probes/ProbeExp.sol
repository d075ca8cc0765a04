// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "../Exp.sol";

/// @notice The functions of Exp, open to anyone.
contract ProbeExp {
    function exp(int256 xWad) external pure returns (uint256) {
        return Exp.exp(xWad);
    }

    function ln(uint256 xWad) external pure returns (int256) {
        return Exp.ln(xWad);
    }
}
