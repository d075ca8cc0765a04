// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Ledger} from "../Ledger.sol";
import {Margin} from "../Margin.sol";
import {Portfolio} from "../Portfolio.sol";
import {Standard} from "../Standard.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Valuation that add to a book; the ledger is given, and books are returned.
contract ProbeValuation is Probe {
    function valueBalances(Setup calldata self, AccountId account) external returns (Margin.Book memory valued) {
        Ledger.State storage state = stored(self);
        valued = blank(state);
        Valuation.valueBalances(state, imageOf(state, account).balances, valued);
    }

    function datedCounts(Setup calldata self, AccountId account) external returns (uint256 options, uint256 futures) {
        Ledger.State storage state = stored(self);
        return Valuation.datedCounts(state, imageOf(state, account).entries);
    }

    function valuePositions(Setup calldata self, AccountId account) external returns (Margin.Book memory valued) {
        Ledger.State storage state = stored(self);
        valued = blank(state);
        (uint256 options, uint256 futures) = Valuation.datedCounts(state, imageOf(state, account).entries);
        valued.lines = new Standard.HeldOption[](options);
        valued.futures = new Standard.HeldFuture[](futures);
        Valuation.valuePositions(state, imageOf(state, account).entries, valued);
    }

    function valueLinear(Setup calldata self, AccountId account, uint256 instrument) external returns (Margin.Book memory valued) {
        Ledger.State storage state = stored(self);
        valued = blank(state);
        Valuation.valueLinear(state, valued, Account.entry(state.holders[account], instrument));
    }
}
