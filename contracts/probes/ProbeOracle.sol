// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Oracle} from "../Oracle.sol";

/// @notice The functions of Oracle, open to anyone; what they store is given and answered.
contract ProbeOracle {
    function isFresh(uint256 publishedAt, uint256 heartbeatSecs) external view returns (bool) {
        return Oracle.isFresh(publishedAt, heartbeatSecs);
    }

    function mark(uint256 indexWad, int256 premiumWad, uint256 bandWad) external pure returns (uint256) {
        return Oracle.mark(indexWad, premiumWad, bandWad);
    }
}
