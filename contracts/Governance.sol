// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Liquidation} from "./Liquidation.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {Oracle} from "./Oracle.sol";
import {Store} from "./Store.sol";
import {Tightening} from "./Tightening.sol";

/// @notice Roles and parameters of the vault: two-step owner, guardian that pauses and cancels, changes after a delay.
contract Governance is Store {
    /// @dev how far ahead an expiry may lie [seconds]
    uint256 internal constant MAX_TERM = 3650 days;

    event OwnershipOffered(address indexed sender, address to);
    event OwnershipAccepted(address indexed sender);
    event GuardianScheduled(address indexed sender, address guardian, uint256 effectiveAt);
    event GuardianSet(address indexed sender, address guardian);
    event FeederSet(address indexed sender, address feeder, bool allowed);
    event Paused(address indexed sender);
    event Unpaused(address indexed sender);
    event Sealed(address indexed sender);
    event ChangesCancelled(address indexed sender);
    event UnderlyingListed(address indexed sender, bytes32 name, Market.MarketRisk risk, uint256 underlying);
    event FeederScheduled(address indexed sender, address feeder, uint256 effectiveAt);
    event UnderlyingScheduled(address indexed sender, bytes32 name, Market.MarketRisk risk, uint256 effectiveAt);
    event CollateralScheduled(
        address indexed sender, address token, uint256 underlying, Collateral.HaircutTerms terms, uint256 effectiveAt
    );
    event CollateralListed(
        address indexed sender, address token, uint256 underlying, Collateral.HaircutTerms terms, uint256 decimals, uint256 collateral
    );
    event RiskScheduled(address indexed sender, uint256 indexed underlying, Market.MarketRisk risk, uint256 effectiveAt);
    event RiskEnacted(address indexed sender, uint256 indexed underlying, Market.MarketRisk risk, int256 fundingIndex);
    event ExpiryOpened(address indexed sender, uint256 indexed underlying, uint256 expiry);
    event OptionsScheduled(address indexed sender, uint256 indexed underlying, Market.OptionRisk risk, uint256 effectiveAt);
    event OptionsEnacted(address indexed sender, uint256 indexed underlying, Market.OptionRisk risk);
    event GuardScheduled(address indexed sender, uint256 indexed underlying, Oracle.PriceGuard guard, uint256 effectiveAt);
    event GuardEnacted(address indexed sender, uint256 indexed underlying, Oracle.PriceGuard guard);
    event InterestScheduled(address indexed sender, Cash.Interest interest, uint256 effectiveAt);
    event InterestEnacted(address indexed sender, Cash.Interest interest);
    event HaircutScheduled(address indexed sender, uint256 indexed collateral, Collateral.HaircutTerms terms, uint256 effectiveAt);
    event HaircutEnacted(address indexed sender, uint256 indexed collateral, Collateral.HaircutTerms terms);
    event AuctionScheduled(address indexed sender, Liquidation.AuctionTerms terms, uint256 effectiveAt);
    event AuctionEnacted(address indexed sender, Liquidation.AuctionTerms terms);
    event DepegScheduled(address indexed sender, Cash.DepegTerms terms, uint256 effectiveAt);
    event DepegEnacted(address indexed sender, Cash.DepegTerms terms);

    /// @notice Offers the ownership of the vault.
    /// @param to proposed owner
    /// @custom:reverts NotOwner
    function offerOwnership(address to) external {
        requireOwner(msg.sender);
        pendingOwner = to;
        emit OwnershipOffered(msg.sender, to);
    }

    /// @notice Accepts the ownership of the vault.
    /// @custom:reverts NotPendingOwner
    function acceptOwnership() external {
        if (msg.sender != pendingOwner) revert AuthorityErrors.NotPendingOwner(msg.sender);
        owner = msg.sender;
        pendingOwner = address(0);
        emit OwnershipAccepted(msg.sender);
    }

    /// @notice Announces a guardian.
    /// @param to guardian
    /// @custom:reverts NotOwner, TooEarly
    function scheduleGuardian(address to) external {
        requireOwner(msg.sender);
        uint256 dueAt = schedule(keccak256(abi.encode("guardian", to)));
        emit GuardianScheduled(msg.sender, to, dueAt);
    }

    /// @notice Sets the guardian, who can pause and cancel announced changes.
    /// @dev the first at once; a sealed vault replaces it as announced, so that it is there for what is announced with its replacement
    /// @param to guardian
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function setGuardian(address to) external {
        requireOwner(msg.sender);
        if (guardian != address(0)) admit(keccak256(abi.encode("guardian", to)));
        guardian = to;
        emit GuardianSet(msg.sender, to);
    }

    /// @notice Announces a feeder.
    /// @param feeder feeder
    /// @custom:reverts NotOwner, TooEarly
    function scheduleFeeder(address feeder) external {
        requireOwner(msg.sender);
        uint256 dueAt = schedule(keccak256(abi.encode("feeder", feeder)));
        emit FeederScheduled(msg.sender, feeder, dueAt);
    }

    /// @notice Allows or forbids a feeder to publish prices.
    /// @dev a sealed vault allows one that was announced, and forbids any at once
    /// @param feeder feeder
    /// @param allowed whether it may
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function setFeeder(address feeder, bool allowed) external {
        requireOwner(msg.sender);
        if (allowed) admit(keccak256(abi.encode("feeder", feeder)));
        isFeeder[feeder] = allowed;
        emit FeederSet(msg.sender, feeder, allowed);
    }

    /// @notice Pauses new risk, withdrawals and liquidations.
    /// @custom:reverts NotGuardian
    function pause() external {
        requireGuardian(msg.sender);
        paused = true;
        emit Paused(msg.sender);
    }

    /// @notice Unpauses the vault.
    /// @custom:reverts NotOwner
    function unpause() external {
        requireOwner(msg.sender);
        if (paused) openSince = uint40(block.timestamp);
        if (paused) ledger.biddableSince = uint64(block.timestamp);
        paused = false;
        emit Unpaused(msg.sender);
    }

    /// @notice Seals the vault: from now on what is added waits for its delay.
    /// @dev the first deposit of an account seals it, too; no door takes the seal off
    /// @custom:reverts NotOwner
    function seal() external {
        requireOwner(msg.sender);
        isSealed = true;
        emit Sealed(msg.sender);
    }

    /// @notice Cancels every change that is announced.
    /// @dev all in one call, so that it outruns a stolen key that announces many
    /// @custom:reverts NotGuardian
    function cancelChanges() external {
        requireGuardian(msg.sender);
        cancelledAt = uint40(block.timestamp);
        emit ChangesCancelled(msg.sender);
    }

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

    /// @notice Announces new auction terms.
    /// @param terms auction terms
    /// @custom:reverts NotOwner, ParameterOutOfRange, TooEarly
    function scheduleAuction(Liquidation.AuctionTerms calldata terms) external {
        requireOwner(msg.sender);
        Liquidation.requireValid(terms);
        uint256 dueAt = schedule(keccak256(abi.encode("auction", terms)));
        emit AuctionScheduled(msg.sender, terms, dueAt);
    }

    /// @notice Puts announced auction terms into force.
    /// @param terms auction terms
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactAuction(Liquidation.AuctionTerms calldata terms) external {
        requireOwner(msg.sender);
        enact(keccak256(abi.encode("auction", terms)));
        ledger.terms = terms;
        emit AuctionEnacted(msg.sender, terms);
    }

    /// @notice Announces new terms of the quote token.
    /// @param terms terms of the quote token
    /// @custom:reverts NotOwner, UnknownUnderlying, ParameterOutOfRange, TooEarly
    function scheduleDepeg(Cash.DepegTerms calldata terms) external {
        requireOwner(msg.sender);
        Cash.requireValid(terms, ledger.risks.length);
        uint256 dueAt = schedule(keccak256(abi.encode("depeg", terms)));
        emit DepegScheduled(msg.sender, terms, dueAt);
    }

    /// @notice Puts announced terms of the quote token into force.
    /// @param terms terms of the quote token
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactDepeg(Cash.DepegTerms calldata terms) external {
        requireOwner(msg.sender);
        enact(keccak256(abi.encode("depeg", terms)));
        if (ledger.cash.terms.feed != terms.feed) ledger.biddableSince = uint64(block.timestamp);
        ledger.cash.terms = terms;
        emit DepegEnacted(msg.sender, terms);
    }

    /// @notice Announces a new interest rate model.
    /// @param interest interest rate model
    /// @custom:reverts NotOwner, ParameterOutOfRange, TooEarly
    function scheduleInterest(Cash.Interest calldata interest) external {
        requireOwner(msg.sender);
        Cash.requireValidInterest(interest);
        uint256 dueAt = schedule(keccak256(abi.encode("interest", interest)));
        emit InterestScheduled(msg.sender, interest, dueAt);
    }

    /// @notice Puts an announced interest rate model into force.
    /// @param interest interest rate model
    /// @custom:reverts NotOwner, VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enactInterest(Cash.Interest calldata interest) external {
        requireOwner(msg.sender);
        enact(keccak256(abi.encode("interest", interest)));
        accrue();
        ledger.cash.interest = interest;
        emit InterestEnacted(msg.sender, interest);
    }
}
