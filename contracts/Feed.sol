// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Band} from "./Band.sol";
import {Fixed} from "./Fixed.sol";
import {Funding} from "./Funding.sol";
import {Ledger} from "./Ledger.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {NumberErrors} from "./NumberErrors.sol";
import {Oracle} from "./Oracle.sol";
import {Smile} from "./Smile.sol";
import {Store} from "./Store.sol";
import {Surface} from "./Surface.sol";

/// @notice Price doors: prices, forwards and surfaces that feeders publish, and the marks that follow from them.
contract Feed is Store {
    event PricePublished(
        address indexed sender,
        uint256 indexed underlying,
        uint256 indexWad,
        int256 premiumWad,
        uint256 confidenceWad,
        uint256 publishedAt,
        Oracle.Price price,
        Funding.Track track
    );
    event ForwardPublished(
        address indexed sender,
        uint256 indexed underlying,
        uint256 indexed expiry,
        uint256 forwardWad,
        uint256 rateWad,
        uint256 confidenceWad,
        uint256 publishedAt,
        uint256 heldWad,
        uint256 baseWad,
        uint256 baseAt
    );
    event SurfacePublished(
        address indexed sender,
        uint256 indexed underlying,
        uint256 indexed expiry,
        Surface.Svi svi,
        uint256 confidenceWad,
        uint256 publishedAt,
        Surface.Watch watch
    );
    event ExpirySettled(address indexed sender, uint256 indexed underlying, uint256 expiry, uint256 settlementWad);

    /// @notice Publishes the price of an underlying.
    /// @dev a jump that waits for a second print changes nothing else; a move beyond the limits of a guard is in force up to them
    /// @param underlying number of the underlying
    /// @param indexWad index price of the underlying [wad]
    /// @param premiumWad premium of the perp [wad]
    /// @param confidenceWad confidence of the price [wad]
    /// @param publishedAt time of the print [unix seconds]
    /// @custom:reverts NotFeeder, UnknownUnderlying, ZeroPrice, PriceTooLarge, ConfidenceTooLarge, PriceFromFuture, PriceGoesBackwards
    function publishPrice(uint256 underlying, uint256 indexWad, int256 premiumWad, uint256 confidenceWad, uint256 publishedAt) external {
        requireFeeder(msg.sender);
        requireUnderlying(underlying);
        Oracle.Price storage price = ledger.prices[underlying];
        Oracle.requirePrice(indexWad);
        if (Fixed.abs(premiumWad) > Oracle.MAX_PREMIUM) revert NumberErrors.PriceTooLarge(Fixed.abs(premiumWad), Oracle.MAX_PREMIUM);
        Oracle.requirePrint(confidenceWad, publishedAt, earliest(underlying, price.publishedAt));
        Oracle.PriceGuard memory guard = ledger.guards[underlying];
        uint256 heldWad = Oracle.confirm(price, guard, ledger.risks[underlying].heartbeatSecs, indexWad);
        if (heldWad != 0) {
            noteFresh(ledger.freshSince, Market.termOf(underlying, 0), price.publishedAt, publishedAt, ledger.risks[underlying].heartbeatSecs);
            Ledger.accrueFunding(ledger, underlying);
            observe(underlying, publishedAt);
            Oracle.replace(price, guard.stableRate, heldWad, premiumWad, confidenceWad, publishedAt);
        }
        Funding.Track memory track = ledger.tracks[underlying];
        emit PricePublished(msg.sender, underlying, indexWad, premiumWad, confidenceWad, publishedAt, price, track);
    }

    /// @notice Publishes the forward of an expiry.
    /// @dev a move beyond the limits of a guard is in force up to them
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    /// @param forwardWad forward price [wad]
    /// @param rateWad interest rate to the expiry per year [wad]
    /// @param confidenceWad confidence of the forward [wad]
    /// @param publishedAt time of the print [unix seconds]
    /// @custom:reverts NotFeeder, UnknownExpiry, ZeroPrice, PriceTooLarge, ParameterOutOfRange, ConfidenceTooLarge, PriceFromFuture,
    /// PriceGoesBackwards
    function publishForward(
        uint256 underlying,
        uint256 expiry,
        uint256 forwardWad,
        uint256 rateWad,
        uint256 confidenceWad,
        uint256 publishedAt
    ) external {
        requireFeeder(msg.sender);
        Oracle.Curve storage curve = openCurve(underlying, expiry);
        Oracle.requirePrice(forwardWad);
        uint256 heldWad = Oracle.limitedForward(curve, ledger.guards[underlying], ledger.prices[underlying].index, forwardWad);
        noteFresh(ledger.freshSince, Market.termOf(underlying, expiry), curve.publishedAt, publishedAt, ledger.risks[underlying].heartbeatSecs);
        Oracle.publishForward(curve, heldWad, rateWad, confidenceWad, publishedAt);
        emit ForwardPublished(
            msg.sender, underlying, expiry, forwardWad, rateWad, confidenceWad, publishedAt, heldWad, curve.base, curve.baseAt
        );
    }

    /// @notice Publishes the volatility surface of an expiry.
    /// @dev one that waits for a second print changes nothing else
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    /// @param svi volatility by strike
    /// @param confidenceWad confidence of the surface [wad]
    /// @param publishedAt time of the print [unix seconds]
    /// @custom:reverts NotFeeder, UnknownExpiry, ParameterOutOfRange, ConfidenceTooLarge, PriceFromFuture, PriceGoesBackwards
    function publishSurface(uint256 underlying, uint256 expiry, Surface.Svi calldata svi, uint256 confidenceWad, uint256 publishedAt)
        external
    {
        requireFeeder(msg.sender);
        Oracle.Curve storage curve = openCurve(underlying, expiry);
        Surface.requireValid(svi);
        Oracle.requirePrint(confidenceWad, publishedAt, curve.surfacePublishedAt);
        uint256 heartbeatSecs = ledger.optionRisks[underlying].heartbeatSecs;
        uint256 strikeWad = curve.publishedAt == 0 ? ledger.prices[underlying].index : curve.forward;
        if (Smile.confirm(curve, ledger.guards[underlying], heartbeatSecs, strikeWad, svi)) {
            noteFresh(ledger.surfaceSince, Market.termOf(underlying, expiry), curve.surfacePublishedAt, publishedAt, heartbeatSecs);
            Oracle.publishSurface(curve, svi, confidenceWad, publishedAt);
        }
        emit SurfacePublished(msg.sender, underlying, expiry, svi, confidenceWad, publishedAt, curve.watch);
    }

    /// @notice Mark price of an instrument, and the widest distance of a trade from it.
    /// @param instrument number of the instrument
    /// @custom:reverts UnknownInstrument, InstrumentExpired, StalePrice
    function quotation(uint256 instrument) external view returns (uint256 markWad, uint256 bandWad) {
        return Band.quotation(ledger, instrument);
    }

    /// @notice Records what a new print fixes in the open expiries of an underlying.
    /// @dev an expiry whose settlement is fixed closes: the last open expiry takes its place
    /// @param underlying number of the underlying
    /// @param publishedAt time of the new print [unix seconds]
    function observe(uint256 underlying, uint256 publishedAt) internal {
        uint256[] storage open = ledger.expiries[underlying];
        for (uint256 i = open.length; i > 0; i--) {
            uint256 expiry = open[i - 1];
            Oracle.Curve storage curve = ledger.curves[Market.termOf(underlying, expiry)];
            Oracle.observe(curve, ledger.prices[underlying], expiry, publishedAt);
            if (curve.settlement == 0) continue;
            open[i - 1] = open[open.length - 1];
            open.pop();
            emit ExpirySettled(msg.sender, underlying, expiry, curve.settlement);
        }
    }

    /// @notice Earliest time of a new print of an underlying.
    /// @dev no earlier than the last print, nor than an open expiry that is over: what its settlement averages is known by then
    /// @param underlying number of the underlying
    /// @param lastAt time of the last print [unix seconds]
    function earliest(uint256 underlying, uint256 lastAt) internal view returns (uint256) {
        uint256[] storage open = ledger.expiries[underlying];
        for (uint256 i = 0; i < open.length; i++) {
            uint256 expiry = open[i];
            if (expiry <= block.timestamp && expiry > lastAt) lastAt = expiry;
        }
        return lastAt;
    }

    /// @notice Curve of an open expiry.
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    /// @custom:reverts UnknownExpiry
    function openCurve(uint256 underlying, uint256 expiry) internal view returns (Oracle.Curve storage curve) {
        if (underlying >= Market.MAX_UNDERLYINGS || expiry > type(uint40).max) revert MarketErrors.UnknownExpiry(underlying, expiry);
        curve = ledger.curves[Market.termOf(underlying, expiry)];
        if (curve.listedAt == 0 || curve.settlement != 0) revert MarketErrors.UnknownExpiry(underlying, expiry);
    }

    /// @notice Notes the end of a gap in a price, from which clocks of auctions that need it count anew.
    /// @dev called before the print replaces the one before; a print from the future is refused afterwards
    /// @param since ends of gaps, by term [unix seconds]
    /// @param term expiry of an underlying, 0 for its index
    /// @param lastAt time of the print before [unix seconds]
    /// @param publishedAt time of the print [unix seconds]
    /// @param heartbeatSecs longest age [seconds]
    function noteFresh(
        mapping(uint256 term => uint64) storage since,
        uint256 term,
        uint256 lastAt,
        uint256 publishedAt,
        uint256 heartbeatSecs
    ) internal {
        if (block.timestamp > publishedAt && block.timestamp - publishedAt > heartbeatSecs) return;
        if (Oracle.isFresh(lastAt, heartbeatSecs)) return;
        since[term] = uint64(block.timestamp);
    }

    /// @notice Requires a sender that may publish.
    /// @param sender caller
    /// @custom:reverts NotFeeder
    function requireFeeder(address sender) internal view {
        if (!isFeeder[sender]) revert AuthorityErrors.NotFeeder(sender);
    }
}
