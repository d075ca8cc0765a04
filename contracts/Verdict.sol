// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Portfolio} from "./Portfolio.sol";
import {Level, Standard} from "./Standard.sol";
import {Stranded} from "./Stranded.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Margin checks of accounts, and the margins that they compare.
library Verdict {
    /// @notice Standing of an account against its maintenance margin requirement.
    /// @dev equityWad: equity; marginWad: maintenance buffer; requiredWad: maintenance requirement; initialWad: initial buffer, or the maintenance
    /// buffer where that is negative or a position is at a stale price [wad]; left: collateral at stale prices; staleSince: time at which the last
    /// stale price of its positions turned stale, 0: all are fresh [unix seconds]; riseWad: how much more those positions may be worth at most than
    /// at the last prices [wad]
    struct Standing {
        int256 equityWad;
        int256 marginWad;
        uint256 requiredWad;
        int256 initialWad;
        Margin.LeftOut left;
        uint256 staleSince;
        uint256 riseWad;
    }

    /// @notice Account valued at fresh prices.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function freshBook(Ledger.State storage self, AccountId account) internal view returns (Margin.Book memory valued) {
        valued = Valuation.valuedImage(self, Valuation.image(self, account));
        Valuation.requireFresh(valued);
    }

    /// @notice Requires an account to meet its initial margin requirement.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireInitial(Ledger.State storage self, AccountId account) internal view {
        Margin.Book memory valued = freshBook(self, account);
        int256 adjusted = Margin.adjustedEquity(valued, Level.Initial);
        uint256 required = Valuation.requirement(self, valued, Level.Initial);
        if (adjusted < int256(required)) revert AccountErrors.InsufficientMargin(account, adjusted, required);
    }

    /// @notice Requires a bidder for an account with positions at stale prices to meet its initial margin requirement, whatever those are worth.
    /// @dev the margin balance without positions at stale prices and the least that they may be worth, against the requirement of the rest
    /// @param self ledger
    /// @param account account that has bid
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireBidder(Ledger.State storage self, AccountId account) internal view {
        Stranded.Parts memory parts = Stranded.split(self, Valuation.image(self, account));
        Valuation.requireFresh(parts.rest);
        int256 adjusted = Margin.adjustedEquity(parts.rest, Level.Initial) + Stranded.least(parts.late);
        uint256 required = Valuation.requirement(self, parts.rest, Level.Initial);
        if (adjusted < int256(required)) revert AccountErrors.InsufficientMargin(account, adjusted, required);
    }

    /// @notice Requires an account whose initial buffer is not negative, or that gives nothing away that it needs.
    /// @dev valued at the last prices, fresh or not: an account that reduces risk needs no fresh price. The account before the change is valued only
    /// where the buffer after it is negative
    /// @param self ledger
    /// @param account account
    /// @param former its state before the change
    /// @custom:reverts InsufficientMargin, EquityFalls, BalanceFalls
    function requireNoFall(Ledger.State storage self, AccountId account, Account.Image memory former) internal view {
        Account.Image memory held = Valuation.image(self, account);
        Margin.Book memory valued = Valuation.valuedImage(self, held);
        bytes memory losses = Valuation.assess(self, valued);
        int256 left = Margin.margin(valued, Level.Initial);
        if (left >= 0) return;
        Margin.Book memory before = _bookBefore(self, former, held, losses, valued);
        if (left < Margin.margin(before, Level.Initial)) {
            uint256 required = Margin.requirement(valued, Level.Initial);
            revert AccountErrors.InsufficientMargin(account, left + int256(required), required);
        }
        requireEquity(account, valued, before);
    }

    /// @notice Requires an account that fails its initial margin to have given away no equity that it needs.
    /// @dev no debt is made or deepened, at mark and at the worst of mark, stable and waiting price, as either may be the true one; and below
    /// maintenance, before or after, the margin balance per requirement may not fall. So a pair of accounts cannot move its loss into the one that is given up
    /// @param account account
    /// @param valued the account after a change
    /// @param before the account before it
    /// @custom:reverts EquityFalls, BalanceFalls
    function requireEquity(AccountId account, Margin.Book memory valued, Margin.Book memory before) internal pure {
        requireNoDebt(account, Margin.safeEquity(valued), Margin.safeEquity(before));
        int256 equityWad = Margin.equity(valued);
        if (equityWad < 0) requireNoDebt(account, equityWad, Margin.equity(before));
        int256 balanceWad = Margin.adjustedEquity(valued, Level.Maintenance);
        int256 leastWad = Margin.leastBalance(valued, before);
        if (balanceWad < leastWad) revert AccountErrors.BalanceFalls(account, balanceWad, leastWad);
    }

    /// @notice Requires an equity that is not below zero, or no lower than before.
    /// @param account account
    /// @param equityWad equity after a change [wad]
    /// @param beforeWad equity before it [wad]
    /// @custom:reverts EquityFalls
    function requireNoDebt(AccountId account, int256 equityWad, int256 beforeWad) internal pure {
        int256 leastWad = beforeWad > 0 ? int256(0) : beforeWad;
        if (equityWad < leastWad) revert AccountErrors.EquityFalls(account, equityWad, leastWad);
    }

    /// @notice Requires an account whose initial margin requirement has not risen in a pause.
    /// @dev at the last prices
    /// @param self ledger
    /// @param account account
    /// @param former its state before the change
    /// @custom:reverts VaultPaused
    function requireNoRise(Ledger.State storage self, AccountId account, Account.Image memory former) internal view {
        Account.Image memory held = Valuation.image(self, account);
        Margin.Book memory valued = Valuation.valuedImage(self, held);
        bytes memory losses = Valuation.assess(self, valued);
        Margin.Book memory before = _bookBefore(self, former, held, losses, valued);
        if (Margin.requirement(valued, Level.Initial) > Margin.requirement(before, Level.Initial)) revert AuthorityErrors.VaultPaused();
    }

    /// @notice Whether a position or a balance differs between two states of an account, by underlying.
    /// @dev positions are compared place by place, by instrument and size: all else of them is cash. One that only moved to another place counts as
    /// different, which costs gas and changes no requirement
    /// @param self ledger
    /// @param a one state
    /// @param b other state
    function changes(Ledger.State storage self, Account.Image memory a, Account.Image memory b) internal view returns (bool[] memory changed) {
        changed = new bool[](self.risks.length);
        (Account.Entry[] memory entries, Account.Entry[] memory others) = (a.entries, b.entries);
        if (entries.length < others.length) (entries, others) = (others, entries);
        for (uint256 i = 0; i < entries.length; i++) {
            Account.Entry memory entry = entries[i];
            if (i < others.length) {
                Account.Entry memory other = others[i];
                if (entry.instrument == other.instrument && entry.size == other.size) continue;
                changed[Market.underlyingOf(other.instrument)] = true;
            }
            changed[Market.underlyingOf(entry.instrument)] = true;
        }
        for (uint256 i = 0; i < a.balances.length; i++) {
            if (a.balances[i] != b.balances[i]) changed[self.assets[i].underlying] = true;
        }
    }

    /// @notice Equity of an account, its maintenance requirement and buffer, and its initial buffer, at fresh prices or where it fails without them.
    /// @dev equity at the last prices. Positions at stale prices have no requirement, and count at maintenance as the most that they may be worth: an
    /// account that fails in spite of it does not hang on a price that is not there. The initial buffer is never above the maintenance buffer,
    /// and is computed only where that is not negative. Options are marked once: the equity is the sum of that of both parts, which is exact
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(Ledger.State storage self, AccountId account) internal view returns (Standing memory now_) {
        Account.Image memory held = Valuation.image(self, account);
        Margin.Book memory whole = Valuation.emptyBook(self, held);
        Valuation.fillBook(self, held, whole);
        Margin.Book memory valued = whole;
        int256 mostWad = 0;
        if (whole.stale.underlying != 0) {
            Stranded.Parts memory parts = Stranded.split(self, held);
            (valued, now_.staleSince) = (parts.rest, parts.since);
            Valuation.requireFresh(valued);
            mostWad = Stranded.most(parts.late);
            now_.equityWad = Margin.equity(parts.late);
            now_.riseWad = uint256(mostWad - now_.equityWad);
        } else {
            Valuation.markOptions(self, whole.lines);
        }
        now_.equityWad += Margin.equity(valued);
        if (valued.stakes.length != 0) {
            valued.verdict = self.stress.judge(Valuation.exposuresOf(valued), self.model.data, Valuation.quotePrice(self, valued));
        }
        now_.requiredWad = Margin.requirement(valued, Level.Maintenance);
        now_.marginWad = Margin.adjustedEquity(valued, Level.Maintenance) + mostWad - int256(now_.requiredWad);
        if (now_.marginWad >= 0) Valuation.requireFresh(whole);
        now_.initialWad = now_.marginWad < 0 ? now_.marginWad : Margin.margin(valued, Level.Initial);
        now_.left = Margin.leftOut(valued);
    }

    /// @notice Equity of an account, at the last prices.
    /// @param self ledger
    /// @param account account
    function equity(Ledger.State storage self, AccountId account) internal view returns (int256) {
        return Margin.equity(Valuation.valuedImage(self, Valuation.image(self, account)));
    }

    /// @notice Initial buffer of an account, at the last prices.
    /// @param self ledger
    /// @param account account
    function initialMargin(Ledger.State storage self, AccountId account) internal view returns (int256) {
        Margin.Book memory valued = Valuation.valuedImage(self, Valuation.image(self, account));
        uint256 required = Valuation.requirement(self, valued, Level.Initial);
        return Margin.adjustedEquity(valued, Level.Initial) - int256(required);
    }

    /// @notice Account valued as it was before a change.
    /// @dev the losses of an underlying in which nothing has changed are those after the change, and so are prices and parameters
    /// @param self ledger
    /// @param former state of the account before the change
    /// @param held state of the account after it
    /// @param losses scenario losses of the account after it, encoded; none in standard mode
    /// @param present account valued after it
    function _bookBefore(
        Ledger.State storage self,
        Account.Image memory former,
        Account.Image memory held,
        bytes memory losses,
        Margin.Book memory present
    ) private view returns (Margin.Book memory valued) {
        valued = Valuation.emptyBook(self, former);
        _share(valued, present);
        Valuation.fillBook(self, former, valued);
        Valuation.markAlike(self, valued.lines, present.lines);
        if (valued.stakes.length == 0) return valued;
        bool[] memory changed = changes(self, former, held);
        uint256 quoteWad = Valuation.quotePrice(self, valued);
        valued.verdict = self.stress.reassess(Valuation.exposuresOf(valued), changed, losses, self.model.data, quoteWad);
    }

    /// @notice Enters the prices and parameters that another book has read, so that they are not read again.
    /// @param valued book with nothing valued
    /// @param other book of the same moment
    function _share(Margin.Book memory valued, Margin.Book memory other) private pure {
        for (uint256 i = 0; i < valued.exposures.length; i++) {
            Standard.Exposure memory exposure = valued.exposures[i];
            Standard.Exposure memory read = other.exposures[i];
            exposure.risk = read.risk;
            exposure.optionRisk = read.optionRisk;
            exposure.indexWad = read.indexWad;
            exposure.confidenceWad = read.confidenceWad;
            exposure.stableWad = read.stableWad;
            exposure.pendingWad = read.pendingWad;
            if (valued.stakes.length == 0) continue;
            Portfolio.Stake memory stake = valued.stakes[i];
            stake.indexWad = read.indexWad;
            stake.confidenceWad = read.confidenceWad;
        }
    }
}
