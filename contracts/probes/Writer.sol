// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ledger} from "../Ledger.sol";
import {Market} from "../Market.sol";
import {Ruleset} from "../Ruleset.sol";
import {Portfolio} from "../Portfolio.sol";
import {Pricer} from "../Pricer.sol";
import {Stress} from "../Stress.sol";
import {Shelf} from "./Shelf.sol";

/// @notice Writes ledgers into the shelf of its caller, because a probe has no room for it.
contract Writer is Shelf {
    Stress private immutable stress = new Stress();
    Pricer private immutable pricer = new Pricer();

    /// @notice Writes a ledger into the shelf.
    function store(Setup calldata setup) external {
        Ledger.State storage self = ledgers[++calls];
        self.stress = stress;
        self.pricer = pricer;
        self.cash = setup.cash;
        Ruleset.setRules(self.model, setup.rules);
        for (uint256 i = 0; i < setup.portfolioRisks.length; i++) {
            if (Portfolio.isModelled(setup.portfolioRisks[i])) Ruleset.setRisk(self.model, i, setup.portfolioRisks[i]);
        }
        for (uint256 i = 0; i < setup.risks.length; i++) self.risks.push(setup.risks[i]);
        for (uint256 i = 0; i < setup.prices.length; i++) self.prices[i] = setup.prices[i];
        for (uint256 i = 0; i < setup.optionRisks.length; i++) self.optionRisks[i] = setup.optionRisks[i];
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
