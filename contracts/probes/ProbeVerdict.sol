// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../Account.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Valuation that check the margin of an account; the ledger is given.
contract ProbeVerdict is Probe {
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
}
