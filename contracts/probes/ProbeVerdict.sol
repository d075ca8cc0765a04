// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Margin} from "../Margin.sol";
import {Verdict} from "../Verdict.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Verdict that check the margin of an account; the ledger is given.
contract ProbeVerdict is Probe {
    function requireInitial(Setup calldata self, AccountId account) external {
        Verdict.requireInitial(stored(self), account);
    }

    function requireBidder(Setup calldata self, AccountId account) external {
        Verdict.requireBidder(stored(self), account);
    }

    function requireNoFall(Setup calldata self, AccountId account, Account.Image calldata former) external {
        Verdict.requireNoFall(stored(self), account, former);
    }

    function requireNoRise(Setup calldata self, AccountId account, Account.Image calldata former) external {
        Verdict.requireNoRise(stored(self), account, former);
    }

    function requireEquity(AccountId account, Margin.Book memory valued, Margin.Book memory before) external pure {
        Verdict.requireEquity(account, valued, before);
    }

    function requireNoDebt(AccountId account, int256 equityWad, int256 beforeWad) external pure {
        Verdict.requireNoDebt(account, equityWad, beforeWad);
    }

    function changes(Setup calldata self, Account.Image calldata a, Account.Image calldata b) external returns (bool[] memory) {
        return Verdict.changes(stored(self), a, b);
    }
}
