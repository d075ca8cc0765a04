// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "../Account.sol";
import {Correlation} from "../Correlation.sol";
import {Ledger} from "../Ledger.sol";
import {Margin} from "../Margin.sol";
import {Level} from "../Standard.sol";
import {Valuation} from "../Valuation.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Valuation that compute a requirement; the ledger is given.
contract ProbeRequirement is Probe {
    function assess(Setup calldata self, AccountId account)
        external
        returns (Correlation.ScenarioLossTable memory found, Correlation.PortfolioRequirement memory verdict)
    {
        Ledger.State storage state = stored(self);
        Margin.Book memory valued = Valuation.valuedImage(state, Valuation.image(state, account));
        bytes memory losses = Valuation.assess(state, valued);
        if (losses.length != 0) found = abi.decode(losses, (Correlation.ScenarioLossTable));
        verdict = valued.verdict;
    }

    function requirement(Setup calldata self, AccountId account, Level level) external returns (uint256) {
        Ledger.State storage state = stored(self);
        return Valuation.requirement(state, Valuation.valuedImage(state, Valuation.image(state, account)), level);
    }
}
