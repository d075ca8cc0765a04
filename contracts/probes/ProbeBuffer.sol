// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../Account.sol";
import {Margin} from "../Margin.sol";
import {Verdict} from "../Verdict.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Verdict that return margins of an account; the ledger is given.
contract ProbeBuffer is Probe {
    function initialMargin(Setup calldata self, AccountId account) external returns (int256) {
        return Verdict.initialMargin(stored(self), account);
    }

    function maintenance(Setup calldata self, AccountId account) external returns (Verdict.Standing memory) {
        return Verdict.maintenance(stored(self), account);
    }

    function equity(Setup calldata self, AccountId account) external returns (int256) {
        return Verdict.equity(stored(self), account);
    }

    function freshBook(Setup calldata self, AccountId account) external returns (Margin.Book memory) {
        return Verdict.freshBook(stored(self), account);
    }
}
