// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../Account.sol";
import {Margin} from "../Margin.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Valuation that return a whole book; the ledger is given.
contract ProbeBook is Probe {
    function book(Setup calldata self, AccountId account) external returns (Margin.Book memory) {
        return Valuation.book(stored(self), account);
    }

    function requireFresh(Margin.Book memory valued) external pure {
        Valuation.requireFresh(valued);
    }
}
