// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Liquidation} from "../Liquidation.sol";

/// @notice Exposes the functions of Liquidation.
contract ProbeLiquidation {
    function bufferMargin(int256 marginWad, int256 equityWad, uint256 bufferWad) external pure returns (int256) {
        return Liquidation.bufferMargin(marginWad, equityWad, bufferWad);
    }

    function discount(Liquidation.AuctionTerms calldata terms, uint256 elapsedSecs) external pure returns (uint256) {
        return Liquidation.discount(terms, elapsedSecs);
    }

    function price(uint256 valueWad, uint256 discountWad) external pure returns (uint256) {
        return Liquidation.price(valueWad, discountWad);
    }

    function maxFraction(int256 bufferMarginWad, int256 equityWad, uint256 reservedWad, uint256 discountWad, uint256 creditWad)
        external
        pure
        returns (uint256)
    {
        return Liquidation.maxFraction(bufferMarginWad, equityWad, reservedWad, discountWad, creditWad);
    }

    function payout(int256 equityWad, int256 marginWad, uint256 elapsedSecs, uint256 insolventSecs)
        external
        pure
        returns (int256)
    {
        return Liquidation.payout(equityWad, marginWad, elapsedSecs, insolventSecs);
    }

    function paidMargin(int256 equityWad, int256 marginWad, uint256 requiredWad) external pure returns (int256) {
        return Liquidation.paidMargin(equityWad, marginWad, requiredWad);
    }

    function requireValid(Liquidation.AuctionTerms calldata terms) external pure {
        Liquidation.requireValid(terms);
    }
}
