// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Surface} from "../Surface.sol";

/// @notice Exposes the functions of Surface.
contract ProbeSurface {
    function vol(Surface.Svi calldata self, uint256 strikeWad) external pure returns (uint256) {
        return Surface.vol(self, strikeWad);
    }

    function slope(Surface.Svi calldata self, bool isAbove) external pure returns (uint256) {
        return Surface.slope(self, isAbove);
    }

    function requireValid(Surface.Svi calldata self) external pure {
        Surface.requireValid(self);
    }
}
