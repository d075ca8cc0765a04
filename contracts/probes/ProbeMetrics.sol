// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../Account.sol";
import {Ledger} from "../Ledger.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Valuation that report on an account; the ledger is given.
contract ProbeMetrics is Probe {
    function metrics(Setup calldata self, AccountId account) external returns (Valuation.Metrics memory) {
        Ledger.State storage state = stored(self);
        return Valuation.metrics(state, Valuation.image(state, account));
    }
}
