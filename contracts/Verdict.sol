// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Level, Standard} from "./Standard.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Margin checks of accounts, and the margins that they compare.
library Verdict {
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

    /// @notice Requires an account whose initial buffer is not negative or has not fallen.
    /// @dev valued at the last prices, fresh or not: an account that reduces risk needs no fresh price. The buffer before is computed only where
    /// that after is negative
    /// @param self ledger
    /// @param account account
    /// @param former its state before the change
    /// @custom:reverts InsufficientMargin
    function requireNoFall(Ledger.State storage self, AccountId account, Account.Image memory former) internal view {
        Account.Image memory held = Valuation.image(self, account);
        Margin.Book memory valued = Valuation.valuedImage(self, held);
        int256 adjusted = Margin.adjustedEquity(valued, Level.Initial);
        bytes memory losses = Valuation.assess(self, valued, Level.Initial);
        uint256 required = Margin.requirement(valued, Level.Initial);
        int256 left = adjusted - int256(required);
        if (left < 0 && left < _bufferBefore(self, former, held, losses, valued.lines)) {
            revert AccountErrors.InsufficientMargin(account, adjusted, required);
        }
    }

    /// @notice Whether a position or a balance differs between two states of an account, by underlying.
    /// @param self ledger
    /// @param a one state
    /// @param b other state
    function changes(Ledger.State storage self, Account.Image memory a, Account.Image memory b) internal view returns (bool[] memory changed) {
        uint256 count = self.risks.length;
        changed = new bool[](count);
        bytes32[] memory digests = _digest(a.entries, count);
        bytes32[] memory others = _digest(b.entries, count);
        for (uint256 i = 0; i < count; i++) changed[i] = digests[i] != others[i];
        for (uint256 i = 0; i < a.balances.length; i++) {
            if (a.balances[i] != b.balances[i]) changed[self.assets[i].underlying] = true;
        }
    }

    /// @notice Equity and maintenance buffer of an account, at fresh prices.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(Ledger.State storage self, AccountId account) internal view returns (int256 equityWad, int256 marginWad) {
        Margin.Book memory valued = freshBook(self, account);
        uint256 required = Valuation.requirement(self, valued, Level.Maintenance);
        return (Margin.equity(valued), Margin.adjustedEquity(valued, Level.Maintenance) - int256(required));
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

    /// @notice Initial buffer of an account before a change.
    /// @dev the losses of an underlying in which nothing has changed are those after the change
    /// @param self ledger
    /// @param former state of the account before the change
    /// @param held state of the account after it
    /// @param losses scenario losses of the account after it, encoded; none in standard mode
    /// @param priced its options after it, whose marks are those before it
    function _bufferBefore(
        Ledger.State storage self,
        Account.Image memory former,
        Account.Image memory held,
        bytes memory losses,
        Standard.HeldOption[] memory priced
    ) private view returns (int256) {
        Margin.Book memory valued = Valuation.unmarkedImage(self, former);
        Valuation.markAlike(self, valued.lines, priced);
        if (valued.stakes.length != 0) {
            bool[] memory changed = changes(self, former, held);
            uint256 quoteWad = Valuation.quotePrice(self, valued);
            valued.verdict.initialWad =
                self.stress.reassess(Valuation.exposuresOf(valued), changed, losses, self.model.data, quoteWad, Level.Initial);
        }
        return Margin.margin(valued, Level.Initial);
    }

    /// @notice Digests of positions by underlying.
    /// @param entries positions
    /// @param count count of listed underlyings
    function _digest(Account.Entry[] memory entries, uint256 count) private pure returns (bytes32[] memory digests) {
        digests = new bytes32[](count);
        for (uint256 i = 0; i < entries.length; i++) {
            uint256 underlying = Market.underlyingOf(entries[i].instrument);
            digests[underlying] = keccak256(abi.encode(digests[underlying], entries[i]));
        }
    }
}
