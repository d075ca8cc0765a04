// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ledger} from "../Ledger.sol";
import {Margin} from "../Margin.sol";
import {Market} from "../Market.sol";
import {Oracle} from "../Oracle.sol";
import {Standard} from "../Standard.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Valuation that read prices into a book; the ledger is given, and books are returned.
contract ProbeLine is Probe {
    function optionLine(Setup calldata self, uint256 instrument, int256 size)
        external
        returns (Standard.HeldOption memory line, Margin.Book memory valued)
    {
        Ledger.State storage state = stored(self);
        valued = blank(state);
        line = Valuation.optionLine(state, valued, instrument, size);
    }

    function forward(Setup calldata self, uint256 instrument) external returns (uint256 forwardWad, uint256 fixedWad, Margin.Book memory valued) {
        Ledger.State storage state = stored(self);
        valued = blank(state);
        Valuation.load(state, valued, Market.underlyingOf(instrument));
        (forwardWad, fixedWad) = Valuation.forward(state, valued, instrument);
    }

    function futureLine(Setup calldata self, uint256 instrument, int256 size) external returns (Standard.HeldFuture memory) {
        return Valuation.futureLine(stored(self), instrument, size);
    }

    function curveOf(Setup calldata self, uint256 instrument) external returns (Oracle.Curve memory) {
        return Valuation.curveOf(stored(self), instrument);
    }

    function load(Setup calldata self, uint256 underlying)
        external
        returns (Margin.Book memory valued, Standard.Exposure memory again)
    {
        Ledger.State storage state = stored(self);
        valued = blank(state);
        Valuation.load(state, valued, underlying);
        again = Valuation.load(state, valued, underlying);
    }

    function note(Margin.Book memory valued, uint256 underlying, uint256 expiry, uint256 publishedAt, uint256 heartbeatSecs)
        external
        view
        returns (Margin.Book memory)
    {
        Valuation.note(valued, underlying, expiry, publishedAt, heartbeatSecs);
        return valued;
    }
}
