// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Margin} from "../Margin.sol";
import {Level, Standard} from "../Standard.sol";

/// @notice Exposes the functions of Margin.
contract ProbeMargin {
    function equity(Margin.Book calldata self) external pure returns (int256) {
        return Margin.equity(self);
    }

    function safeEquity(Margin.Book calldata self) external pure returns (int256) {
        return Margin.safeEquity(self);
    }

    function leastBalance(Margin.Book calldata self, Margin.Book calldata before) external pure returns (int256) {
        return Margin.leastBalance(self, before);
    }

    function adjustedEquity(Margin.Book calldata self, Level level) external pure returns (int256) {
        return Margin.adjustedEquity(self, level);
    }

    function fadedCredit(Margin.Holding calldata held) external pure returns (uint256) {
        return Margin.fadedCredit(held);
    }

    function leftOut(Margin.Book calldata self) external pure returns (Margin.LeftOut memory) {
        return Margin.leftOut(self);
    }

    function requirement(Margin.Book calldata self, Level level) external pure returns (uint256) {
        return Margin.requirement(self, level);
    }

    function isFirst(Standard.HeldOption[] calldata lines, uint256 place) external pure returns (bool) {
        return Margin.isFirst(lines, place);
    }

    function isModelled(Margin.Book calldata self, uint256 underlying) external pure returns (bool) {
        return Margin.isModelled(self, underlying);
    }

    function margin(Margin.Book calldata self, Level level) external pure returns (int256) {
        return Margin.margin(self, level);
    }

    function health(Margin.Book calldata self) external pure returns (int256) {
        return Margin.health(self);
    }

    function freeCollateral(Margin.Book calldata self) external pure returns (uint256) {
        return Margin.freeCollateral(self);
    }

    function notional(Margin.Book calldata self) external pure returns (uint256) {
        return Margin.notional(self);
    }

    function leverage(Margin.Book calldata self) external pure returns (int256) {
        return Margin.leverage(self);
    }
}
