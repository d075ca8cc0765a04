// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Cash} from "./Cash.sol";
import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {Oracle} from "./Oracle.sol";

/// @notice Storage of the vault, in the one order that all its code shares, and the checks on it.
abstract contract Store {
    /// @notice Margin check of an account at the end of a batch.
    /// @dev named: whether a call of the batch names the account; touched: whether one changes it; rising: whether one raises its risk; traded:
    /// whether one is a trade in a pause
    struct PendingCheck {
        bool named;
        bool touched;
        bool rising;
        bool traded;
    }

    event InterestAccrued(address indexed sender, uint256 supplyIndex, uint256 borrowIndex, uint256 insuranceWad);

    Ledger.State internal ledger;
    address public owner;
    address public pendingOwner;
    address public guardian;
    bool public paused;
    uint256 public delaySecs;
    mapping(address => bool) public isFeeder;
    mapping(bytes32 change => uint256) public effectiveAt;
    bool internal transient deferring;
    mapping(AccountId => PendingCheck) internal touches;

    /// @notice Accrues interest.
    /// @dev called before cash moves or the interest rate model changes
    function accrue() internal {
        if (!Cash.accrue(ledger.cash)) return;
        emit InterestAccrued(msg.sender, ledger.cash.supplyIndex, ledger.cash.borrowIndex, ledger.cash.insuranceWad);
    }

    /// @notice Time from which the clock of an auction counts.
    /// @dev no second counts in which no bid was possible: the clock starts anew at the end of a pause, and of a gap in a price that the account needs;
    /// a gap that no print ends is over at the expiry
    /// @param account account in liquidation
    function clockFrom(AccountId account) internal view returns (uint256 since) {
        since = Fixed.max(ledger.sales[account].clockAt, ledger.biddableSince);
        Account.Holder storage holder = ledger.holders[account];
        for (uint256 i = 0; i < holder.instruments.length; i++) {
            uint256 instrument = holder.instruments[i];
            uint256 expiry = Market.expiryOf(instrument);
            uint256 term = Market.termOf(Market.underlyingOf(instrument), expiry);
            since = Fixed.max(since, ledger.freshSince[Market.termOf(Market.underlyingOf(instrument), 0)]);
            since = Fixed.max(since, Fixed.max(ledger.freshSince[term], ledger.surfaceSince[term]));
            if (block.timestamp >= expiry && hasGap(instrument)) since = Fixed.max(since, expiry);
        }
        for (uint256 i = 0; i < ledger.assets.length; i++) {
            if (holder.balances[i] == 0) continue;
            since = Fixed.max(since, ledger.freshSince[Market.termOf(ledger.assets[i].underlying, 0)]);
        }
        uint256 feed = ledger.cash.terms.feed;
        if (feed != Cash.NO_FEED) since = Fixed.max(since, ledger.freshSince[Market.termOf(feed, 0)]);
    }

    /// @notice Whether a forward or surface that an instrument needs was stale when its expiry came.
    /// @dev no print ends such a gap, as from the expiry on none is needed
    /// @param instrument number of the instrument
    function hasGap(uint256 instrument) internal view returns (bool) {
        uint256 underlying = Market.underlyingOf(instrument);
        uint256 expiry = Market.expiryOf(instrument);
        Oracle.Curve storage curve = ledger.curves[Market.termOf(underlying, expiry)];
        if (expiry > uint256(curve.publishedAt) + ledger.risks[underlying].heartbeatSecs) return true;
        if (!Market.isOption(Market.kindOf(instrument))) return false;
        return expiry > uint256(curve.surfacePublishedAt) + ledger.optionRisks[underlying].heartbeatSecs;
    }

    /// @notice Requires a sender that is the owner.
    /// @param sender caller
    /// @custom:reverts NotOwner
    function requireOwner(address sender) internal view {
        if (sender != owner) revert AuthorityErrors.NotOwner(sender);
    }

    /// @notice Requires a vault that is not paused.
    /// @custom:reverts VaultPaused
    function requireRunning() internal view {
        if (paused) revert AuthorityErrors.VaultPaused();
    }

    /// @notice Requires the number of a listed underlying.
    /// @param underlying number of the underlying
    /// @custom:reverts UnknownUnderlying
    function requireUnderlying(uint256 underlying) internal view {
        if (underlying >= ledger.risks.length) revert MarketErrors.UnknownUnderlying(underlying);
    }

    /// @notice Requires the number of a listed collateral.
    /// @param collateral number of the collateral
    /// @custom:reverts UnknownCollateral
    function requireCollateral(uint256 collateral) internal view {
        if (collateral >= ledger.assets.length) revert MarketErrors.UnknownCollateral(collateral);
    }

    /// @notice Whether the vault holds money of accounts, so that what is added waits for its delay.
    /// @dev cash above zero, or a collateral; what the insurance fund has is not of accounts
    function isSealed() internal view returns (bool) {
        if (ledger.cash.totalSupply != 0) return true;
        for (uint256 i = 0; i < ledger.assets.length; i++) {
            if (ledger.assets[i].totalRaw != 0) return true;
        }
        return false;
    }

    /// @notice Records when a change may take effect.
    /// @param change digest of the change
    function schedule(bytes32 change) internal returns (uint256 dueAt) {
        dueAt = block.timestamp + delaySecs;
        effectiveAt[change] = dueAt;
    }

    /// @notice Requires an addition to a sealed vault to be announced at least the delay ago; before, none has to be.
    /// @param change digest of the addition
    /// @custom:reverts NotScheduled, TooEarly
    function admit(bytes32 change) internal {
        if (isSealed()) enact(change);
        else delete effectiveAt[change];
    }

    /// @notice Requires a change that was announced at least the delay ago.
    /// @param change digest of the change
    /// @custom:reverts NotScheduled, TooEarly
    function enact(bytes32 change) internal {
        uint256 dueAt = effectiveAt[change];
        if (dueAt == 0) revert AuthorityErrors.NotScheduled();
        if (block.timestamp < dueAt) revert AuthorityErrors.TooEarly(block.timestamp, dueAt);
        delete effectiveAt[change];
    }
}
