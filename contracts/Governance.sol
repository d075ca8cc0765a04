// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Cash} from "./Cash.sol";
import {Liquidation} from "./Liquidation.sol";
import {Store} from "./Store.sol";

/// @notice Roles of the vault and its own terms: two-step owner, guardian that pauses and cancels, changes after a delay.
contract Governance is Store {
    event OwnershipOffered(address indexed sender, address to);
    event OwnershipAccepted(address indexed sender);
    event GuardianScheduled(address indexed sender, address guardian, uint256 effectiveAt);
    event GuardianSet(address indexed sender, address guardian);
    event FeederSet(address indexed sender, address feeder, bool allowed);
    event Paused(address indexed sender);
    event Unpaused(address indexed sender);
    event Sealed(address indexed sender);
    event ChangesCancelled(address indexed sender);
    event FeederScheduled(address indexed sender, address feeder, uint256 effectiveAt);
    event InterestScheduled(address indexed sender, Cash.Interest interest, uint256 effectiveAt);
    event InterestEnacted(address indexed sender, Cash.Interest interest);
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
