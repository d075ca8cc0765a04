// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Collateral} from "./Collateral.sol";
import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {Oracle} from "./Oracle.sol";
import {Store} from "./Store.sol";
import {Tightening} from "./Tightening.sol";

/// @notice Underlyings, expiries and collaterals that the vault lists, and their parameters, which change after a delay.
contract Listing is Store {
    /// @dev how far ahead an expiry may lie [seconds]
    uint256 internal constant MAX_TERM = 3650 days;

    event UnderlyingScheduled(address indexed sender, bytes32 name, Market.MarketRisk risk, uint256 effectiveAt);
    event UnderlyingListed(address indexed sender, bytes32 name, Market.MarketRisk risk, uint256 underlying);
    event ExpiryOpened(address indexed sender, uint256 indexed underlying, uint256 expiry);
    event CollateralScheduled(
        address indexed sender, address token, uint256 underlying, Collateral.HaircutTerms terms, uint256 effectiveAt
    );
    event CollateralListed(
        address indexed sender, address token, uint256 underlying, Collateral.HaircutTerms terms, uint256 decimals, uint256 collateral
    );
    event RiskScheduled(address indexed sender, uint256 indexed underlying, Market.MarketRisk risk, uint256 effectiveAt);
    event RiskEnacted(address indexed sender, uint256 indexed underlying, Market.MarketRisk risk, int256 fundingIndex);
    event OptionsScheduled(address indexed sender, uint256 indexed underlying, Market.OptionRisk risk, uint256 effectiveAt);
    event OptionsEnacted(address indexed sender, uint256 indexed underlying, Market.OptionRisk risk);
    event GuardScheduled(address indexed sender, uint256 indexed underlying, Oracle.PriceGuard guard, uint256 effectiveAt);
    event GuardEnacted(address indexed sender, uint256 indexed underlying, Oracle.PriceGuard guard);
    event HaircutScheduled(address indexed sender, uint256 indexed collateral, Collateral.HaircutTerms terms, uint256 effectiveAt);
    event HaircutEnacted(address indexed sender, uint256 indexed collateral, Collateral.HaircutTerms terms);

    /// @notice Announces an underlying and the perp on it.
    /// @param name name in the notation of traders
    /// @param risk parameters of the underlying
    /// @custom:reverts NotOwner, ParameterOutOfRange, TooEarly
    function scheduleUnderlying(bytes32 name, Market.MarketRisk calldata risk) external {
        requireOwner(msg.sender);
        Market.requireValid(risk);
        uint256 dueAt = schedule(keccak256(abi.encode("underlying", name, risk)));
        emit UnderlyingScheduled(msg.sender, name, risk, dueAt);
    }

    /// @notice Lists an underlying and the perp on it.
    /// @dev at once before the vault is sealed: no account has anything to lose yet; then as it was announced
    /// @param name name in the notation of traders
    /// @param risk parameters of the underlying
    /// @custom:reverts NotOwner, ParameterOutOfRange, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly, TooManyUnderlyings
    function listUnderlying(bytes32 name, Market.MarketRisk calldata risk) external {
        requireOwner(msg.sender);
        Market.requireValid(risk);
        admit(keccak256(abi.encode("underlying", name, risk)));
        uint256 count = ledger.risks.length;
        if (count == Market.MAX_UNDERLYINGS) revert MarketErrors.TooManyUnderlyings(count + 1, Market.MAX_UNDERLYINGS);
        ledger.names.push(name);
        ledger.risks.push(risk);
        emit UnderlyingListed(msg.sender, name, risk, count);
    }

    /// @notice Opens an expiry of an underlying: its future, and its options where the underlying has any.
    /// @dev takes effect at once: no account is exposed to it yet; the window of its settlement must lie ahead
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    /// @custom:reverts NotOwner, UnknownUnderlying, StalePrice, ExpiryOutOfRange, ExpiryListed, TooManyExpiries
    function openExpiry(uint256 underlying, uint256 expiry) external {
        requireOwner(msg.sender);
        requireUnderlying(underlying);
        Ledger.requireFresh(ledger, underlying);
        uint256 lowAt = block.timestamp + Oracle.WINDOW + 1;
        uint256 highAt = Fixed.min(block.timestamp + MAX_TERM, type(uint40).max);
        if (expiry < lowAt || expiry > highAt) revert MarketErrors.ExpiryOutOfRange(expiry, lowAt, highAt);
        Oracle.Curve storage curve = ledger.curves[Market.termOf(underlying, expiry)];
        if (curve.listedAt != 0) revert MarketErrors.ExpiryListed(underlying, expiry);
        uint256 count = ledger.expiries[underlying].length + 1;
        if (count > Market.MAX_EXPIRIES) revert MarketErrors.TooManyExpiries(count, Market.MAX_EXPIRIES);
        curve.listedAt = uint64(block.timestamp);
        ledger.expiries[underlying].push(expiry);
        emit ExpiryOpened(msg.sender, underlying, expiry);
    }

    /// @notice Announces a token as collateral.
    /// @param token token
    /// @param underlying number of the underlying that prices it
    /// @param terms haircut terms
    /// @custom:reverts NotOwner, UnknownUnderlying, ParameterOutOfRange, TooEarly
    function scheduleCollateral(address token, uint256 underlying, Collateral.HaircutTerms calldata terms) external {
        requireOwner(msg.sender);
        requireUnderlying(underlying);
        Collateral.requireValid(terms);
        uint256 dueAt = schedule(keccak256(abi.encode("collateral", token, underlying, terms)));
        emit CollateralScheduled(msg.sender, token, underlying, terms, dueAt);
    }

    /// @notice Lists a token as collateral.
    /// @dev at once before the vault is sealed: there is nothing to borrow against it yet; then as it was announced
    /// @param token token
    /// @param underlying number of the underlying that prices it
    /// @param terms haircut terms
    /// @custom:reverts NotOwner, UnknownUnderlying, ParameterOutOfRange, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly, TooManyCollaterals, TokenListed, TooManyDecimals
    function listCollateral(address token, uint256 underlying, Collateral.HaircutTerms calldata terms) external {
        requireOwner(msg.sender);
        requireUnderlying(underlying);
        Collateral.requireValid(terms);
        admit(keccak256(abi.encode("collateral", token, underlying, terms)));
        uint256 count = ledger.assets.length;
        if (count == Collateral.MAX_COLLATERALS) revert MarketErrors.TooManyCollaterals(count + 1, Collateral.MAX_COLLATERALS);
        if (token == ledger.cash.token) revert MarketErrors.TokenListed(token);
        for (uint256 i = 0; i < count; i++) {
            if (ledger.assets[i].token == token) revert MarketErrors.TokenListed(token);
        }
        uint8 decimals = Collateral.requireDecimals(token);
        ledger.assets.push(Collateral.Asset(token, decimals, uint8(underlying), terms, 0));
        emit CollateralListed(msg.sender, token, underlying, terms, decimals, count);
    }

    /// @notice Announces new risk parameters of an underlying.
    /// @param underlying number of the underlying
    /// @param risk parameters of the underlying
    /// @custom:reverts NotOwner, UnknownUnderlying, ParameterOutOfRange, TooEarly
    function scheduleRisk(uint256 underlying, Market.MarketRisk calldata risk) external {
        requireOwner(msg.sender);
        requireUnderlying(underlying);
        Market.requireValid(risk);
        uint256 dueAt = schedule(keccak256(abi.encode("risk", underlying, risk)));
        emit RiskScheduled(msg.sender, underlying, risk, dueAt);
    }

    /// @notice Puts announced risk parameters of an underlying into force, or tighter ones.
    /// @param underlying number of the underlying
    /// @param risk parameters of the underlying
    /// @custom:reverts NotOwner, ParameterOutOfRange, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactRisk(uint256 underlying, Market.MarketRisk calldata risk) external {
        requireOwner(msg.sender);
        bool atOnce = underlying < ledger.risks.length && Tightening.isTighterRisk(ledger.risks[underlying], risk);
        if (atOnce) Market.requireValid(risk);
        permit(keccak256(abi.encode("risk", underlying, risk)), atOnce);
        int256 index = Ledger.accrueFunding(ledger, underlying);
        if (ledger.risks[underlying].heartbeatSecs != risk.heartbeatSecs) ledger.biddableSince = uint64(block.timestamp);
        ledger.risks[underlying] = risk;
        emit RiskEnacted(msg.sender, underlying, risk, index);
    }

    /// @notice Announces new risk parameters of the options on an underlying.
    /// @param underlying number of the underlying
    /// @param risk parameters of the options on an underlying
    /// @custom:reverts NotOwner, UnknownUnderlying, ParameterOutOfRange, TooEarly
    function scheduleOptions(uint256 underlying, Market.OptionRisk calldata risk) external {
        requireOwner(msg.sender);
        requireUnderlying(underlying);
        Market.requireValidOptions(risk);
        uint256 dueAt = schedule(keccak256(abi.encode("options", underlying, risk)));
        emit OptionsScheduled(msg.sender, underlying, risk, dueAt);
    }

    /// @notice Puts announced risk parameters of the options on an underlying into force, or tighter ones.
    /// @param underlying number of the underlying
    /// @param risk parameters of the options on an underlying
    /// @custom:reverts NotOwner, ParameterOutOfRange, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactOptions(uint256 underlying, Market.OptionRisk calldata risk) external {
        requireOwner(msg.sender);
        bool atOnce = Tightening.isTighterOptions(ledger.optionRisks[underlying], risk);
        if (atOnce) Market.requireValidOptions(risk);
        permit(keccak256(abi.encode("options", underlying, risk)), atOnce);
        if (ledger.optionRisks[underlying].heartbeatSecs != risk.heartbeatSecs) ledger.biddableSince = uint64(block.timestamp);
        ledger.optionRisks[underlying] = risk;
        emit OptionsEnacted(msg.sender, underlying, risk);
    }

    /// @notice Announces a new price guard of an underlying.
    /// @param underlying number of the underlying
    /// @param guard price guard
    /// @custom:reverts NotOwner, UnknownUnderlying, ParameterOutOfRange, TooEarly
    function scheduleGuard(uint256 underlying, Oracle.PriceGuard calldata guard) external {
        requireOwner(msg.sender);
        requireUnderlying(underlying);
        Oracle.requireValid(guard);
        uint256 dueAt = schedule(keccak256(abi.encode("guard", underlying, guard)));
        emit GuardScheduled(msg.sender, underlying, guard, dueAt);
    }

    /// @notice Puts an announced price guard of an underlying into force.
    /// @param underlying number of the underlying
    /// @param guard price guard
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactGuard(uint256 underlying, Oracle.PriceGuard calldata guard) external {
        requireOwner(msg.sender);
        enact(keccak256(abi.encode("guard", underlying, guard)));
        ledger.guards[underlying] = guard;
        emit GuardEnacted(msg.sender, underlying, guard);
    }

    /// @notice Announces new haircut terms of a collateral.
    /// @param collateral number of the collateral
    /// @param terms haircut terms
    /// @custom:reverts NotOwner, UnknownCollateral, ParameterOutOfRange, TooEarly
    function scheduleHaircut(uint256 collateral, Collateral.HaircutTerms calldata terms) external {
        requireOwner(msg.sender);
        requireCollateral(collateral);
        Collateral.requireValid(terms);
        uint256 dueAt = schedule(keccak256(abi.encode("haircut", collateral, terms)));
        emit HaircutScheduled(msg.sender, collateral, terms, dueAt);
    }

    /// @notice Puts announced haircut terms of a collateral into force, or tighter ones.
    /// @param collateral number of the collateral
    /// @param terms haircut terms
    /// @custom:reverts NotOwner, ParameterOutOfRange, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactHaircut(uint256 collateral, Collateral.HaircutTerms calldata terms) external {
        requireOwner(msg.sender);
        bool atOnce = collateral < ledger.assets.length && Tightening.isTighterHaircut(ledger.assets[collateral].terms, terms);
        if (atOnce) Collateral.requireValid(terms);
        permit(keccak256(abi.encode("haircut", collateral, terms)), atOnce);
        ledger.assets[collateral].terms = terms;
        emit HaircutEnacted(msg.sender, collateral, terms);
    }
}
