// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "../Account.sol";
import {Ledger} from "../Ledger.sol";
import {Margin} from "../Margin.sol";
import {Portfolio} from "../Portfolio.sol";
import {Standard} from "../Standard.sol";
import {Shelf} from "./Shelf.sol";
import {Writer} from "./Writer.sol";

/// @notice What the probes of stored things share: a ledger of its own for every call.
abstract contract Probe is Shelf {
    Writer private immutable writer = new Writer();

    /// @notice The ledger that a call is given first of all.
    function stored(Setup calldata) internal returns (Ledger.State storage) {
        (bool done,) = address(writer).delegatecall(bytes.concat(Writer.store.selector, msg.data[4:]));
        require(done);
        return ledgers[calls];
    }

    /// @notice A book of nothing; with room for stakes where there are rules.
    function blank(Ledger.State storage state) internal view returns (Margin.Book memory valued) {
        valued.holdings = new Margin.Holding[](state.assets.length);
        valued.exposures = new Standard.Exposure[](state.risks.length);
        if (state.rules.scenarios.length != 0) valued.stakes = new Portfolio.PortfolioExposure[](state.risks.length);
    }

    function imageOf(Ledger.State storage self, AccountId account) internal view returns (Account.Image memory) {
        return Account.image(self.holders[account], self.assets.length);
    }
}
