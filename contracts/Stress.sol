// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "./Correlation.sol";
import {Option} from "./Option.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {Level, Standard} from "./Standard.sol";

/// @notice Portfolio margin, marks and greeks: a contract without storage, because no other has room for its code.
contract Stress {
    /// @notice Rules of portfolio margin, shared by all underlyings.
    /// @dev scenarios: of every underlying; terms, matrix: aggregate the losses of underlyings
    struct Rules {
        Shock.Scenario[] scenarios;
        Correlation.LossTerms terms;
        Correlation.Matrix matrix;
    }

    /// @notice Portfolio margin requirement of an account.
    /// @dev initialWad, maintenanceWad: requirement; sumWad: losses of all underlyings, each alone; lossInitialWad, lossMaintenanceWad: loss
    /// of all together [wad]
    struct PortfolioRequirement {
        uint256 initialWad;
        uint256 maintenanceWad;
        uint256 sumWad;
        uint256 lossInitialWad;
        uint256 lossMaintenanceWad;
    }

    /// @notice Portfolio margin requirement of an account at both levels.
    /// @param stakes exposures by number of the underlying
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    function judge(Portfolio.PortfolioExposure[] memory stakes, Rules memory rules, uint256 quoteWad) external pure returns (PortfolioRequirement memory verdict) {
        Correlation.ScenarioLossTable memory found = Correlation.outlook(stakes, rules.scenarios);
        verdict.sumWad = Correlation.sum(found.legs);
        verdict.lossInitialWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Initial);
        verdict.lossMaintenanceWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Maintenance);
        verdict.initialWad = Correlation.requirement(stakes, verdict.lossInitialWad, rules.terms, quoteWad, Level.Initial);
        verdict.maintenanceWad = Correlation.requirement(stakes, verdict.lossMaintenanceWad, rules.terms, quoteWad, Level.Maintenance);
    }

    /// @notice Portfolio margin requirement of an account.
    /// @param stakes exposures by number of the underlying
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    function requirement(Portfolio.PortfolioExposure[] memory stakes, Rules memory rules, uint256 quoteWad, Level level) external pure returns (uint256) {
        return _requirement(Correlation.outlook(stakes, rules.scenarios), stakes, rules, quoteWad, level);
    }

    /// @notice Portfolio margin requirements of an account after and before a change of some underlyings.
    /// @dev `requirement` of both, to the wei: the losses of all other underlyings are computed once
    /// @param stakes exposures after the change, by number of the underlying
    /// @param places numbers of the underlyings that change
    /// @param formers their exposures before the change, in the same order
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    function requirements(
        Portfolio.PortfolioExposure[] memory stakes,
        uint256[] memory places,
        Portfolio.PortfolioExposure[] memory formers,
        Rules memory rules,
        uint256 quoteWad,
        Level level
    ) external pure returns (uint256 afterWad, uint256 beforeWad) {
        Correlation.ScenarioLossTable memory found = Correlation.outlook(stakes, rules.scenarios);
        afterWad = _requirement(found, stakes, rules, quoteWad, level);
        for (uint256 k = 0; k < places.length; k++) {
            stakes[places[k]] = formers[k];
            Correlation.enter(found, places[k], formers[k], rules.scenarios);
        }
        found.jointWad = Correlation.joint(found.profitsWad, rules.scenarios.length);
        beforeWad = _requirement(found, stakes, rules, quoteWad, level);
    }

    /// @notice Losses of an account in each scenario, by underlying and in total.
    /// @param stakes exposures by number of the underlying
    /// @param rules rules of portfolio margin
    function outlook(Portfolio.PortfolioExposure[] memory stakes, Rules memory rules) external pure returns (Correlation.ScenarioLossTable memory) {
        return Correlation.outlook(stakes, rules.scenarios);
    }

    /// @notice Mark prices of some options.
    /// @dev Black-76 at the forward, vol and rate of each; its mark price is not read
    /// @param lines options
    function marks(Standard.HeldOption[] memory lines) external pure returns (uint256[] memory found) {
        found = new uint256[](lines.length);
        for (uint256 i = 0; i < lines.length; i++) found[i] = Option.price(_terms(lines[i]));
    }

    /// @notice Greeks of some options, each per one of it.
    /// @param lines options
    function greeks(Standard.HeldOption[] memory lines) external pure returns (Option.OptionGreeks[] memory found) {
        found = new Option.OptionGreeks[](lines.length);
        for (uint256 i = 0; i < lines.length; i++) found[i] = Option.greeks(_terms(lines[i]));
    }

    /// @notice Portfolio margin requirement of an account whose scenario losses are known.
    /// @param found scenario losses of the account
    /// @param stakes exposures by number of the underlying
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    function _requirement(
        Correlation.ScenarioLossTable memory found,
        Portfolio.PortfolioExposure[] memory stakes,
        Rules memory rules,
        uint256 quoteWad,
        Level level
    ) private pure returns (uint256) {
        uint256 lossWad = Correlation.loss(found, rules.terms, rules.matrix, level);
        return Correlation.requirement(stakes, lossWad, rules.terms, quoteWad, level);
    }

    /// @notice Inputs to the price of an option that an account holds.
    /// @param line option
    function _terms(Standard.HeldOption memory line) private pure returns (Option.OptionTerms memory) {
        uint256 discountWad = Option.discount(line.rateWad, line.secs);
        return Option.OptionTerms(line.forwardWad, line.strikeWad, line.volWad, line.secs, discountWad, line.isCall);
    }
}
