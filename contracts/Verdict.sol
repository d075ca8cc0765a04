// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Level, Standard} from "./Standard.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Margin checks of accounts, and the margins that they compare.
library Verdict {
    /// @notice Standing of an account against its maintenance margin requirement.
    /// @dev equityWad: equity; marginWad: maintenance buffer; requiredWad: maintenance requirement; initialWad: initial buffer, or the maintenance
    /// buffer where that is negative [wad]; left: collateral at stale prices
    struct Standing {
        int256 equityWad;
        int256 marginWad;
        uint256 requiredWad;
        int256 initialWad;
        Margin.LeftOut left;
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
        Margin.Book memory before = _bookBefore(self, former, held, losses, valued.lines);
        if (left < Margin.margin(before, Level.Initial)) {
            uint256 required = Margin.requirement(valued, Level.Initial);
            revert AccountErrors.InsufficientMargin(account, left + int256(required), required);
        }
        requireEquity(account, valued, before);
    }

    /// @notice Requires an account that fails its initial margin to have given away no equity that it needs.
    /// @dev no debt is made or deepened, at the worst of mark, stable and waiting price; and below maintenance, before or after, the margin balance per
    /// requirement may not fall. So a pair of accounts cannot move its loss into the one that is given up
    /// @param account account
    /// @param valued the account after a change
    /// @param before the account before it
    /// @custom:reverts EquityFalls, BalanceFalls
    function requireEquity(AccountId account, Margin.Book memory valued, Margin.Book memory before) internal pure {
        int256 equityWad = Margin.safeEquity(valued);
        int256 leastWad = Margin.safeEquity(before);
        if (leastWad > 0) leastWad = 0;
        if (equityWad < leastWad) revert AccountErrors.EquityFalls(account, equityWad, leastWad);
        int256 balanceWad = Margin.adjustedEquity(valued, Level.Maintenance);
        leastWad = Margin.leastBalance(valued, before);
        if (balanceWad < leastWad) revert AccountErrors.BalanceFalls(account, balanceWad, leastWad);
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
        Margin.Book memory before = _bookBefore(self, former, held, losses, valued.lines);
        if (Margin.requirement(valued, Level.Initial) > Margin.requirement(before, Level.Initial)) revert AuthorityErrors.VaultPaused();
    }

    /// @notice Whether a position or a balance differs between two states of an account, by underlying.
    /// @param self ledger
    /// @param a one state
    /// @param b other state
    function changes(Ledger.State storage self, Account.Image memory a, Account.Image memory b) internal view returns (bool[] memory changed) {
        uint256 count = self.risks.length;
        changed = new bool[](count);
        uint256 alike = _alike(a.entries, b.entries);
        bytes32[] memory digests = _digest(a.entries, alike, count);
        bytes32[] memory others = _digest(b.entries, alike, count);
        for (uint256 i = 0; i < count; i++) changed[i] = digests[i] != others[i];
        for (uint256 i = 0; i < a.balances.length; i++) {
            if (a.balances[i] != b.balances[i]) changed[self.assets[i].underlying] = true;
        }
    }

    /// @notice Equity of an account, its maintenance requirement and buffer, and its initial buffer, at fresh prices.
    /// @dev the initial buffer is never above the maintenance buffer, and is computed only where that is not negative
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(Ledger.State storage self, AccountId account) internal view returns (Standing memory now_) {
        Margin.Book memory valued = Valuation.book(self, account);
        Valuation.requireFresh(valued);
        now_.equityWad = Margin.equity(valued);
        now_.requiredWad = Margin.requirement(valued, Level.Maintenance);
        now_.marginWad = Margin.adjustedEquity(valued, Level.Maintenance) - int256(now_.requiredWad);
        now_.initialWad = now_.marginWad < 0 ? now_.marginWad : Margin.margin(valued, Level.Initial);
        now_.left = Margin.leftOut(valued);
    }

    /// @notice Equity of an account, at fresh prices.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function equity(Ledger.State storage self, AccountId account) internal view returns (int256) {
        return Margin.equity(freshBook(self, account));
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
    /// @dev the losses of an underlying in which nothing has changed are those after the change
    /// @param self ledger
    /// @param former state of the account before the change
    /// @param held state of the account after it
    /// @param losses scenario losses of the account after it, encoded; none in standard mode
    /// @param priced its options after it, whose marks are those before it
    function _bookBefore(
        Ledger.State storage self,
        Account.Image memory former,
        Account.Image memory held,
        bytes memory losses,
        Standard.HeldOption[] memory priced
    ) private view returns (Margin.Book memory valued) {
        valued = Valuation.unmarkedImage(self, former);
        Valuation.markAlike(self, valued.lines, priced);
        if (valued.stakes.length == 0) return valued;
        bool[] memory changed = changes(self, former, held);
        uint256 quoteWad = Valuation.quotePrice(self, valued);
        valued.verdict = self.stress.reassess(Valuation.exposuresOf(valued), changed, losses, self.model.data, quoteWad);
    }

    /// @notice Count of the positions with which two states begin alike.
    /// @param a positions of one state
    /// @param b positions of the other
    function _alike(Account.Entry[] memory a, Account.Entry[] memory b) private pure returns (uint256 alike) {
        uint256 most = Fixed.min(a.length, b.length);
        for (; alike < most; alike++) {
            Account.Entry memory one = a[alike];
            Account.Entry memory other = b[alike];
            if (one.instrument != other.instrument || one.size != other.size) break;
            if (one.quote != other.quote || one.fundingIndex != other.fundingIndex) break;
        }
    }

    /// @notice Digests of positions by underlying.
    /// @param entries positions
    /// @param first place of the first one
    /// @param count count of listed underlyings
    function _digest(Account.Entry[] memory entries, uint256 first, uint256 count) private pure returns (bytes32[] memory digests) {
        digests = new bytes32[](count);
        for (uint256 i = first; i < entries.length; i++) {
            uint256 underlying = Market.underlyingOf(entries[i].instrument);
            digests[underlying] = keccak256(abi.encode(digests[underlying], entries[i]));
        }
    }
}
