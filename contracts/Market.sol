// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {NumberErrors} from "./NumberErrors.sol";

/// @notice Underlyings with their risk parameters, and instruments on them.
library Market {
    uint256 internal constant MAX_UNDERLYINGS = 8;
    uint256 internal constant MAX_EXPIRIES = 8;
    uint256 internal constant PERP = 1;
    uint256 internal constant FUTURE = 2;
    uint256 internal constant CALL = 3;
    uint256 internal constant PUT = 4;
    /// @dev the largest requirement per notional that passes a door, and rate of the size term [wad]
    uint256 internal constant MAX_RATE = 10e18;

    /// @notice Risk parameters of an underlying.
    /// @dev heartbeatSecs: longest age of an index or a forward [seconds]; markBand: widest premium of a perp [wad]; tradeBand: widest distance
    /// of a trade from the mark [wad]; initialRate, maintenanceRate: lowest requirement per notional [wad]; baseRate, impactRate per skewScale
    /// of size: the size term [wad]; maintenanceScale: part of the size term at maintenance [wad]; spreadRate: requirement per offset notional
    /// [wad]; profitWeight: part of an unrealised profit that counts at initial [wad]; confidenceThreshold, confidenceFactor [wad];
    /// fundingBase: funding of a perp without premium [wad per 8 hours]; fundingCap: largest funding, 0 = none [wad per 8 hours]
    struct MarketRisk {
        uint64 heartbeatSecs;
        uint64 markBand;
        uint64 tradeBand;
        uint64 initialRate;
        uint64 baseRate;
        uint64 impactRate;
        uint64 maintenanceRate;
        uint64 maintenanceScale;
        uint64 spreadRate;
        uint64 profitWeight;
        uint64 confidenceThreshold;
        uint64 confidenceFactor;
        int64 fundingBase;
        uint64 fundingCap;
        uint96 skewScale;
    }

    /// @notice Risk parameters of the options on an underlying.
    /// @dev heartbeatSecs: longest age of a surface, 0 until options are offered [seconds]; tradeBand: widest distance of a trade from the mark
    /// [wad of the index]; maxSpotRate, minSpotRate: initial requirement of a short per index, before and after the out-of-the-money amount [wad];
    /// callRate, putRate: maintenance requirement of a short per index [wad]; putMarkRate: of a short put per mark [wad]; putInitialScale: least requirement
    /// of a put at initial per maintenance [wad]; unpairedInitial, unpairedMaintenance: per uncovered short call and forward [wad];
    /// valueBand: widest distance of a trade from the mark, besides a floor, 0: that per index alone [wad of the mark]
    struct OptionRisk {
        uint64 heartbeatSecs;
        uint64 tradeBand;
        uint64 maxSpotRate;
        uint64 minSpotRate;
        uint64 callRate;
        uint64 putRate;
        uint64 putMarkRate;
        uint64 putInitialScale;
        uint64 unpairedInitial;
        uint64 unpairedMaintenance;
        uint64 valueBand;
    }

    /// @notice Number of an instrument.
    /// @dev strike [96 bits], expiry [40], kind [8], underlying [8], from the lowest bit
    /// @param underlying number of the underlying
    /// @param kind PERP, FUTURE, CALL or PUT
    /// @param expiry end of the instrument; 0 for a perp [unix seconds]
    /// @param strikeWad strike; 0 but for options [wad]
    function instrumentOf(uint256 underlying, uint256 kind, uint256 expiry, uint256 strikeWad) internal pure returns (uint256) {
        return underlying * 2 ** 144 + kind * 2 ** 136 + expiry * 2 ** 96 + strikeWad;
    }

    /// @notice Number of the perp on an underlying.
    /// @param underlying number of the underlying
    function perp(uint256 underlying) internal pure returns (uint256) {
        return instrumentOf(underlying, PERP, 0, 0);
    }

    /// @notice Underlying of an instrument.
    /// @param instrument number of the instrument
    function underlyingOf(uint256 instrument) internal pure returns (uint256) {
        return Fixed.bits(instrument, 144, 8);
    }

    /// @notice Kind of an instrument.
    /// @param instrument number of the instrument
    function kindOf(uint256 instrument) internal pure returns (uint256) {
        return Fixed.bits(instrument, 136, 8);
    }

    /// @notice Expiry of an instrument; 0 for a perp.
    /// @param instrument number of the instrument
    function expiryOf(uint256 instrument) internal pure returns (uint256) {
        return Fixed.bits(instrument, 96, 40);
    }

    /// @notice Strike of an option.
    /// @param instrument number of the instrument
    function strikeOf(uint256 instrument) internal pure returns (uint256) {
        return Fixed.bits(instrument, 0, 96);
    }

    /// @notice Whether a kind of instrument is an option.
    /// @param kind kind of the instrument
    function isOption(uint256 kind) internal pure returns (bool) {
        return kind == CALL || kind == PUT;
    }

    /// @notice Number of an expiry of an underlying.
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds], below 2^40
    function termOf(uint256 underlying, uint256 expiry) internal pure returns (uint256) {
        return underlying * 2 ** 40 + expiry;
    }

    /// @notice Requires a well-formed instrument number.
    /// @param instrument number of the instrument
    /// @param underlyings count of listed underlyings
    /// @custom:reverts UnknownInstrument
    function requireFormed(uint256 instrument, uint256 underlyings) internal pure {
        uint256 underlying = underlyingOf(instrument);
        uint256 kind = kindOf(instrument);
        uint256 expiry = expiryOf(instrument);
        uint256 strikeWad = strikeOf(instrument);
        bool formed = instrument == instrumentOf(underlying, kind, expiry, strikeWad) && underlying < underlyings;
        if (kind == PERP) formed = formed && expiry == 0 && strikeWad == 0;
        else if (kind == FUTURE) formed = formed && expiry != 0 && strikeWad == 0;
        else formed = formed && isOption(kind) && expiry != 0 && strikeWad != 0;
        if (!formed) revert MarketErrors.UnknownInstrument(instrument);
    }

    /// @notice Validates the risk parameters of an underlying.
    /// @dev with a rate of ten the size term is below 2^166 (sizes below 2^102, skewScale 1 wei), a requirement below 2^245 (gross below 2^198)
    /// @param risk parameters of an underlying
    /// @custom:reverts ParameterOutOfRange
    function requireValid(MarketRisk memory risk) internal pure {
        requireWithin("heartbeatSecs", risk.heartbeatSecs, 1, 365 days);
        requireWithin("markBand", risk.markBand, 0, Fixed.WAD - 1);
        requireWithin("tradeBand", risk.tradeBand, 0, Fixed.WAD);
        requireWithin("initialRate", risk.initialRate, 1, MAX_RATE);
        requireWithin("baseRate", risk.baseRate, 0, MAX_RATE);
        requireWithin("impactRate", risk.impactRate, 0, MAX_RATE);
        requireWithin("maintenanceRate", risk.maintenanceRate, 1, risk.initialRate);
        requireWithin("maintenanceScale", risk.maintenanceScale, 0, Fixed.WAD);
        requireWithin("spreadRate", risk.spreadRate, 0, risk.maintenanceRate);
        requireWithin("profitWeight", risk.profitWeight, 0, Fixed.WAD);
        requireWithin("confidenceThreshold", risk.confidenceThreshold, 0, Fixed.WAD);
        requireWithin("confidenceFactor", risk.confidenceFactor, 0, MAX_RATE);
        requireWithin("fundingBase", Fixed.abs(risk.fundingBase), 0, Fixed.WAD);
        requireWithin("fundingCap", risk.fundingCap, 0, Fixed.WAD);
        requireWithin("skewScale", risk.skewScale, 1, Fixed.CAP);
    }

    /// @notice Validates the risk parameters of options.
    /// @dev the initial requirement is no less than the maintenance requirement; options once offered stay offered, because open options
    /// must be valued
    /// @param risk parameters of the options on an underlying
    /// @custom:reverts ParameterOutOfRange
    function requireValidOptions(OptionRisk memory risk) internal pure {
        requireWithin("heartbeatSecs", risk.heartbeatSecs, 1, 365 days);
        requireWithin("tradeBand", risk.tradeBand, 0, Fixed.WAD);
        requireWithin("maxSpotRate", risk.maxSpotRate, 0, Fixed.WAD);
        requireWithin("minSpotRate", risk.minSpotRate, 0, risk.maxSpotRate);
        requireWithin("callRate", risk.callRate, 0, risk.minSpotRate);
        requireWithin("putRate", risk.putRate, 0, risk.minSpotRate);
        requireWithin("putMarkRate", risk.putMarkRate, 0, Fixed.WAD);
        requireWithin("putInitialScale", risk.putInitialScale, Fixed.WAD, 10 * Fixed.WAD);
        requireWithin("unpairedInitial", risk.unpairedInitial, Fixed.WAD, 10 * Fixed.WAD);
        requireWithin("unpairedMaintenance", risk.unpairedMaintenance, Fixed.WAD, risk.unpairedInitial);
        requireWithin("valueBand", risk.valueBand, 0, MAX_RATE);
    }

    /// @notice Requires a parameter within its range.
    /// @param name name of the parameter
    /// @param value given value [any]
    /// @param low smallest allowed [same]
    /// @param high largest allowed [same]
    /// @custom:reverts ParameterOutOfRange
    function requireWithin(bytes32 name, uint256 value, uint256 low, uint256 high) internal pure {
        if (value < low || value > high) revert NumberErrors.ParameterOutOfRange(name, value, low, high);
    }
}
