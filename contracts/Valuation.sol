// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Fixed} from "./Fixed.sol";
import {Funding} from "./Funding.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Option} from "./Option.sol";
import {Oracle} from "./Oracle.sol";
import {Portfolio} from "./Portfolio.sol";
import {PriceErrors} from "./PriceErrors.sol";
import {Stakes} from "./Stakes.sol";
import {Level, Standard} from "./Standard.sol";
import {Surface} from "./Surface.sol";

/// @notice Valuation of accounts from the ledger.
library Valuation {
    /// @notice Margin metrics of an account.
    /// @dev all [wad]; staleUnderlying: underlying of the first stale price, plus one, 0 when none; staleExpiry: its expiry, 0: index;
    /// mode: STANDARD or PORTFOLIO; sumWad: losses of portfolio margin, each underlying alone, lossInitialWad, lossMaintenanceWad: of all together,
    /// so that their difference is the risk offset; 0 in standard mode
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
        uint256 staleExpiry;
        uint256 mode;
        uint256 sumWad;
        uint256 lossInitialWad;
        uint256 lossMaintenanceWad;
    }

    /// @notice Account valued at present prices.
    /// @param self ledger
    /// @param account account
    function book(Ledger.State storage self, AccountId account) internal view returns (Margin.Book memory valued) {
        Account.Holder storage holder = self.holders[account];
        valued.cashWad = Cash.present(self.cash, holder.principal);
        valued.holdings = new Margin.Holding[](self.assets.length);
        valued.exposures = new Standard.Exposure[](self.risks.length);
        valued.lines = new Standard.HeldOption[](optionCount(self, holder));
        if (holder.mode == Account.PORTFOLIO) valued.stakes = new Portfolio.PortfolioExposure[](self.risks.length);
        valueBalances(self, holder, valued);
        valuePositions(self, account, valued);
        if (holder.mode == Account.PORTFOLIO) judge(self, valued);
    }

    /// @notice Computes the portfolio margin of a book.
    /// @dev the price of the quote token is one where it has no feed
    /// @param self ledger
    /// @param valued book of the account
    function judge(Ledger.State storage self, Margin.Book memory valued) internal view {
        Stakes.gather(valued);
        uint256 feed = self.cash.terms.feed;
        uint256 quoteWad = feed == Cash.NO_FEED ? Fixed.WAD : load(self, valued, feed).indexWad;
        valued.verdict = self.stress.judge(valued.stakes, self.rules, quoteWad);
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
            valued.holdings[i].safeWad = Collateral.value(balanceRaw, Fixed.min(exposure.indexWad, exposure.stableWad), decimals);
            valued.holdings[i].terms = asset.terms;
            valued.holdings[i].underlying = asset.underlying;
            exposure.baseWad += Collateral.toWad(balanceRaw, decimals);
        }
    }

    /// @notice Count of the options of an account whose expiry has not settled.
    /// @param self ledger
    /// @param holder holder of the account
    function optionCount(Ledger.State storage self, Account.Holder storage holder) internal view returns (uint256 count) {
        for (uint256 i = 0; i < holder.instruments.length; i++) {
            uint256 instrument = holder.instruments[i];
            if (Market.isOption(Market.kindOf(instrument)) && curveOf(self, instrument).settlement == 0) count++;
        }
    }

    /// @notice Adds the positions of an account to its book.
    /// @dev settled positions are cash, whether `settle` was called for them or not
    /// @param self ledger
    /// @param account account
    /// @param valued book to add to
    function valuePositions(Ledger.State storage self, AccountId account, Margin.Book memory valued) internal view {
        uint256[] storage instruments = self.holders[account].instruments;
        uint256 count = instruments.length;
        if (count == 0) return;
        uint256 line = 0;
        for (uint256 i = 0; i < count; i++) {
            uint256 instrument = instruments[i];
            uint256 settlementWad = Market.kindOf(instrument) == Market.PERP ? 0 : curveOf(self, instrument).settlement;
            if (settlementWad != 0) {
                valued.cashWad += Ledger.settledValue(self, account, instrument, settlementWad);
            } else if (Market.isOption(Market.kindOf(instrument))) {
                valued.lines[line++] = optionLine(self, valued, instrument, self.holders[account].positions[instrument].size);
            } else {
                valueLinear(self, valued, instrument, self.holders[account].positions[instrument]);
            }
        }
        uint256 feed = self.cash.terms.feed;
        if (feed == Cash.NO_FEED) return;
        valued.depegRateWad = Cash.depegRate(self.cash.terms, load(self, valued, feed).indexWad);
    }

    /// @notice Adds a perp or future to a book.
    /// @param self ledger
    /// @param valued book to add to
    /// @param instrument number of the instrument
    /// @param position position in it
    function valueLinear(Ledger.State storage self, Margin.Book memory valued, uint256 instrument, Account.Position storage position)
        internal
        view
    {
        uint256 underlying = Market.underlyingOf(instrument);
        Standard.Exposure memory exposure = load(self, valued, underlying);
        uint256 markWad;
        uint256 fixedWad = 0;
        if (Market.kindOf(instrument) == Market.PERP) {
            markWad = Oracle.mark(exposure.indexWad, self.prices[underlying].premium, exposure.risk.markBand);
        } else {
            (markWad, fixedWad) = forward(self, valued, instrument);
        }
        if (Margin.isModelled(valued, underlying)) Portfolio.stake(valued.stakes[underlying], position.size, markWad - fixedWad);
        int256 received = Funding.payment(position.size, Ledger.fundingIndex(self, instrument) - position.fundingIndex);
        Standard.absorb(exposure, position.size, position.quote + received, markWad);
    }

    /// @notice Valued option position.
    /// @dev records a stale surface
    /// @param self ledger
    /// @param valued book that it belongs to
    /// @param instrument number of the instrument
    /// @param size size of the position [wad]
    function optionLine(Ledger.State storage self, Margin.Book memory valued, uint256 instrument, int256 size)
        internal
        view
        returns (Standard.HeldOption memory line)
    {
        line.underlying = Market.underlyingOf(instrument);
        line.expiry = Market.expiryOf(instrument);
        line.strikeWad = Market.strikeOf(instrument);
        line.isCall = Market.kindOf(instrument) == Market.CALL;
        line.size = size;
        Standard.Exposure memory exposure = load(self, valued, line.underlying);
        if (exposure.optionRisk.heartbeatSecs == 0) exposure.optionRisk = self.optionRisks[line.underlying];
        (line.forwardWad, line.fixedWad) = forward(self, valued, instrument);
        Oracle.Curve storage curve = curveOf(self, instrument);
        line.confidenceWad = Fixed.min(exposure.confidenceWad, Fixed.min(curve.confidence, curve.surfaceConfidence));
        line.rateWad = curve.rate;
        line.secs = line.expiry > block.timestamp ? line.expiry - block.timestamp : 0;
        line.volWad = curve.surfacePublishedAt == 0 ? 0 : Surface.vol(curve.svi, line.strikeWad);
        line.markWad = optionMark(line);
        if (line.secs == 0) return line;
        note(valued, line.underlying, line.expiry, curve.surfacePublishedAt, exposure.optionRisk.heartbeatSecs);
    }

    /// @notice Mark price of an option.
    /// @dev Black-76 at the present forward, the volatility of the surface, and the time to expiry
    /// @param line option
    function optionMark(Standard.HeldOption memory line) internal pure returns (uint256) {
        uint256 discountWad = Option.discount(line.rateWad, line.secs);
        return Option.price(Option.OptionTerms(line.forwardWad, line.strikeWad, line.volWad, line.secs, discountWad, line.isCall));
    }

    /// @notice Present forward of a dated instrument, and the part of it that is fixed.
    /// @dev records a stale forward; after the expiry none is needed
    /// @param self ledger
    /// @param valued book that it belongs to
    /// @param instrument number of the instrument
    function forward(Ledger.State storage self, Margin.Book memory valued, uint256 instrument)
        internal
        view
        returns (uint256 forwardWad, uint256 fixedWad)
    {
        uint256 underlying = Market.underlyingOf(instrument);
        uint256 expiry = Market.expiryOf(instrument);
        Oracle.Curve storage curve = curveOf(self, instrument);
        uint256 floatingWad;
        (fixedWad, floatingWad) = Oracle.forwardParts(curve, self.prices[underlying], expiry);
        if (block.timestamp < expiry) note(valued, underlying, expiry, curve.publishedAt, valued.exposures[underlying].risk.heartbeatSecs);
        forwardWad = fixedWad + floatingWad;
    }

    /// @notice Curve of the expiry of an instrument.
    /// @param self ledger
    /// @param instrument number of the instrument
    function curveOf(Ledger.State storage self, uint256 instrument) internal view returns (Oracle.Curve storage) {
        return self.curves[Market.termOf(Market.underlyingOf(instrument), Market.expiryOf(instrument))];
    }

    /// @notice Exposure of a book to an underlying, read from the ledger at first use.
    /// @dev records a stale index price
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
        exposure.stableWad = price.stable;
        note(valued, underlying, 0, price.publishedAt, exposure.risk.heartbeatSecs);
        if (valued.stakes.length == 0) return exposure;
        valued.stakes[underlying].risk = self.portfolioRisks[underlying];
        valued.stakes[underlying].indexWad = price.index;
        valued.stakes[underlying].confidenceWad = price.confidence;
    }

    /// @notice Records the first stale price of a book.
    /// @param valued book of the account
    /// @param underlying number of the underlying
    /// @param expiry expiry of the price, 0 for the index [unix seconds]
    /// @param publishedAt time of the print [unix seconds]
    /// @param heartbeatSecs longest age [seconds]
    function note(Margin.Book memory valued, uint256 underlying, uint256 expiry, uint256 publishedAt, uint256 heartbeatSecs) internal view {
        if (valued.stale.underlying != 0 || Oracle.isFresh(publishedAt, heartbeatSecs)) return;
        valued.stale = Margin.Stale(underlying + 1, expiry, publishedAt, heartbeatSecs);
    }

    /// @notice Mark price of an instrument, and the widest distance of a trade from it.
    /// @dev band = mark * tradeBand, for options index * tradeBand; at fresh prices
    /// @param self ledger
    /// @param instrument number of the instrument
    /// @custom:rounds the band down, because it is a limit
    /// @custom:reverts UnknownInstrument, InstrumentExpired, StalePrice
    function quotation(Ledger.State storage self, uint256 instrument) internal view returns (uint256 markWad, uint256 bandWad) {
        Ledger.requireTraded(self, instrument);
        uint256 underlying = Market.underlyingOf(instrument);
        Margin.Book memory valued;
        valued.exposures = new Standard.Exposure[](self.risks.length);
        Standard.Exposure memory exposure = load(self, valued, underlying);
        uint256 kind = Market.kindOf(instrument);
        if (Market.isOption(kind)) {
            markWad = optionLine(self, valued, instrument, 0).markWad;
            bandWad = Fixed.mulDivDown(exposure.indexWad, exposure.optionRisk.tradeBand, Fixed.WAD);
        } else {
            bool isPerp = kind == Market.PERP;
            if (isPerp) markWad = Oracle.mark(exposure.indexWad, self.prices[underlying].premium, exposure.risk.markBand);
            else (markWad,) = forward(self, valued, instrument);
            bandWad = Fixed.mulDivDown(markWad, exposure.risk.tradeBand, Fixed.WAD);
        }
        requireFresh(valued);
    }

    /// @notice Requires a book without a stale price.
    /// @param valued book of the account
    /// @custom:reverts StalePrice
    function requireFresh(Margin.Book memory valued) internal pure {
        Margin.Stale memory stale = valued.stale;
        if (stale.underlying == 0) return;
        revert PriceErrors.StalePrice(stale.underlying - 1, stale.expiry, stale.publishedAt, stale.heartbeatSecs);
    }

    /// @notice Account valued at fresh prices.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function freshBook(Ledger.State storage self, AccountId account) internal view returns (Margin.Book memory valued) {
        valued = book(self, account);
        requireFresh(valued);
    }

    /// @notice Requires an account to meet its initial margin requirement.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice, InsufficientMargin
    function requireInitial(Ledger.State storage self, AccountId account) internal view {
        Margin.Book memory valued = freshBook(self, account);
        int256 adjusted = Margin.adjustedEquity(valued, Level.Initial);
        uint256 required = Margin.requirement(valued, Level.Initial);
        if (adjusted < int256(required)) revert AccountErrors.InsufficientMargin(account, adjusted, required);
    }

    /// @notice Requires an account whose initial buffer is not negative or has not fallen.
    /// @dev valued at the last prices, fresh or not: an account that reduces risk needs no fresh price
    /// @param self ledger
    /// @param account account
    /// @param beforeWad initial buffer before the change [wad]
    /// @custom:reverts InsufficientMargin
    function requireNoFall(Ledger.State storage self, AccountId account, int256 beforeWad) internal view {
        Margin.Book memory valued = book(self, account);
        int256 adjusted = Margin.adjustedEquity(valued, Level.Initial);
        uint256 required = Margin.requirement(valued, Level.Initial);
        int256 left = adjusted - int256(required);
        if (left < 0 && left < beforeWad) revert AccountErrors.InsufficientMargin(account, adjusted, required);
    }

    /// @notice Initial buffer of an account, at the last prices.
    /// @param self ledger
    /// @param account account
    function initialMargin(Ledger.State storage self, AccountId account) internal view returns (int256) {
        return Margin.margin(book(self, account), Level.Initial);
    }

    /// @notice Equity and maintenance buffer of an account, at fresh prices.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts StalePrice
    function maintenance(Ledger.State storage self, AccountId account) internal view returns (int256 equityWad, int256 marginWad) {
        Margin.Book memory valued = freshBook(self, account);
        return (Margin.equity(valued), Margin.margin(valued, Level.Maintenance));
    }

    /// @notice Margin metrics of an account.
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
            valued.stale.underlying,
            valued.stale.expiry,
            self.holders[account].mode,
            valued.verdict.sumWad,
            valued.verdict.lossInitialWad,
            valued.verdict.lossMaintenanceWad
        );
    }
}
