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
import {Stranded} from "./Stranded.sol";

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

    /// @dev the time in which an announced change may be made, once it is due; then its announcement lapses [seconds]
    uint256 internal constant GRACE = 14 days;

    event InterestAccrued(address indexed sender, uint256 supplyIndex, uint256 borrowIndex, uint256 insuranceWad);

    Ledger.State internal ledger;
    address public owner;
    address public pendingOwner;
    address public guardian;
    bool public paused;
    bool public isSealed;
    uint40 public openSince;
    uint40 public cancelledAt;
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
    /// @dev no second counts in which no bid was possible: the clock starts anew at the end of an outage, and of a gap in a price of collateral
    /// @param account account in liquidation
    function clockFrom(AccountId account) internal view returns (uint256 since) {
        since = Fixed.max(ledger.sales[account].clockAt, outageEnd(account));
        Account.Holder storage holder = ledger.holders[account];
        for (uint256 i = 0; i < ledger.assets.length; i++) {
            if (holder.balances[i] == 0) continue;
            since = Fixed.max(since, ledger.freshSince[Market.termOf(ledger.assets[i].underlying, 0)]);
        }
    }

    /// @notice Whether it is known from when the clock of an auction counts.
    /// @dev not while positions are at stale prices and no step of the auction has shown since that the account fails without them
    /// @param account account in liquidation
    function isClockKnown(AccountId account) internal view returns (bool) {
        return ledger.sales[account].clockAt >= Stranded.lastStaleSince(ledger, Account.instruments(ledger.holders[account]));
    }

    /// @notice End of the last outage in which an account could not be sold.
    /// @dev a pause, or a gap in a price that its positions need or in the quote feed; a gap that no print ends is over at the expiry. Collateral at a
    /// stale price keeps no account from being sold
    /// @param account account
    function outageEnd(AccountId account) internal view returns (uint256 since) {
        since = ledger.biddableSince;
        Account.Holder storage holder = ledger.holders[account];
        uint256[] memory instruments = Account.instruments(holder);
        for (uint256 i = 0; i < instruments.length; i++) {
            uint256 instrument = instruments[i];
            uint256 expiry = Market.expiryOf(instrument);
            uint256 term = Market.termOf(Market.underlyingOf(instrument), expiry);
            since = Fixed.max(since, ledger.freshSince[Market.termOf(Market.underlyingOf(instrument), 0)]);
            since = Fixed.max(since, Fixed.max(ledger.freshSince[term], ledger.surfaceSince[term]));
            if (block.timestamp >= expiry && hasGap(instrument)) since = Fixed.max(since, expiry);
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

    /// @notice Requires a sender that is the guardian or the owner.
    /// @param sender caller
    /// @custom:reverts NotGuardian
    function requireGuardian(address sender) internal view {
        if (sender != guardian && sender != owner) revert AuthorityErrors.NotGuardian(sender);
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

    /// @notice Records when a change may take effect.
    /// @dev not in the second of a cancellation, which takes back all that was announced up to its end
    /// @param change digest of the change
    /// @custom:reverts TooEarly
    function schedule(bytes32 change) internal returns (uint256 dueAt) {
        if (block.timestamp <= cancelledAt) revert AuthorityErrors.TooEarly(block.timestamp, block.timestamp + 1);
        dueAt = block.timestamp + delaySecs;
        effectiveAt[change] = dueAt;
    }

    /// @notice Requires an addition to a sealed vault to be announced at least the delay ago; before, none has to be.
    /// @param change digest of the addition
    /// @custom:reverts VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function admit(bytes32 change) internal {
        permit(change, !isSealed);
    }

    /// @notice Requires a change to be announced at least the delay ago, unless it may be made at once.
    /// @param change digest of the change
    /// @param atOnce whether it may
    /// @custom:reverts VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function permit(bytes32 change, bool atOnce) internal {
        if (atOnce) delete effectiveAt[change];
        else enact(change);
    }

    /// @notice Requires a change that was announced at least the delay ago, and has not lapsed.
    /// @dev the vault has been open for the whole delay, so that no pause keeps lenders in until it is due
    /// @param change digest of the change
    /// @custom:reverts VaultPaused, NotScheduled, AnnouncementLapsed, TooEarly
    function enact(bytes32 change) internal {
        requireRunning();
        uint256 dueAt = effectiveAt[change];
        if (dueAt == 0 || dueAt - delaySecs <= cancelledAt) revert AuthorityErrors.NotScheduled();
        if (block.timestamp > dueAt + GRACE) revert AuthorityErrors.AnnouncementLapsed(block.timestamp, dueAt + GRACE);
        dueAt = Fixed.max(dueAt, openSince + delaySecs);
        if (block.timestamp < dueAt) revert AuthorityErrors.TooEarly(block.timestamp, dueAt);
        delete effectiveAt[change];
    }
}
