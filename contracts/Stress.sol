// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "./Correlation.sol";
import {Margin} from "./Margin.sol";
import {Option} from "./Option.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {Stakes} from "./Stakes.sol";
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

    /// @notice Exposures of an account that portfolio margin is computed from.
    /// @dev stakes: perps and futures, by number of the underlying; holdings: valued collateral; lines: options
    struct HeldExposures {
        Portfolio.PortfolioExposure[] stakes;
        Margin.Holding[] holdings;
        Standard.HeldOption[] lines;
    }

    /// @notice Portfolio margin requirement of an account at both levels.
    /// @param held exposures of the account
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    function judge(HeldExposures memory held, Rules memory rules, uint256 quoteWad) external pure returns (Correlation.PortfolioRequirement memory verdict) {
        Correlation.ScenarioLossTable memory found = _outlook(held, rules);
        verdict.sumWad = Correlation.sum(found.legs);
        verdict.lossInitialWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Initial);
        verdict.lossMaintenanceWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Maintenance);
        verdict.initialWad = Correlation.requirement(held.stakes, verdict.lossInitialWad, rules.terms, quoteWad, Level.Initial);
        verdict.maintenanceWad = Correlation.requirement(held.stakes, verdict.lossMaintenanceWad, rules.terms, quoteWad, Level.Maintenance);
    }

    /// @notice Portfolio margin requirement of an account, with the losses that it is computed from.
    /// @param held exposures of the account
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    function assess(HeldExposures memory held, Rules memory rules, uint256 quoteWad, Level level)
        external
        pure
        returns (uint256 requiredWad, Correlation.ScenarioLossTable memory found)
    {
        found = _outlook(held, rules);
        requiredWad = _requirement(found, held.stakes, rules, quoteWad, level);
    }

    /// @notice Portfolio margin requirement of an account that differs from an assessed one in some underlyings.
    /// @dev that of `assess`, to the wei: the losses of all other underlyings are those found
    /// @param held exposures of the account
    /// @param changed whether the exposure differs from the assessed one, by number of the underlying
    /// @param found losses of the assessed account
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    function reassess(
        HeldExposures memory held,
        bool[] memory changed,
        Correlation.ScenarioLossTable memory found,
        Rules memory rules,
        uint256 quoteWad,
        Level level
    ) external pure returns (uint256) {
        Stakes.gather(held.stakes, held.holdings, held.lines);
        for (uint256 i = 0; i < changed.length; i++) {
            if (changed[i]) Correlation.enter(found, i, held.stakes[i], rules.scenarios);
        }
        found.jointWad = Correlation.joint(found.profitsWad, rules.scenarios.length);
        return _requirement(found, held.stakes, rules, quoteWad, level);
    }

    /// @notice Losses of an account in each scenario, by underlying and in total.
    /// @param held exposures of the account
    /// @param rules rules of portfolio margin
    function outlook(HeldExposures memory held, Rules memory rules) external pure returns (Correlation.ScenarioLossTable memory) {
        return _outlook(held, rules);
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

    /// @notice Losses of an account, whose collateral and options are added to its exposures.
    /// @param held exposures of the account
    /// @param rules rules of portfolio margin
    function _outlook(HeldExposures memory held, Rules memory rules) private pure returns (Correlation.ScenarioLossTable memory) {
        Stakes.gather(held.stakes, held.holdings, held.lines);
        return Correlation.outlook(held.stakes, rules.scenarios);
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
