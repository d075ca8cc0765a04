// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Ledger} from "../Ledger.sol";
import {Margin} from "../Margin.sol";
import {Standard} from "../Standard.sol";
import {Stress} from "../Stress.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Valuation that value a state of an account; the ledger is given.
contract ProbeImage is Probe {
    function image(Setup calldata self, AccountId account) external returns (Account.Image memory) {
        return Valuation.image(stored(self), account);
    }

    function valuedImage(Setup calldata self, Account.Image calldata held) external returns (Margin.Book memory) {
        return Valuation.valuedImage(stored(self), held);
    }

    function emptyBook(Setup calldata self, Account.Image calldata held) external returns (Margin.Book memory) {
        return Valuation.emptyBook(stored(self), held);
    }

    function fillBook(Setup calldata self, Account.Image calldata held) external returns (Margin.Book memory valued) {
        Ledger.State storage state = stored(self);
        valued = Valuation.emptyBook(state, held);
        Valuation.fillBook(state, held, valued);
    }

    function markAlike(Setup calldata self, Standard.HeldOption[] memory lines, Standard.HeldOption[] memory priced)
        external
        returns (Standard.HeldOption[] memory)
    {
        Valuation.markAlike(stored(self), lines, priced);
        return lines;
    }

    function requireValid(Setup calldata self, Account.Image calldata held) external {
        Valuation.requireValid(stored(self), held);
    }

    function quotePrice(Setup calldata self) external returns (uint256 priceWad, Margin.Book memory valued) {
        Ledger.State storage state = stored(self);
        valued = blank(state);
        priceWad = Valuation.quotePrice(state, valued);
    }

    function exposuresOf(Margin.Book memory valued) external pure returns (Stress.HeldExposures memory) {
        return Valuation.exposuresOf(valued);
    }

    function markOptions(Setup calldata self, Standard.HeldOption[] memory lines) external returns (Standard.HeldOption[] memory) {
        Valuation.markOptions(stored(self), lines);
        return lines;
    }
}
