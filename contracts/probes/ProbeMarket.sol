// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Market} from "../Market.sol";

/// @notice Exposes the functions of Market.
contract ProbeMarket {
    function instrumentOf(uint256 underlying, uint256 kind, uint256 expiry, uint256 strikeWad) external pure returns (uint256) {
        return Market.instrumentOf(underlying, kind, expiry, strikeWad);
    }

    function perp(uint256 underlying) external pure returns (uint256) {
        return Market.perp(underlying);
    }

    function underlyingOf(uint256 instrument) external pure returns (uint256) {
        return Market.underlyingOf(instrument);
    }

    function kindOf(uint256 instrument) external pure returns (uint256) {
        return Market.kindOf(instrument);
    }

    function expiryOf(uint256 instrument) external pure returns (uint256) {
        return Market.expiryOf(instrument);
    }

    function strikeOf(uint256 instrument) external pure returns (uint256) {
        return Market.strikeOf(instrument);
    }

    function isOption(uint256 kind) external pure returns (bool) {
        return Market.isOption(kind);
    }

    function termOf(uint256 underlying, uint256 expiry) external pure returns (uint256) {
        return Market.termOf(underlying, expiry);
    }

    function requireFormed(uint256 instrument, uint256 underlyings) external pure {
        Market.requireFormed(instrument, underlyings);
    }

    function requireValid(Market.MarketRisk calldata risk) external pure {
        Market.requireValid(risk);
    }

    function requireValidOptions(Market.OptionRisk calldata risk) external pure {
        Market.requireValidOptions(risk);
    }

    function requireWithin(bytes32 name, uint256 value, uint256 low, uint256 high) external pure {
        Market.requireWithin(name, value, low, high);
    }
}
