// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Errors} from "./Errors.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Oracle} from "./Oracle.sol";
import {Level, Standard} from "./Standard.sol";

/// @notice An account valued from the ledger.
library Valuation {
    /// @notice What an account is told about its margin.
    /// @dev all [wad]; staleUnderlying: first underlying whose price is too old, plus one; 0 when none
    struct Metrics {
        int256 equityWad;
        int256 initialEquityWad;
        int256 maintenanceEquityWad;
        uint256 initialRequirementWad;
        uint256 maintenanceRequirementWad;
        int256 healthWad;
        uint256 freeCollateralWad;
        int256 leverageWad;
        uint256 staleUnderlying;
    }

    /// @notice An account, valued at the prices of now.
    /// @param self ledger
    /// @param account account
    function book(Ledger.State storage self, AccountId account) internal view returns (Margin.Book memory valued) {
        Account.Holder storage holder = self.holders[account];
        valued.cashWad = Cash.present(self.cash, holder.principal);
        valued.holdings = new Margin.Holding[](self.assets.length);
        valued.exposures = new Standard.Exposure[](self.risks.length);
        valueBalances(self, holder, valued);
        valuePositions(self, holder, valued);
    }

    /// @notice Adds the collateral of an account to its book.
    /// @param self ledger
    /// @param holder holder of the account
    /// @param valued book to add to
    function valueBalances(Ledger.State storage self, Account.Holder storage holder, Margin.Book memory valued) internal view {
        for (uint256 i = 0; i < valued.holdings.length; i++) {
            uint256 balanceRaw = holder.balances[i];
            if (balanceRaw == 0) continue;
            Collateral.Asset storage asset = self.assets[i];
            Standard.Exposure memory exposure = load(self, valued, asset.underlying);
            uint256 decimals = asset.decimals;
            valued.holdings[i].valueWad = Collateral.value(balanceRaw, exposure.indexWad, decimals);
            valued.holdings[i].terms = asset.terms;
            exposure.baseWad += Collateral.toWad(balanceRaw, decimals);
        }
    }

    /// @notice Adds the positions of an account to its book.
    /// @param self ledger
    /// @param holder holder of the account
    /// @param valued book to add to
    function valuePositions(Ledger.State storage self, Account.Holder storage holder, Margin.Book memory valued) internal view {
        uint256 count = holder.instruments.length;
        if (count == 0) return;
        for (uint256 i = 0; i < count; i++) {
            uint256 instrument = holder.instruments[i];
            uint256 underlying = Market.underlyingOf(instrument);
            Standard.Exposure memory exposure = load(self, valued, underlying);
            Account.Position storage position = holder.positions[instrument];
            uint256 markWad = Oracle.mark(exposure.indexWad, self.prices[underlying].premium, exposure.risk.markBand);
            Standard.absorb(exposure, position.size, position.quote, markWad);
        }
        uint256 feed = self.cash.terms.feed;
        if (feed == Cash.NO_FEED) return;
        valued.depegRateWad = Cash.depegRate(self.cash.terms, load(self, valued, feed).indexWad);
    }

    /// @notice The exposure of a book to an underlying, read from the ledger at first use.
    /// @dev notes the first underlying whose price is too old
    /// @param self ledger
    /// @param valued book of the account
    /// @param underlying number of the underlying
    function load(Ledger.State storage self, Margin.Book memory valued, uint256 underlying)
        internal
        view
        returns (Standard.Exposure memory exposure)
    {
        exposure = valued.exposures[underlying];
        if (exposure.risk.heartbeatSecs != 0) return exposure;
        Oracle.Price storage price = self.prices[underlying];
        exposure.risk = self.risks[underlying];
        exposure.indexWad = price.index;
        exposure.confidenceWad = price.confidence;
        if (valued.staleUnderlying == 0 && !Oracle.isFresh(price.publishedAt, exposure.risk.heartbeatSecs)) {
            valued.staleUnderlying = underlying + 1;
        }
    }

    /// @notice An account, valued at prices of which none is too old.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function freshBook(Ledger.State storage self, AccountId account) internal view returns (Margin.Book memory valued) {
        valued = book(self, account);
        if (valued.staleUnderlying != 0) Ledger.requireFresh(self, valued.staleUnderlying - 1);
    }

    /// @notice Refuses an account that fails initial margin.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireInitial(Ledger.State storage self, AccountId account) internal view {
        Margin.Book memory valued = freshBook(self, account);
        int256 adjusted = Margin.adjustedEquity(valued, Level.Initial);
        uint256 required = Margin.requirement(valued, Level.Initial);
        if (adjusted < int256(required)) revert Errors.InsufficientMargin(account, adjusted, required);
    }

    /// @notice Refuses an account that fails initial margin and was no worse before.
    /// @dev valued at the last prices, fresh or not: who reduces risk is not asked for more
    /// @param self ledger
    /// @param account account
    /// @param beforeWad margin at initial before the change [wad]
    /// @custom:reverts InsufficientMargin
    function requireNoFall(Ledger.State storage self, AccountId account, int256 beforeWad) internal view {
        Margin.Book memory valued = book(self, account);
        int256 adjusted = Margin.adjustedEquity(valued, Level.Initial);
        uint256 required = Margin.requirement(valued, Level.Initial);
        int256 left = adjusted - int256(required);
        if (left < 0 && left < beforeWad) revert Errors.InsufficientMargin(account, adjusted, required);
    }

    /// @notice Margin of an account at initial, at the last prices.
    /// @param self ledger
    /// @param account account
    function initialMargin(Ledger.State storage self, AccountId account) internal view returns (int256) {
        return Margin.margin(book(self, account), Level.Initial);
    }

    /// @notice Equity of an account and its margin at maintenance, at prices of which none is too old.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(Ledger.State storage self, AccountId account) internal view returns (int256 equityWad, int256 marginWad) {
        Margin.Book memory valued = freshBook(self, account);
        return (Margin.equity(valued), Margin.margin(valued, Level.Maintenance));
    }

    /// @notice What an account is told about its margin.
    /// @param self ledger
    /// @param account account
    function metrics(Ledger.State storage self, AccountId account) internal view returns (Metrics memory) {
        Margin.Book memory valued = book(self, account);
        return Metrics(
            Margin.equity(valued),
            Margin.adjustedEquity(valued, Level.Initial),
            Margin.adjustedEquity(valued, Level.Maintenance),
            Margin.requirement(valued, Level.Initial),
            Margin.requirement(valued, Level.Maintenance),
            Margin.health(valued),
            Margin.freeCollateral(valued),
            Margin.leverage(valued),
            valued.staleUnderlying
        );
    }
}
