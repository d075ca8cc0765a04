// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "./Correlation.sol";
import {Margin} from "./Margin.sol";
import {Ruleset} from "./Ruleset.sol";
import {Portfolio} from "./Portfolio.sol";
import {Stakes} from "./Stakes.sol";
import {Level, Standard} from "./Standard.sol";

/// @notice Portfolio margin: a contract without storage, because no other has room for its code.
contract Stress {
    /// @notice What portfolio margin of an account is computed from.
    /// @dev stakes: perps and futures, by number of the underlying; holdings: valued collateral; lines: options; futures: each of them, with its expiry
    struct HeldExposures {
        Portfolio.Stake[] stakes;
        Margin.Holding[] holdings;
        Standard.HeldOption[] lines;
        Standard.HeldFuture[] futures;
    }

    /// @notice Portfolio margin requirement of an account at both levels.
    /// @param held what the account holds
    /// @param data parameters of portfolio margin, as code
    /// @param quoteWad price of the quote token [wad]
    function judge(HeldExposures memory held, address data, uint256 quoteWad) external view returns (Correlation.PortfolioRequirement memory) {
        Ruleset.ModelParameters memory model = Ruleset.read(data);
        Portfolio.PortfolioExposure[] memory exposures = _exposures(held, model);
        return _verdict(Correlation.outlook(exposures, model.rules.scenarios), exposures, model.rules, quoteWad);
    }

    /// @notice Portfolio margin requirement of an account at both levels, with the losses that it is computed from.
    /// @param held what the account holds
    /// @param data parameters of portfolio margin, as code
    /// @param quoteWad price of the quote token [wad]
    /// @return verdict requirement
    /// @return losses scenario losses of the account, encoded: `reassess` takes them as they are
    function assess(HeldExposures memory held, address data, uint256 quoteWad)
        external
        view
        returns (Correlation.PortfolioRequirement memory verdict, bytes memory losses)
    {
        Ruleset.ModelParameters memory model = Ruleset.read(data);
        Portfolio.PortfolioExposure[] memory exposures = _exposures(held, model);
        Correlation.ScenarioLossTable memory found = Correlation.outlook(exposures, model.rules.scenarios);
        verdict = _verdict(found, exposures, model.rules, quoteWad);
        losses = abi.encode(found);
    }

    /// @notice Portfolio margin requirement of an account that differs from an assessed one in some underlyings.
    /// @dev that of `assess`, to the wei: the losses of all other underlyings are those found
    /// @param held what the account holds
    /// @param changed whether the exposure differs from the assessed one, by number of the underlying
    /// @param losses scenario losses of the assessed account
    /// @param data parameters of portfolio margin, as code
    /// @param quoteWad price of the quote token [wad]
    function reassess(HeldExposures memory held, bool[] memory changed, bytes memory losses, address data, uint256 quoteWad)
        external
        view
        returns (Correlation.PortfolioRequirement memory)
    {
        Ruleset.ModelParameters memory model = Ruleset.read(data);
        Portfolio.PortfolioExposure[] memory exposures = _exposures(held, model);
        Correlation.ScenarioLossTable memory found = abi.decode(losses, (Correlation.ScenarioLossTable));
        for (uint256 i = 0; i < changed.length; i++) {
            if (changed[i]) Correlation.enter(found, i, exposures[i], model.rules.scenarios);
        }
        found.jointWad = Correlation.joint(found.profitsWad, model.rules.scenarios.length);
        return _verdict(found, exposures, model.rules, quoteWad);
    }

    /// @notice Portfolio margin requirement of an account at one level.
    /// @param held what the account holds
    /// @param data parameters of portfolio margin, as code
    /// @param quoteWad price of the quote token [wad]
    /// @param level initial or maintenance
    function requirement(HeldExposures memory held, address data, uint256 quoteWad, Level level) external view returns (uint256) {
        Ruleset.ModelParameters memory model = Ruleset.read(data);
        Portfolio.PortfolioExposure[] memory exposures = _exposures(held, model);
        Correlation.ScenarioLossTable memory found = Correlation.outlook(exposures, model.rules.scenarios);
        uint256 lossWad = Correlation.loss(found, model.rules.terms, model.rules.matrix, level);
        return Correlation.requirement(exposures, lossWad, model.rules.terms, quoteWad, level);
    }

    /// @notice Losses of an account in each scenario, by underlying and in total.
    /// @param held what the account holds
    /// @param data parameters of portfolio margin, as code
    function outlook(HeldExposures memory held, address data) external view returns (Correlation.ScenarioLossTable memory) {
        Ruleset.ModelParameters memory model = Ruleset.read(data);
        return Correlation.outlook(_exposures(held, model), model.rules.scenarios);
    }

    /// @notice Exposures of an account, by number of the underlying.
    /// @param held what the account holds
    /// @param model parameters of portfolio margin
    function _exposures(HeldExposures memory held, Ruleset.ModelParameters memory model) private pure returns (Portfolio.PortfolioExposure[] memory) {
        return Stakes.gather(held.stakes, held.holdings, held.lines, held.futures, model.risks);
    }

    /// @notice Portfolio margin requirement of an account whose scenario losses are known.
    /// @param found scenario losses of the account
    /// @param exposures exposures by number of the underlying
    /// @param rules rules of portfolio margin
    /// @param quoteWad price of the quote token [wad]
    function _verdict(
        Correlation.ScenarioLossTable memory found,
        Portfolio.PortfolioExposure[] memory exposures,
        Ruleset.Rules memory rules,
        uint256 quoteWad
    ) private pure returns (Correlation.PortfolioRequirement memory verdict) {
        verdict.sumWad = Correlation.sum(found.legs);
        verdict.lossInitialWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Initial);
        verdict.lossMaintenanceWad = Correlation.loss(found, rules.terms, rules.matrix, Level.Maintenance);
        verdict.initialWad = Correlation.requirement(exposures, verdict.lossInitialWad, rules.terms, quoteWad, Level.Initial);
        verdict.maintenanceWad = Correlation.requirement(exposures, verdict.lossMaintenanceWad, rules.terms, quoteWad, Level.Maintenance);
    }
}
