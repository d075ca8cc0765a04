// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../Account.sol";
import {Ledger} from "../Ledger.sol";
import {Margin} from "../Margin.sol";
import {Standard} from "../Standard.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice The functions of Valuation, open to anyone; the ledger is given, and books are answered.
contract ProbeValuation is Probe {
    function book(Setup calldata self, AccountId account) external returns (Margin.Book memory) {
        return Valuation.book(stored(self), account);
    }

    function valueBalances(Setup calldata self, AccountId account) external returns (Margin.Book memory valued) {
        valued = blank(self);
        Ledger.State storage state = stored(self);
        Valuation.valueBalances(state, state.holders[account], valued);
    }

    function valuePositions(Setup calldata self, AccountId account) external returns (Margin.Book memory valued) {
        valued = blank(self);
        Ledger.State storage state = stored(self);
        Valuation.valuePositions(state, account, valued);
    }

    function load(Setup calldata self, uint256 underlying)
        external
        returns (Margin.Book memory valued, Standard.Exposure memory again)
    {
        valued = blank(self);
        Ledger.State storage state = stored(self);
        Valuation.load(state, valued, underlying);
        again = Valuation.load(state, valued, underlying);
    }

    function freshBook(Setup calldata self, AccountId account) external returns (Margin.Book memory) {
        return Valuation.freshBook(stored(self), account);
    }

    function requireInitial(Setup calldata self, AccountId account) external {
        Valuation.requireInitial(stored(self), account);
    }

    function requireNoFall(Setup calldata self, AccountId account, int256 beforeWad) external {
        Valuation.requireNoFall(stored(self), account, beforeWad);
    }

    function initialMargin(Setup calldata self, AccountId account) external returns (int256) {
        return Valuation.initialMargin(stored(self), account);
    }

    function maintenance(Setup calldata self, AccountId account) external returns (int256 equityWad, int256 marginWad) {
        return Valuation.maintenance(stored(self), account);
    }

    function metrics(Setup calldata self, AccountId account) external returns (Valuation.Metrics memory) {
        return Valuation.metrics(stored(self), account);
    }

    function blank(Setup calldata self) internal pure returns (Margin.Book memory valued) {
        valued.holdings = new Margin.Holding[](self.assets.length);
        valued.exposures = new Standard.Exposure[](self.risks.length);
    }
}
