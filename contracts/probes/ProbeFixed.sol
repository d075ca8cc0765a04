// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "../Fixed.sol";

/// @notice Exposes the functions of Fixed.
contract ProbeFixed {
    function mulDivDown(uint256 a, uint256 b, uint256 c) external pure returns (uint256) {
        return Fixed.mulDivDown(a, b, c);
    }

    function mulDivUp(uint256 a, uint256 b, uint256 c) external pure returns (uint256) {
        return Fixed.mulDivUp(a, b, c);
    }

    function mulDivFloor(int256 a, int256 b, uint256 c) external pure returns (int256) {
        return Fixed.mulDivFloor(a, b, c);
    }

    function mulDivCeil(int256 a, int256 b, uint256 c) external pure returns (int256) {
        return Fixed.mulDivCeil(a, b, c);
    }

    function mulDivDown256(uint256 a, uint256 b, uint256 c) external pure returns (uint256) {
        return Fixed.mulDivDown256(a, b, c);
    }

    function midpoint(uint256 a, uint256 b) external pure returns (uint256) {
        return Fixed.midpoint(a, b);
    }

    function half(uint256 a) external pure returns (uint256) {
        return Fixed.half(a);
    }

    function part(int256 value, uint256 fractionWad) external pure returns (int256) {
        return Fixed.part(value, fractionWad);
    }

    function horner(uint256 sum, uint256 x, uint256 coefficient) external pure returns (uint256) {
        return Fixed.horner(sum, x, coefficient);
    }

    function sqrtDown(uint256 a) external pure returns (uint256) {
        return Fixed.sqrtDown(a);
    }

    function sqrtUp(uint256 a) external pure returns (uint256) {
        return Fixed.sqrtUp(a);
    }

    function abs(int256 a) external pure returns (uint256) {
        return Fixed.abs(a);
    }

    function signed(uint256 a) external pure returns (int256) {
        return Fixed.signed(a);
    }

    function min(uint256 a, uint256 b) external pure returns (uint256) {
        return Fixed.min(a, b);
    }

    function max(uint256 a, uint256 b) external pure returns (uint256) {
        return Fixed.max(a, b);
    }

    function bits(uint256 word, uint256 low, uint256 width) external pure returns (uint256) {
        return Fixed.bits(word, low, width);
    }

    function upper(uint256 word, uint256 low) external pure returns (uint256) {
        return Fixed.upper(word, low);
    }

    function lower(uint256 word, uint256 width) external pure returns (int256) {
        return Fixed.lower(word, width);
    }

    function joined(uint256 high, int256 low, uint256 width) external pure returns (uint256) {
        return Fixed.joined(high, low, width);
    }

    function withBit(uint256 word, uint256 place) external pure returns (uint256) {
        return Fixed.withBit(word, place);
    }
}
