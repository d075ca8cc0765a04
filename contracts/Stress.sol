// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "./Correlation.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {Level} from "./Standard.sol";

/// @notice Portfolio margin of an account: a contract without storage, because no other has room for its code.
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

    /// @notice Portfolio margin requirement of an account.
    /// @param stakes exposures by number of the underlying
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    function judge(Portfolio.PortfolioExposure[] memory stakes, Rules memory rules, uint256 quoteWad) external pure returns (PortfolioRequirement memory verdict) {
        Correlation.ScenarioLossTable memory found = Correlation.outlook(stakes, rules.scenarios);
        verdict.sumWad = Correlation.sum(found.legs);
        verdict.lossInitialWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Initial);
        verdict.lossMaintenanceWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Maintenance);
        verdict.initialWad = Correlation.requirement(found, stakes, rules.terms, rules.matrix, quoteWad, Level.Initial);
        verdict.maintenanceWad = Correlation.requirement(found, stakes, rules.terms, rules.matrix, quoteWad, Level.Maintenance);
    }

    /// @notice Losses of an account in each scenario, by underlying and in total.
    /// @param stakes exposures by number of the underlying
    /// @param rules rules of portfolio margin
    function outlook(Portfolio.PortfolioExposure[] memory stakes, Rules memory rules) external pure returns (Correlation.ScenarioLossTable memory) {
        return Correlation.outlook(stakes, rules.scenarios);
    }
}
