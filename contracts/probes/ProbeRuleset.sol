// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ruleset} from "../Ruleset.sol";
import {Portfolio} from "../Portfolio.sol";

/// @notice Exposes the functions of Ruleset; each call has parameters of its own.
contract ProbeRuleset {
    Ruleset.StoredModel[] private kept;

    function read(Ruleset.ModelParameters memory data) external returns (Ruleset.ModelParameters memory) {
        return Ruleset.read(data.risks.length == 0 ? address(0) : Ruleset.write(data));
    }

    function write(Ruleset.ModelParameters memory held) external returns (Ruleset.ModelParameters memory) {
        return Ruleset.read(Ruleset.write(held));
    }

    function riskOf(Ruleset.ModelParameters memory self, uint256 underlying) external pure returns (Portfolio.PortfolioRisk memory) {
        return Ruleset.riskOf(self, underlying);
    }

    function isModelled(Ruleset.ModelParameters memory self, uint256 underlying) external returns (bool) {
        return Ruleset.isModelled(_stored(self), underlying);
    }

    function setRules(Ruleset.ModelParameters memory self, Ruleset.Rules memory rules)
        external
        returns (Ruleset.ModelParameters memory, uint256, bool)
    {
        Ruleset.StoredModel storage stored = _stored(self);
        Ruleset.setRules(stored, rules);
        return (Ruleset.read(stored.data), stored.modelled, stored.hasRules);
    }

    function setRisk(Ruleset.ModelParameters memory self, uint256 underlying, Portfolio.PortfolioRisk memory risk)
        external
        returns (Ruleset.ModelParameters memory, uint256, bool)
    {
        Ruleset.StoredModel storage stored = _stored(self);
        Ruleset.setRisk(stored, underlying, risk);
        return (Ruleset.read(stored.data), stored.modelled, stored.hasRules);
    }

    function _stored(Ruleset.ModelParameters memory self) private returns (Ruleset.StoredModel storage stored) {
        stored = kept.push();
        if (self.risks.length == 0) return stored;
        stored.data = Ruleset.write(self);
        stored.hasRules = self.rules.scenarios.length != 0;
        for (uint256 i = 0; i < self.risks.length; i++) {
            if (Portfolio.isModelled(self.risks[i])) stored.modelled |= uint64(1 << i);
        }
    }
}
