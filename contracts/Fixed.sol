// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {NumberErrors} from "./NumberErrors.sol";

/// @notice Integers with the direction of every rounding in its name: the only code that divides, shifts or takes roots.
library Fixed {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant RAY = 1e27;
    /// @dev the scale of a product of two wads, kept exact until it is divided once
    uint256 internal constant WAD_SQUARED = 1e36;
    /// @dev the largest amount, price or size that passes a door [wad]
    uint256 internal constant CAP = 2 ** 96 - 1;
    uint256 internal constant MAX_DECIMALS = 18;

    /// @notice Product over divisor.
    /// @dev floor(a * b / c) with a 512-bit product
    /// @param a factor [any]
    /// @param b factor [any]
    /// @param c divisor [any], not zero
    /// @custom:rounds down, because the caller computes an asset or a gain
    /// @custom:reverts FullMulDivFailed
    function mulDivDown(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDiv(a, b, c);
    }

    /// @notice Product over divisor, rounded up.
    /// @dev ceil(a * b / c) with a 512-bit product
    /// @param a factor [any]
    /// @param b factor [any]
    /// @param c divisor [any], not zero
    /// @custom:rounds up, because the caller computes a debt or a requirement
    /// @custom:reverts FullMulDivFailed
    function mulDivUp(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        return FixedPointMathLib.fullMulDivUp(a, b, c);
    }

    /// @notice Signed product over divisor, toward minus infinity.
    /// @dev floor(a * b / c) with a 512-bit product; by plain instructions where the product is above -2^255 and below 2^255: then, and
    /// only then, the wrapped product z is not -2^255 and z / b is a, as a remainder z - a * b is below |b| and a multiple of 2^256: 0
    /// @param a factor [any]
    /// @param b factor [any]
    /// @param c divisor [any], not zero
    /// @custom:rounds toward minus infinity, because gains go down and losses go up
    /// @custom:reverts FullMulDivFailed, MagnitudeTooLarge
    function mulDivFloor(int256 a, int256 b, uint256 c) internal pure returns (int256 z) {
        bool isPlain;
        assembly ("memory-safe") {
            z := mul(a, b)
            isPlain := and(sgt(c, 0), or(iszero(b), and(eq(sdiv(z, b), a), iszero(eq(z, shl(255, 1))))))
            if isPlain { z := sub(sdiv(z, c), slt(smod(z, c), 0)) }
        }
        if (isPlain) return z;
        if ((a ^ b) < 0) return -signed(mulDivUp(abs(a), abs(b), c)); // of different signs, or 0
        return signed(mulDivDown(abs(a), abs(b), c));
    }

    /// @notice Signed product over divisor, toward plus infinity.
    /// @dev ceil(a * b / c) with a 512-bit product
    /// @param a factor [any]
    /// @param b factor [any]
    /// @param c divisor [any], not zero
    /// @custom:rounds toward plus infinity, because payments go up
    /// @custom:reverts FullMulDivFailed, MagnitudeTooLarge
    function mulDivCeil(int256 a, int256 b, uint256 c) internal pure returns (int256) {
        if ((a ^ b) < 0) return -signed(mulDivDown(abs(a), abs(b), c)); // of different signs, or 0
        return signed(mulDivUp(abs(a), abs(b), c));
    }

    /// @notice Product of at most 256 bits over divisor.
    /// @dev floor(a * b / c) by plain instructions; the caller states why the product is below 2^256
    /// @param a factor [any]
    /// @param b factor [any], a * b below 2^256
    /// @param c divisor [any], not zero
    /// @custom:rounds down, because the caller computes an asset or a gain
    function mulDivDown256(uint256 a, uint256 b, uint256 c) internal pure returns (uint256 z) {
        assembly ("memory-safe") {
            z := div(mul(a, b), c)
        }
    }

    /// @notice Half of a number, rounded down.
    /// @dev floor(a / 2)
    /// @param a number [any]
    /// @custom:rounds down, because the caller computes an asset or a gain
    function half(uint256 a) internal pure returns (uint256) {
        return a >> 1;
    }

    /// @notice Middle of two numbers, rounded down.
    /// @dev floor((a + b) / 2) as the bits of both and half of those of one alone: no sum overflows
    /// @param a number [any]
    /// @param b number [any]
    /// @custom:rounds down, because a price below the middle favours the buyer, by half a wei
    function midpoint(uint256 a, uint256 b) internal pure returns (uint256) {
        return (a & b) + ((a ^ b) >> 1);
    }

    /// @notice Part of a signed value, toward zero.
    /// @dev sign(value) * floor(|value| * fractionWad / 1e18)
    /// @param value whole [any]
    /// @param fractionWad part of it [wad], at most 1e18
    /// @custom:rounds toward zero, because the remainder stays where it was
    /// @custom:reverts MagnitudeTooLarge
    function part(int256 value, uint256 fractionWad) internal pure returns (int256) {
        int256 magnitude = signed(mulDivDown(abs(value), fractionWad, WAD));
        return value < 0 ? -magnitude : magnitude;
    }

    /// @notice Polynomial with its next coefficient, by Horner's rule.
    /// @dev floor(sum * x / 1e27) + coefficient; the bounds keep the product within 256 bits
    /// @param sum polynomial so far [ray], below 2^128
    /// @param x argument [ray], below 2^128
    /// @param coefficient next one [ray], below 2^128
    /// @custom:rounds down, because rays have nine digits more than any result that is kept
    function horner(uint256 sum, uint256 x, uint256 coefficient) internal pure returns (uint256) {
        unchecked {
            return sum * x / RAY + coefficient;
        }
    }

    /// @notice Square root, rounded down.
    /// @dev floor(sqrt(a))
    /// @param a radicand [any]
    /// @custom:rounds down, because the caller computes an asset or a gain
    function sqrtDown(uint256 a) internal pure returns (uint256) {
        return FixedPointMathLib.sqrt(a);
    }

    /// @notice Square root, rounded up.
    /// @dev ceil(sqrt(a))
    /// @param a radicand [any]
    /// @custom:rounds up, because the caller computes a requirement
    function sqrtUp(uint256 a) internal pure returns (uint256) {
        uint256 root = sqrtDown(a);
        return root * root < a ? root + 1 : root;
    }

    /// @notice Magnitude of a signed number.
    /// @param a number [any]
    function abs(int256 a) internal pure returns (uint256 z) {
        assembly ("memory-safe") {
            let sign := sar(255, a) // all bits set where it is negative
            z := xor(add(a, sign), sign)
        }
    }

    /// @notice Signed form of a magnitude.
    /// @param a magnitude [any]
    /// @custom:reverts MagnitudeTooLarge
    function signed(uint256 a) internal pure returns (int256) {
        if (a > uint256(type(int256).max)) revert NumberErrors.MagnitudeTooLarge(a);
        return int256(a);
    }

    /// @notice Smaller of two numbers.
    /// @param a number [any]
    /// @param b number [any]
    function min(uint256 a, uint256 b) internal pure returns (uint256 z) {
        assembly ("memory-safe") {
            z := xor(a, mul(xor(a, b), lt(b, a)))
        }
    }

    /// @notice Larger of two numbers.
    /// @param a number [any]
    /// @param b number [any]
    function max(uint256 a, uint256 b) internal pure returns (uint256 z) {
        assembly ("memory-safe") {
            z := xor(a, mul(xor(a, b), gt(b, a)))
        }
    }

    /// @notice Field of a packed word.
    /// @dev floor(word / 2^low) mod 2^width
    /// @param word packed fields [bits]
    /// @param low lowest bit of the field
    /// @param width bits of the field, below 256
    function bits(uint256 word, uint256 low, uint256 width) internal pure returns (uint256) {
        unchecked {
            return (word >> low) & ((1 << width) - 1);
        }
    }

    /// @notice Field in the upper bits of a packed word.
    /// @dev floor(word / 2^low)
    /// @param word packed fields [bits]
    /// @param low lowest bit of the field, below 256
    function upper(uint256 word, uint256 low) internal pure returns (uint256) {
        return word >> low;
    }

    /// @notice Signed field in the lower bits of a packed word.
    /// @dev word mod 2^width, less 2^width from 2^(width - 1) on
    /// @param word packed fields [bits]
    /// @param width bits of the field, from 1 to 256
    function lower(uint256 word, uint256 width) internal pure returns (int256 z) {
        assembly ("memory-safe") {
            let rest := sub(256, width)
            z := sar(rest, shl(rest, word))
        }
    }

    /// @notice Packed word of two fields, of which the lower one is signed.
    /// @dev high * 2^width + (low mod 2^width)
    /// @param high field in the upper bits, below 2^(256 - width)
    /// @param low field in the lower bits, at least -2^(width - 1) and below 2^(width - 1)
    /// @param width bits of the lower field, from 1 to 255
    function joined(uint256 high, int256 low, uint256 width) internal pure returns (uint256) {
        unchecked {
            return (high << width) | (uint256(low) & ((1 << width) - 1));
        }
    }

    /// @notice Word in which a bit is set.
    /// @param word bits
    /// @param place place of the bit, below 256
    function withBit(uint256 word, uint256 place) internal pure returns (uint256) {
        return word | (1 << place);
    }
}
