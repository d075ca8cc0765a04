// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "./Correlation.sol";
import {Fixed} from "./Fixed.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

/// @notice Parameters of portfolio margin, kept as the code of a contract: one copy reads them all.
library Ruleset {
    /// @notice Rules of portfolio margin, shared by all underlyings.
    /// @dev scenarios: of every underlying; terms, matrix: aggregate the losses of underlyings
    struct Rules {
        Shock.Scenario[] scenarios;
        Correlation.LossTerms terms;
        Correlation.Matrix matrix;
    }

    /// @notice Parameters of portfolio margin.
    /// @dev risks: by number of the underlying; one that is not modelled, and one beyond the last, has none
    struct ModelParameters {
        Rules rules;
        Portfolio.PortfolioRisk[] risks;
    }

    /// @notice Where the parameters of portfolio margin are kept.
    /// @dev data: contract whose code they are, none before the first; modelled: bit of each underlying that has parameters; hasRules: whether
    /// there are scenarios
    struct StoredModel {
        address data;
        uint64 modelled;
        bool hasRules;
    }

    /// @notice Parameters of portfolio margin in force.
    /// @param data contract whose code they are, or none
    function read(address data) internal view returns (ModelParameters memory held) {
        if (data == address(0)) return held;
        return abi.decode(SSTORE2.read(data), (ModelParameters));
    }

    /// @notice Parameters of portfolio margin of an underlying; all zero where it has none.
    /// @param self parameters of portfolio margin
    /// @param underlying number of the underlying
    function riskOf(ModelParameters memory self, uint256 underlying) internal pure returns (Portfolio.PortfolioRisk memory risk) {
        if (underlying < self.risks.length) risk = self.risks[underlying];
    }

    /// @notice Whether an underlying has parameters of portfolio margin.
    /// @param self where they are kept
    /// @param underlying number of the underlying
    function isModelled(StoredModel memory self, uint256 underlying) internal pure returns (bool) {
        return Fixed.bits(self.modelled, underlying, 1) != 0;
    }

    /// @notice Replaces the rules.
    /// @param self where they are kept
    /// @param rules rules of portfolio margin
    function setRules(StoredModel storage self, Rules memory rules) internal {
        ModelParameters memory held = read(self.data);
        held.rules = rules;
        self.hasRules = rules.scenarios.length != 0;
        self.data = write(held);
    }

    /// @notice Replaces the parameters of an underlying.
    /// @param self where they are kept
    /// @param underlying number of the underlying
    /// @param risk portfolio margin parameters of the underlying
    function setRisk(StoredModel storage self, uint256 underlying, Portfolio.PortfolioRisk memory risk) internal {
        ModelParameters memory held = read(self.data);
        uint256 count = Fixed.max(held.risks.length, underlying + 1);
        Portfolio.PortfolioRisk[] memory risks = new Portfolio.PortfolioRisk[](count);
        for (uint256 i = 0; i < count; i++) risks[i] = i == underlying ? risk : riskOf(held, i);
        held.risks = risks;
        self.modelled = uint64(Fixed.withBit(self.modelled, underlying));
        self.data = write(held);
    }

    /// @notice Keeps parameters of portfolio margin as the code of a new contract.
    /// @param held parameters of portfolio margin
    function write(ModelParameters memory held) internal returns (address) {
        return SSTORE2.write(abi.encode(held));
    }
}
