// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Caps} from "./Caps.sol";
import {Correlation} from "./Correlation.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {Ruleset} from "./Ruleset.sol";
import {Portfolio} from "./Portfolio.sol";
import {Shock} from "./Shock.sol";
import {Store} from "./Store.sol";

/// @notice Parameters of portfolio margin and the caps of the vault: announced by the owner, in force after the delay.
contract Policy is Store {
    event PortfolioScheduled(address indexed sender, uint256 indexed underlying, Portfolio.PortfolioRisk risk, uint256 effectiveAt);
    event PortfolioEnacted(address indexed sender, uint256 indexed underlying, Portfolio.PortfolioRisk risk);
    event RulesScheduled(address indexed sender, Ruleset.Rules rules, uint256 effectiveAt);
    event RulesEnacted(address indexed sender, Ruleset.Rules rules);
    event CapScheduled(address indexed sender, bytes32 indexed what, uint256 indexed number, uint256 amount, uint256 effectiveAt);
    event CapEnacted(address indexed sender, bytes32 indexed what, uint256 indexed number, uint256 amount);

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

    /// @notice Announces a cap of the vault.
    /// @param what BORROWING, COLLATERAL or INTEREST
    /// @param number number of the collateral or the underlying, 0 for borrowing
    /// @param amount largest amount, 0: no cap [wad, of a collateral raw]
    /// @custom:reverts NotOwner, UnknownCap, ParameterOutOfRange, UnknownCollateral, UnknownUnderlying, TooEarly
    function scheduleCap(bytes32 what, uint256 number, uint256 amount) external {
        requireOwner(msg.sender);
        requireCapped(what, number);
        uint256 dueAt = schedule(keccak256(abi.encode("cap", what, number, amount)));
        emit CapScheduled(msg.sender, what, number, amount, dueAt);
    }

    /// @notice Sets a cap of the vault.
    /// @dev in a sealed vault a looser one as it was announced, a tighter one at once: it takes nothing from anybody
    /// @param what BORROWING, COLLATERAL or INTEREST
    /// @param number number of the collateral or the underlying, 0 for borrowing
    /// @param amount largest amount, 0: no cap [wad, of a collateral raw]
    /// @custom:reverts NotOwner, UnknownCap, ParameterOutOfRange, UnknownCollateral, UnknownUnderlying, VaultPaused, NotScheduled,
    /// AnnouncementLapsed, TooEarly
    function enactCap(bytes32 what, uint256 number, uint256 amount) external {
        requireOwner(msg.sender);
        requireCapped(what, number);
        bool atOnce = !isSealed || !Caps.isLooser(amount, ledger.caps.limits[what][number]);
        permit(keccak256(abi.encode("cap", what, number, amount)), atOnce);
        ledger.caps.limits[what][number] = amount;
        emit CapEnacted(msg.sender, what, number, amount);
    }

    /// @notice Requires a cap that the vault has.
    /// @param what BORROWING, COLLATERAL or INTEREST
    /// @param number number of the collateral or the underlying, 0 for borrowing
    /// @custom:reverts UnknownCap, ParameterOutOfRange, UnknownCollateral, UnknownUnderlying
    function requireCapped(bytes32 what, uint256 number) internal view {
        if (what == Caps.COLLATERAL) return requireCollateral(number);
        if (what == Caps.INTEREST) return requireUnderlying(number);
        if (what != Caps.BORROWING) revert MarketErrors.UnknownCap(what);
        Market.requireWithin("number", number, 0, 0);
    }
}
