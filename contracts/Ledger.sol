// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Caps} from "./Caps.sol";
import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Fixed} from "./Fixed.sol";
import {Funding} from "./Funding.sol";
import {Liquidation} from "./Liquidation.sol";
import {LiquidationErrors} from "./LiquidationErrors.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {Ruleset} from "./Ruleset.sol";
import {Option} from "./Option.sol";
import {Oracle} from "./Oracle.sol";
import {PriceErrors} from "./PriceErrors.sol";
import {Pricer} from "./Pricer.sol";
import {Stress} from "./Stress.sol";

/// @notice Stored state of the vault's money, and its movements between accounts.
library Ledger {
    /// @notice Stored state of the vault's money.
    /// @dev underlyings and collaterals are numbered from 0 in the order of their listing; expiries: those whose settlement is not fixed yet;
    /// stress: code of portfolio margin; pricer: code of option prices; freshSince, surfaceSince: time of the print that ended the last gap in
    /// the prices of a term, whose index has expiry 0, or in its surfaces; biddableSince: end of the last pause and of the last change of
    /// what is stale [unix seconds]; caps: caps of the vault, and its open interest
    struct State {
        Cash.Pool cash;
        Liquidation.AuctionTerms terms;
        bytes32[] names;
        Market.MarketRisk[] risks;
        mapping(uint256 underlying => Market.OptionRisk) optionRisks;
        Ruleset.StoredModel model;
        Stress stress;
        Pricer pricer;
        mapping(uint256 underlying => Oracle.PriceGuard) guards;
        mapping(uint256 underlying => Oracle.Price) prices;
        mapping(uint256 underlying => Funding.Track) tracks;
        mapping(uint256 underlying => uint256[]) expiries;
        mapping(uint256 term => Oracle.Curve) curves;
        Collateral.Asset[] assets;
        mapping(AccountId => Account.Holder) holders;
        mapping(AccountId => Liquidation.Sale) sales;
        mapping(uint256 term => uint64) freshSince;
        mapping(uint256 term => uint64) surfaceSince;
        uint64 biddableSince;
        Caps.CapBook caps;
    }

    /// @notice Requires a fresh price of an underlying.
    /// @param self ledger
    /// @param underlying number of the underlying
    /// @custom:reverts StalePrice
    function requireFresh(State storage self, uint256 underlying) internal view {
        uint256 publishedAt = self.prices[underlying].publishedAt;
        uint256 heartbeatSecs = self.risks[underlying].heartbeatSecs;
        if (Oracle.isFresh(publishedAt, heartbeatSecs)) return;
        revert PriceErrors.StalePrice(underlying, 0, publishedAt, heartbeatSecs);
    }

    /// @notice Requires an account that is not in liquidation.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts UnderLiquidation
    function requireIdle(State storage self, AccountId account) internal view {
        if (self.sales[account].startedAt != 0) revert LiquidationErrors.UnderLiquidation(account);
    }

    /// @notice Requires an instrument that is listed and has not ended.
    /// @param self ledger
    /// @param instrument number of the instrument
    /// @custom:reverts UnknownInstrument, InstrumentExpired
    function requireTraded(State storage self, uint256 instrument) internal view {
        Market.requireFormed(instrument, self.risks.length);
        uint256 kind = Market.kindOf(instrument);
        if (kind == Market.PERP) return;
        uint256 underlying = Market.underlyingOf(instrument);
        uint256 expiry = Market.expiryOf(instrument);
        bool offered = kind == Market.FUTURE || self.optionRisks[underlying].heartbeatSecs != 0;
        if (!offered || self.curves[Market.termOf(underlying, expiry)].listedAt == 0) revert MarketErrors.UnknownInstrument(instrument);
        if (block.timestamp >= expiry) revert MarketErrors.InstrumentExpired(instrument, expiry, block.timestamp);
    }

    /// @notice Moves cash into or out of an account.
    /// @param self ledger
    /// @param account account
    /// @param deltaWad cash that moves, positive into the account [wad]
    function addCash(State storage self, AccountId account, int256 deltaWad) internal {
        if (deltaWad == 0) return;
        Account.Holder storage holder = self.holders[account];
        int256 before = holder.principal;
        holder.principal = Cash.moved(self.cash, before, deltaWad);
        Cash.record(self.cash, before, holder.principal);
    }

    /// @notice Present funding index of an instrument; 0 where there is no funding.
    /// @dev it grows for as long as the index price is fresh
    /// @param self ledger
    /// @param instrument number of the instrument; the underlying of a perp is listed
    function fundingIndex(State storage self, uint256 instrument) internal view returns (int256) {
        if (Market.kindOf(instrument) != Market.PERP) return 0;
        uint256 underlying = Market.underlyingOf(instrument);
        Funding.Track storage track = self.tracks[underlying];
        if (block.timestamp == track.updatedAt) return track.index;
        Oracle.Price storage price = self.prices[underlying];
        Market.MarketRisk storage risk = self.risks[underlying];
        if (risk.fundingCap == 0 || price.index == 0) return track.index;
        uint256 untilAt = Fixed.min(block.timestamp, uint256(price.publishedAt) + risk.heartbeatSecs);
        if (untilAt <= track.updatedAt) return track.index;
        int256 rateWad = Funding.rate(price.index, price.premium, risk.fundingBase, risk.fundingCap);
        return track.index + Funding.growth(price.index, rateWad, untilAt - track.updatedAt);
    }

    /// @notice Accrues the funding index of an underlying.
    /// @dev called before its price or its terms change; a second accrual at the same time changes nothing
    /// @param self ledger
    /// @param underlying number of the underlying
    function accrueFunding(State storage self, uint256 underlying) internal returns (int256 index) {
        index = fundingIndex(self, Market.perp(underlying));
        Funding.Track storage track = self.tracks[underlying];
        track.index = index;
        track.updatedAt = uint64(block.timestamp);
    }

    /// @notice Changes a position of an account, credits what closing it releases, and returns the change of its long size.
    /// @dev accrued funding enters the quote first; the quote of an option is cash at once
    /// @param self ledger
    /// @param account account
    /// @param instrument number of the instrument; the underlying of a perp is listed
    /// @param sizeDelta change of size [wad]
    /// @param quoteDelta change of quote [wad]
    /// @custom:reverts TooManyPositions, TooManyOptions, SizeTooLarge
    function fill(State storage self, AccountId account, uint256 instrument, int256 sizeDelta, int256 quoteDelta)
        internal
        returns (int256 longDelta)
    {
        Account.Holder storage holder = self.holders[account];
        (uint256 place, Account.Entry memory held) = Account.find(holder, instrument);
        int256 index = fundingIndex(self, instrument);
        int256 received = Funding.payment(held.size, index - held.fundingIndex);
        addCash(self, account, Account.fill(holder, place, held, sizeDelta, quoteDelta + received, index));
        longDelta = Caps.longOf(held.size + sizeDelta) - Caps.longOf(held.size);
    }

    /// @notice Value of a position whose expiry has settled.
    /// @dev future: size * settlement + quote; option: size * payoff
    /// @param entry position
    /// @param settlementWad settlement price of the expiry [wad]
    /// @custom:rounds down, because it is what the account owns
    function settledValue(Account.Entry memory entry, uint256 settlementWad) internal pure returns (int256) {
        uint256 kind = Market.kindOf(entry.instrument);
        uint256 worthWad = settlementWad;
        if (Market.isOption(kind)) worthWad = Option.payoff(settlementWad, Market.strikeOf(entry.instrument), kind == Market.CALL);
        return Fixed.mulDivFloor(entry.size, int256(worthWad), Fixed.WAD) + entry.quote;
    }

    /// @notice Settles the positions of an account in an expiry into cash.
    /// @param self ledger
    /// @param account account
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    /// @param settlementWad settlement price of the expiry [wad]
    function settle(State storage self, AccountId account, uint256 underlying, uint256 expiry, uint256 settlementWad) internal {
        Account.Holder storage holder = self.holders[account];
        uint256[] memory instruments = Account.instruments(holder);
        for (uint256 i = 0; i < instruments.length; i++) {
            uint256 instrument = instruments[i];
            if (Market.underlyingOf(instrument) != underlying || Market.expiryOf(instrument) != expiry) continue;
            (uint256 place, Account.Entry memory held) = Account.find(holder, instrument);
            Account.remove(holder, place, instrument);
            Caps.record(self.caps, instrument, -Caps.longOf(held.size));
            addCash(self, account, settledValue(held, settlementWad));
        }
    }

    /// @notice Moves part of an account to another, except reserved cash.
    /// @dev cash, balances, sizes and quotes, each in the same proportion; exact in sum
    /// @param self ledger
    /// @param source account that gives
    /// @param target account that takes
    /// @param fractionWad part that moves [wad]
    /// @param reservedWad cash that stays [wad]
    /// @param leftOut collaterals that stay, by bit
    /// @custom:rounds toward zero, because remainders stay in the source
    /// @custom:reverts TooManyPositions, TooManyOptions, SizeTooLarge
    function movePart(State storage self, AccountId source, AccountId target, uint256 fractionWad, uint256 reservedWad, uint256 leftOut) internal {
        Account.Holder storage giver = self.holders[source];
        Account.Holder storage taker = self.holders[target];
        int256 cashWad = Cash.present(self.cash, giver.principal) - int256(reservedWad);
        int256 cashPart = Fixed.part(cashWad, fractionWad);
        addCash(self, source, -cashPart);
        addCash(self, target, cashPart);
        for (uint256 i = 0; i < self.assets.length; i++) {
            uint256 rawPart = Fixed.mulDivUp(giver.balances[i], fractionWad, Fixed.WAD);
            if (rawPart == 0 || Fixed.bits(leftOut, i, 1) != 0) continue;
            giver.balances[i] -= rawPart;
            taker.balances[i] += rawPart;
        }
        uint256[] memory instruments = Account.instruments(giver);
        for (uint256 i = 0; i < instruments.length; i++) movePosition(self, source, target, instruments[i], fractionWad);
    }

    /// @notice Value that moves beyond a part of an account, because collateral moves in whole raw units.
    /// @dev sum over collaterals of (ceil(balance * fraction) - balance * fraction) * index, at the last prices
    /// @param self ledger
    /// @param account account that gives the part
    /// @param fractionWad part [wad]
    /// @param leftOut collaterals that stay, by bit
    /// @custom:rounds up, because it is paid for
    function excess(State storage self, AccountId account, uint256 fractionWad, uint256 leftOut) internal view returns (uint256 valueWad) {
        Account.Holder storage giver = self.holders[account];
        for (uint256 i = 0; i < self.assets.length; i++) {
            uint256 balanceRaw = giver.balances[i];
            if (balanceRaw == 0 || Fixed.bits(leftOut, i, 1) != 0) continue;
            Collateral.Asset storage asset = self.assets[i];
            uint256 more = Fixed.mulDivUp(balanceRaw, fractionWad, Fixed.WAD) * Fixed.WAD - balanceRaw * fractionWad;
            valueWad += Fixed.mulDivUp(more, self.prices[asset.underlying].index, Fixed.WAD * 10 ** asset.decimals);
        }
    }

    /// @notice Moves part of a position to another account.
    /// @dev of its size, and of its quote with the funding accrued so far
    /// @param self ledger
    /// @param source account that gives
    /// @param target account that takes
    /// @param instrument number of the instrument
    /// @param fractionWad part that moves [wad]
    /// @custom:rounds toward zero, because remainders stay in the source
    /// @custom:reverts TooManyPositions, TooManyOptions, SizeTooLarge
    function movePosition(State storage self, AccountId source, AccountId target, uint256 instrument, uint256 fractionWad) internal {
        (uint256 place, Account.Entry memory held) = Account.find(self.holders[source], instrument);
        int256 index = fundingIndex(self, instrument);
        int256 received = Funding.payment(held.size, index - held.fundingIndex);
        int256 sizePart = Fixed.part(held.size, fractionWad);
        int256 quotePart = Fixed.part(held.quote + received, fractionWad);
        addCash(self, source, Account.fill(self.holders[source], place, held, -sizePart, received - quotePart, index));
        int256 longDelta = fill(self, target, instrument, sizePart, quotePart);
        longDelta += Caps.longOf(held.size - sizePart) - Caps.longOf(held.size);
        Caps.record(self.caps, instrument, longDelta);
    }
}
