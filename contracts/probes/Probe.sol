// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Ledger} from "../Ledger.sol";
import {Margin} from "../Margin.sol";
import {Portfolio} from "../Portfolio.sol";
import {Standard} from "../Standard.sol";
import {Shelf} from "./Shelf.sol";
import {Writer} from "./Writer.sol";

/// @notice Base of the probes of stored state: each call has a ledger of its own.
abstract contract Probe is Shelf {
    Writer private immutable writer = new Writer();

    /// @notice Ledger of the probe, given first in every call.
    function stored(Setup calldata) internal returns (Ledger.State storage) {
        (bool done,) = address(writer).delegatecall(bytes.concat(Writer.store.selector, msg.data[4:]));
        require(done);
        return ledgers[calls];
    }

    /// @notice Empty book; with room for exposures where there are rules.
    function blank(Ledger.State storage state) internal view returns (Margin.Book memory valued) {
        valued.holdings = new Margin.Holding[](state.assets.length);
        valued.exposures = new Standard.Exposure[](state.risks.length);
        if (!state.model.hasRules) return valued;
        valued.stakes = new Portfolio.Stake[](state.risks.length);
        valued.modelled = state.model.modelled;
    }

    function imageOf(Ledger.State storage self, AccountId account) internal view returns (Account.Image memory) {
        return Account.image(self.holders[account], self.assets.length);
    }
}
