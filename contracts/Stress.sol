// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "./Correlation.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {Level} from "./Standard.sol";

/// @notice Portfolio margin of an account: a contract of its own without any storage, because no other has room for its code.
contract Stress {
    /// @notice How portfolio margin is asked for, in every underlying alike.
    /// @dev scenarios: what might happen; terms, matrix: how losses of underlyings add up
    struct Rules {
        Shock.Scenario[] scenarios;
        Correlation.LossTerms terms;
        Correlation.Matrix matrix;
    }

    /// @notice What an account must hold by portfolio margin.
    /// @dev initialWad, maintenanceWad: requirement; sumWad: losses of all underlyings, each alone; lossInitialWad, lossMaintenanceWad: loss
    /// of all together [wad]
    struct PortfolioRequirement {
        uint256 initialWad;
        uint256 maintenanceWad;
        uint256 sumWad;
        uint256 lossInitialWad;
        uint256 lossMaintenanceWad;
    }

    /// @notice What an account must hold by portfolio margin.
    /// @param stakes what is at stake, by number of the underlying
    /// @param rules how portfolio margin is asked for
    /// @param quoteWad price of the quote token [wad]
    function judge(Portfolio.PortfolioExposure[] memory stakes, Rules memory rules, uint256 quoteWad) external pure returns (PortfolioRequirement memory verdict) {
        Correlation.ScenarioLossTable memory found = Correlation.outlook(stakes, rules.scenarios);
        verdict.sumWad = Correlation.sum(found.legs);
        verdict.lossInitialWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Initial);
        verdict.lossMaintenanceWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Maintenance);
        verdict.initialWad = Correlation.requirement(found, stakes, rules.terms, rules.matrix, quoteWad, Level.Initial);
        verdict.maintenanceWad = Correlation.requirement(found, stakes, rules.terms, rules.matrix, quoteWad, Level.Maintenance);
    }

    /// @notice What an account loses in each scenario, by underlying and in all.
    /// @param stakes what is at stake, by number of the underlying
    /// @param rules how portfolio margin is asked for
    function outlook(Portfolio.PortfolioExposure[] memory stakes, Rules memory rules) external pure returns (Correlation.ScenarioLossTable memory) {
        return Correlation.outlook(stakes, rules.scenarios);
    }
}
