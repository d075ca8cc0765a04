// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ledger} from "../Ledger.sol";
import {Market} from "../Market.sol";
import {Stress} from "../Stress.sol";
import {Shelf} from "./Shelf.sol";

/// @notice Writes ledgers into the shelf of its caller, because a probe has no room for it.
contract Writer is Shelf {
    Stress private immutable stress = new Stress();

    /// @notice Writes a ledger into the shelf.
    function store(Setup calldata setup) external {
        Ledger.State storage self = ledgers[++calls];
        self.stress = stress;
        self.cash = setup.cash;
        self.rules.terms = setup.rules.terms;
        self.rules.matrix = setup.rules.matrix;
        for (uint256 i = 0; i < setup.rules.scenarios.length; i++) self.rules.scenarios.push(setup.rules.scenarios[i]);
        for (uint256 i = 0; i < setup.risks.length; i++) self.risks.push(setup.risks[i]);
        for (uint256 i = 0; i < setup.prices.length; i++) self.prices[i] = setup.prices[i];
        for (uint256 i = 0; i < setup.optionRisks.length; i++) self.optionRisks[i] = setup.optionRisks[i];
        for (uint256 i = 0; i < setup.portfolioRisks.length; i++) self.portfolioRisks[i] = setup.portfolioRisks[i];
        for (uint256 i = 0; i < setup.tracks.length; i++) self.tracks[i] = setup.tracks[i];
        for (uint256 i = 0; i < setup.curves.length; i++) {
            self.curves[Market.termOf(setup.curves[i].underlying, setup.curves[i].expiry)] = setup.curves[i].curve;
        }
        for (uint256 i = 0; i < setup.assets.length; i++) self.assets.push(setup.assets[i]);
        for (uint256 i = 0; i < setup.owned.length; i++) {
            Owned calldata owned = setup.owned[i];
            hold(self.holders[owned.account], owned.image);
            self.sales[owned.account].startedAt = owned.startedAt;
        }
    }
}
