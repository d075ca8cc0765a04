// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Market} from "../Market.sol";

/// @notice The functions of Market, open to anyone.
contract ProbeMarket {
    function perp(uint256 underlying) external pure returns (uint256) {
        return Market.perp(underlying);
    }

    function underlyingOf(uint256 instrument) external pure returns (uint256) {
        return Market.underlyingOf(instrument);
    }

    function requireFormed(uint256 instrument, uint256 underlyings) external pure {
        Market.requireFormed(instrument, underlyings);
    }

    function requireValid(Market.Risk calldata risk) external pure {
        Market.requireValid(risk);
    }

    function requireWithin(bytes32 name, uint256 value, uint256 low, uint256 high) external pure {
        Market.requireWithin(name, value, low, high);
    }
}
