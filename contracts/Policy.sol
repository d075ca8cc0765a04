// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Correlation} from "./Correlation.sol";
import {Ruleset} from "./Ruleset.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {Store} from "./Store.sol";

/// @notice The parameters of portfolio margin: announced by the owner, in force after the delay.
contract Policy is Store {
    event PortfolioScheduled(address indexed sender, uint256 indexed underlying, Portfolio.PortfolioRisk risk, uint256 effectiveAt);
    event PortfolioEnacted(address indexed sender, uint256 indexed underlying, Portfolio.PortfolioRisk risk);
    event RulesScheduled(address indexed sender, Ruleset.Rules rules, uint256 effectiveAt);
    event RulesEnacted(address indexed sender, Ruleset.Rules rules);

    /// @notice Announces new portfolio margin parameters of an underlying.
    /// @param underlying number of the underlying
    /// @param risk portfolio margin parameters of an underlying
    /// @custom:reverts NotOwner, UnknownUnderlying, ParameterOutOfRange, TooEarly
    function schedulePortfolio(uint256 underlying, Portfolio.PortfolioRisk calldata risk) external {
        requireOwner(msg.sender);
        requireUnderlying(underlying);
        Portfolio.requireValid(risk);
        uint256 dueAt = schedule(keccak256(abi.encode("portfolio", underlying, risk)));
        emit PortfolioScheduled(msg.sender, underlying, risk, dueAt);
    }

    /// @notice Puts announced portfolio margin parameters of an underlying into force.
    /// @param underlying number of the underlying
    /// @param risk portfolio margin parameters of an underlying
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactPortfolio(uint256 underlying, Portfolio.PortfolioRisk calldata risk) external {
        requireOwner(msg.sender);
        enact(keccak256(abi.encode("portfolio", underlying, risk)));
        Ruleset.setRisk(ledger.model, underlying, risk);
        emit PortfolioEnacted(msg.sender, underlying, risk);
    }

    /// @notice Announces new rules of portfolio margin.
    /// @param rules rules of portfolio margin
    /// @custom:reverts NotOwner, ParameterOutOfRange, TooEarly
    function scheduleRules(Ruleset.Rules calldata rules) external {
        requireOwner(msg.sender);
        Shock.requireScenarios(rules.scenarios);
        Correlation.requireValid(rules.terms);
        Correlation.requireMatrix(rules.matrix);
        uint256 dueAt = schedule(keccak256(abi.encode("rules", rules)));
        emit RulesScheduled(msg.sender, rules, dueAt);
    }

    /// @notice Puts announced rules of portfolio margin into force.
    /// @param rules rules of portfolio margin
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactRules(Ruleset.Rules calldata rules) external {
        requireOwner(msg.sender);
        enact(keccak256(abi.encode("rules", rules)));
        Ruleset.setRules(ledger.model, rules);
        emit RulesEnacted(msg.sender, rules);
    }
}
