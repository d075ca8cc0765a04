// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Fixed} from "./Fixed.sol";
import {Funding} from "./Funding.sol";
import {Ledger} from "./Ledger.sol";
import {Margin} from "./Margin.sol";
import {Market} from "./Market.sol";
import {Oracle} from "./Oracle.sol";
import {Portfolio} from "./Portfolio.sol";
import {PriceErrors} from "./PriceErrors.sol";
import {Level, Standard} from "./Standard.sol";
import {Stress} from "./Stress.sol";
import {Surface} from "./Surface.sol";

/// @notice Valuation of accounts from the ledger.
library Valuation {
    /// @dev the largest principal, quote or funding index of holdings that no account has [wad, ray]
    uint256 internal constant MAX_HELD = 2 ** 160 - 1;

    /// @notice Margin metrics of an account.
    /// @dev all [wad]; staleUnderlying: underlying of the first stale price that its positions need, plus one, 0 when none; staleExpiry: its expiry, 0: index; mode: STANDARD or PORTFOLIO; sumWad:
    /// losses of portfolio margin, each underlying alone, lossInitialWad, lossMaintenanceWad: of all together, so that their difference is the risk offset; 0 in standard mode
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

    /// @notice State of an account as plain values.
    /// @param self ledger
    /// @param account account
    function image(Ledger.State storage self, AccountId account) internal view returns (Account.Image memory) {
        return Account.image(self.holders[account], self.assets.length);
    }

    /// @notice Account valued at present prices, without its portfolio margin requirement.
    /// @dev of an image, so that an account is valued as it was before a change, and holdings that no account has
    /// @param self ledger
    /// @param held state of the account
    function valuedImage(Ledger.State storage self, Account.Image memory held) internal view returns (Margin.Book memory valued) {
        valued = emptyBook(self, held);
        fillBook(self, held, valued);
        markOptions(self, valued.lines);
    }

    /// @notice Book with room for all that an account holds, and nothing valued.
    /// @param self ledger
    /// @param held state of the account
    function emptyBook(Ledger.State storage self, Account.Image memory held) internal view returns (Margin.Book memory valued) {
        valued.holdings = new Margin.Holding[](self.assets.length);
        valued.exposures = new Standard.Exposure[](self.risks.length);
        (uint256 options, uint256 futures) = datedCounts(self, held.entries);
        valued.lines = new Standard.HeldOption[](options);
        if (held.mode != Account.PORTFOLIO) return valued;
        valued.futures = new Standard.HeldFuture[](futures);
        valued.stakes = new Portfolio.Stake[](self.risks.length);
        valued.modelled = self.model.modelled;
    }

    /// @notice Values an account at present prices, but for the marks of its options.
    /// @dev what the book has read of an underlying is not read again
    /// @param self ledger
    /// @param held state of the account
    /// @param valued its book, with nothing valued
    function fillBook(Ledger.State storage self, Account.Image memory held, Margin.Book memory valued) internal view {
        valued.cashWad = Cash.present(self.cash, held.principal);
        valuePositions(self, held.entries, valued);
        if (held.mode == Account.PORTFOLIO) quotePrice(self, valued);
        valueBalances(self, held.balances, valued);
    }

    /// @notice Account valued at present prices, with its portfolio margin requirement at both levels.
    /// @param self ledger
    /// @param account account
    function book(Ledger.State storage self, AccountId account) internal view returns (Margin.Book memory valued) {
        return _judged(self, image(self, account));
    }

    /// @notice Price of the quote token: one where it has no feed.
    /// @dev records a stale price of it
    /// @param self ledger
    /// @param valued book of the account
    function quotePrice(Ledger.State storage self, Margin.Book memory valued) internal view returns (uint256) {
        uint256 feed = self.cash.terms.feed;
        return feed == Cash.NO_FEED ? Fixed.WAD : load(self, valued, feed).indexWad;
    }

    /// @notice What portfolio margin is computed from.
    /// @param valued book of the account
    function exposuresOf(Margin.Book memory valued) internal pure returns (Stress.HeldExposures memory) {
        return Stress.HeldExposures(valued.stakes, valued.holdings, valued.lines, valued.futures);
    }

    /// @notice Computes the portfolio margin requirement of a valued account, and its losses.
    /// @param self ledger
    /// @param valued book of the account
    function assess(Ledger.State storage self, Margin.Book memory valued) internal view returns (bytes memory losses) {
        if (valued.stakes.length == 0) return losses;
        (valued.verdict, losses) = self.stress.assess(exposuresOf(valued), self.model.data, quotePrice(self, valued));
    }

    /// @notice Margin requirement of a valued account at one level.
    /// @param self ledger
    /// @param valued book of the account
    /// @param level initial or maintenance
    function requirement(Ledger.State storage self, Margin.Book memory valued, Level level) internal view returns (uint256) {
        if (valued.stakes.length != 0) {
            uint256 requiredWad = self.stress.requirement(exposuresOf(valued), self.model.data, quotePrice(self, valued), level);
            if (level == Level.Initial) valued.verdict.initialWad = requiredWad;
            else valued.verdict.maintenanceWad = requiredWad;
        }
        return Margin.requirement(valued, level);
    }

    /// @notice Adds the collateral of an account to its book.
    /// @param self ledger
    /// @param balances its balances by collateral [raw]
    /// @param valued book to add to
    function valueBalances(Ledger.State storage self, uint256[] memory balances, Margin.Book memory valued) internal view {
        Margin.Stale memory needed = valued.stale;
        for (uint256 i = 0; i < valued.holdings.length; i++) {
            uint256 balanceRaw = balances[i];
            if (balanceRaw == 0) continue;
            Collateral.Asset storage asset = self.assets[i];
            Standard.Exposure memory exposure = load(self, valued, asset.underlying);
            uint256 decimals = asset.decimals;
            Margin.Holding memory held = valued.holdings[i];
            held.valueWad = Collateral.value(balanceRaw, exposure.indexWad, decimals);
            held.safeWad = Collateral.value(balanceRaw, Standard.lowest(exposure), decimals);
            held.terms = asset.terms;
            held.underlying = asset.underlying;
            held.fadedWad = Collateral.faded(held.terms, block.timestamp - self.prices[held.underlying].publishedAt, exposure.risk.heartbeatSecs);
            if (held.fadedWad == 0) exposure.baseWad += Collateral.toWad(balanceRaw, decimals);
        }
        valued.stale = needed;
    }

    /// @notice Counts of the options and of the futures of an account whose expiry has not settled.
    /// @param self ledger
    /// @param entries positions of the account
    function datedCounts(Ledger.State storage self, Account.Entry[] memory entries) internal view returns (uint256 options, uint256 futures) {
        for (uint256 i = 0; i < entries.length; i++) {
            uint256 kind = Market.kindOf(entries[i].instrument);
            if (kind == Market.PERP || curveOf(self, entries[i].instrument).settlement != 0) continue;
            Market.isOption(kind) ? options++ : futures++;
        }
    }

    /// @notice Adds the positions of an account to its book.
    /// @dev settled positions are cash, whether `settle` was called for them or not
    /// @param self ledger
    /// @param entries positions of the account
    /// @param valued book to add to
    function valuePositions(Ledger.State storage self, Account.Entry[] memory entries, Margin.Book memory valued) internal view {
        if (entries.length == 0) return;
        (uint256 line, uint256 future) = (0, 0);
        for (uint256 i = 0; i < entries.length; i++) {
            Account.Entry memory entry = entries[i];
            uint256 instrument = entry.instrument;
            uint256 kind = Market.kindOf(instrument);
            uint256 settlementWad = kind == Market.PERP ? 0 : curveOf(self, instrument).settlement;
            if (settlementWad != 0) {
                valued.cashWad += Ledger.settledValue(entry, settlementWad);
            } else if (Market.isOption(kind)) {
                valued.lines[line++] = optionLine(self, valued, instrument, entry.size);
            } else {
                valueLinear(self, valued, entry);
                if (kind == Market.FUTURE && valued.stakes.length != 0) valued.futures[future++] = futureLine(self, instrument, entry.size);
            }
        }
        uint256 feed = self.cash.terms.feed;
        if (feed == Cash.NO_FEED) return;
        valued.depegRateWad = Cash.depegRate(self.cash.terms, load(self, valued, feed).indexWad);
    }

    /// @notice Adds a perp or future to a book.
    /// @param self ledger
    /// @param valued book to add to
    /// @param entry position
    function valueLinear(Ledger.State storage self, Margin.Book memory valued, Account.Entry memory entry) internal view {
        uint256 instrument = entry.instrument;
        uint256 underlying = Market.underlyingOf(instrument);
        Standard.Exposure memory exposure = load(self, valued, underlying);
        (uint256 markWad, uint256 fixedWad) = (0, 0);
        if (Market.kindOf(instrument) == Market.PERP) {
            markWad = Oracle.mark(exposure.indexWad, self.prices[underlying].premium, exposure.risk.markBand);
        } else {
            (markWad, fixedWad) = forward(self, valued, instrument);
        }
        if (Margin.isModelled(valued, underlying)) Portfolio.add(valued.stakes[underlying], entry.size, markWad - fixedWad);
        int256 received = Funding.payment(entry.size, Ledger.fundingIndex(self, instrument) - entry.fundingIndex);
        Standard.absorb(exposure, entry.size, entry.quote + received, markWad);
    }

    /// @notice Prices options.
    /// @dev Black-76 at the present forward, the volatility of the surface, and the time to expiry
    /// @param self ledger
    /// @param lines options of the account
    function markOptions(Ledger.State storage self, Standard.HeldOption[] memory lines) internal view {
        if (lines.length == 0) return;
        Surface.Svi[] memory surfaces = new Surface.Svi[](lines.length);
        for (uint256 i = 0; i < lines.length; i++) surfaces[i] = self.curves[Market.termOf(lines[i].underlying, lines[i].expiry)].svi;
        (uint256[] memory volsWad, uint256[] memory marksWad) = self.pricer.quotes(lines, surfaces);
        for (uint256 i = 0; i < lines.length; i++) (lines[i].volWad, lines[i].markWad) = (volsWad[i], marksWad[i]);
    }

    /// @notice Prices options that are priced already, but for some.
    /// @dev a mark does not depend on the size
    /// @param self ledger
    /// @param lines options to price
    /// @param priced priced options, most of them the same
    function markAlike(Ledger.State storage self, Standard.HeldOption[] memory lines, Standard.HeldOption[] memory priced) internal view {
        for (uint256 i = 0; i < lines.length; i++) {
            Standard.HeldOption memory line = lines[i];
            uint256 place = i < priced.length && Standard.isAlike(line, priced[i]) ? i : 0;
            while (place < priced.length && !Standard.isAlike(line, priced[place])) place++;
            if (place < priced.length) {
                (line.volWad, line.markWad) = (priced[place].volWad, priced[place].markWad);
                continue;
            }
            Standard.HeldOption[] memory one = new Standard.HeldOption[](1);
            one[0] = line;
            markOptions(self, one);
        }
    }

    /// @notice Option position without its vol and mark price.
    /// @dev records a stale surface
    /// @param self ledger
    /// @param valued book that it belongs to
    /// @param instrument number of the instrument
    /// @param size size of the position [wad]
    function optionLine(Ledger.State storage self, Margin.Book memory valued, uint256 instrument, int256 size) internal view returns (Standard.HeldOption memory line) {
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
        if (line.secs == 0) return line;
        note(valued, line.underlying, line.expiry, curve.surfacePublishedAt, exposure.optionRisk.heartbeatSecs);
    }

    /// @notice Future position, with the parts of its forward.
    /// @param self ledger
    /// @param instrument number of the instrument
    /// @param size size of the position [wad]
    function futureLine(Ledger.State storage self, uint256 instrument, int256 size) internal view returns (Standard.HeldFuture memory held) {
        held.underlying = Market.underlyingOf(instrument);
        held.expiry = Market.expiryOf(instrument);
        held.size = size;
        (held.fixedWad, held.floatingWad) = Oracle.forwardParts(curveOf(self, instrument), self.prices[held.underlying], held.expiry);
        held.secs = held.expiry > block.timestamp ? held.expiry - block.timestamp : 0;
    }

    /// @notice Present forward of a dated instrument, and the part of it that is fixed.
    /// @dev records a stale forward; after the expiry none is needed
    /// @param self ledger
    /// @param valued book that it belongs to
    /// @param instrument number of the instrument
    function forward(Ledger.State storage self, Margin.Book memory valued, uint256 instrument) internal view returns (uint256 forwardWad, uint256 fixedWad) {
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
    function load(Ledger.State storage self, Margin.Book memory valued, uint256 underlying) internal view returns (Standard.Exposure memory exposure) {
        exposure = valued.exposures[underlying];
        if (exposure.risk.heartbeatSecs != 0) return exposure;
        Oracle.Price storage price = self.prices[underlying];
        exposure.risk = self.risks[underlying];
        exposure.indexWad = price.index;
        exposure.confidenceWad = price.confidence;
        exposure.stableWad = price.stable;
        if (price.pending != 0) {
            exposure.pendingWad = Oracle.waiting(price, self.guards[underlying].confirmSecs, exposure.risk.heartbeatSecs);
        }
        note(valued, underlying, 0, price.publishedAt, exposure.risk.heartbeatSecs);
        if (valued.stakes.length == 0) return exposure;
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

    /// @notice Requires a book without a stale price.
    /// @param valued book of the account
    /// @custom:reverts StalePrice
    function requireFresh(Margin.Book memory valued) internal pure {
        Margin.Stale memory stale = valued.stale;
        if (stale.underlying == 0) return;
        revert PriceErrors.StalePrice(stale.underlying - 1, stale.expiry, stale.publishedAt, stale.heartbeatSecs);
    }

    /// @notice Margin metrics of holdings, whether an account has them or not.
    /// @param self ledger
    /// @param held state of the account
    function metrics(Ledger.State storage self, Account.Image memory held) internal view returns (Metrics memory) {
        Margin.Book memory valued = _judged(self, held);
        return Metrics(
            Margin.equity(valued),
            Margin.adjustedEquity(valued, Level.Initial), Margin.adjustedEquity(valued, Level.Maintenance),
            Margin.requirement(valued, Level.Initial), Margin.requirement(valued, Level.Maintenance),
            Margin.health(valued), Margin.freeCollateral(valued), Margin.leverage(valued),
            valued.stale.underlying, valued.stale.expiry,
            held.mode, valued.verdict.sumWad, valued.verdict.lossInitialWad, valued.verdict.lossMaintenanceWad
        );
    }

    /// @notice Validates holdings that no account has.
    /// @dev within the bounds of the doors, and those that no account can leave: a range bounds the magnitude of a signed number
    /// @param self ledger
    /// @param held holdings
    /// @custom:reverts ParameterOutOfRange, UnknownInstrument, InstrumentExpired
    function requireValid(Ledger.State storage self, Account.Image memory held) internal view {
        uint256 modes = self.model.hasRules ? Account.PORTFOLIO : Account.STANDARD;
        Market.requireWithin("mode", held.mode, Account.STANDARD, modes);
        Market.requireWithin("principal", Fixed.abs(held.principal), 0, MAX_HELD);
        Market.requireWithin("balances", held.balances.length, self.assets.length, self.assets.length);
        for (uint256 i = 0; i < held.balances.length; i++) Market.requireWithin("balance", held.balances[i], 0, Fixed.CAP);
        for (uint256 i = 0; i < held.entries.length; i++) {
            Account.Entry memory entry = held.entries[i];
            Ledger.requireTraded(self, entry.instrument);
            Market.requireWithin("size", Fixed.abs(entry.size), 0, Fixed.CAP);
            Market.requireWithin("quote", Fixed.abs(entry.quote), 0, MAX_HELD);
            Market.requireWithin("fundingIndex", Fixed.abs(entry.fundingIndex), 0, MAX_HELD);
        }
    }

    /// @notice Account valued at present prices, with its portfolio margin requirement at both levels.
    /// @param self ledger
    /// @param held state of the account
    function _judged(Ledger.State storage self, Account.Image memory held) private view returns (Margin.Book memory valued) {
        valued = valuedImage(self, held);
        if (valued.stakes.length != 0) valued.verdict = self.stress.judge(exposuresOf(valued), self.model.data, quotePrice(self, valued));
    }
}
