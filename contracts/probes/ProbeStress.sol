// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "../Correlation.sol";
import {Level} from "../Standard.sol";
import {Ruleset} from "../Ruleset.sol";
import {Stress} from "../Stress.sol";

/// @notice Exposes the functions of Stress; the parameters are given as values.
contract ProbeStress {
    Stress private immutable stress = new Stress();

    function judge(Stress.HeldExposures memory held, Ruleset.ModelParameters memory data, uint256 quoteWad)
        external
        returns (Correlation.PortfolioRequirement memory)
    {
        return stress.judge(held, Ruleset.write(data), quoteWad);
    }

    function assess(Stress.HeldExposures memory held, Ruleset.ModelParameters memory data, uint256 quoteWad)
        external
        returns (Correlation.PortfolioRequirement memory verdict, Correlation.ScenarioLossTable memory found)
    {
        bytes memory losses;
        (verdict, losses) = stress.assess(held, Ruleset.write(data), quoteWad);
        found = abi.decode(losses, (Correlation.ScenarioLossTable));
    }

    function reassess(
        Stress.HeldExposures memory held,
        bool[] memory changed,
        Correlation.ScenarioLossTable memory losses,
        Ruleset.ModelParameters memory data,
        uint256 quoteWad
    ) external returns (Correlation.PortfolioRequirement memory) {
        return stress.reassess(held, changed, abi.encode(losses), Ruleset.write(data), quoteWad);
    }

    function requirement(Stress.HeldExposures memory held, Ruleset.ModelParameters memory data, uint256 quoteWad, Level level)
        external
        returns (uint256)
    {
        return stress.requirement(held, Ruleset.write(data), quoteWad, level);
    }

    function outlook(Stress.HeldExposures memory held, Ruleset.ModelParameters memory data) external returns (Correlation.ScenarioLossTable memory) {
        return stress.outlook(held, Ruleset.write(data));
    }
}
