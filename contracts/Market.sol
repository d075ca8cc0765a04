// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Errors} from "./Errors.sol";
import {Fixed} from "./Fixed.sol";

/// @notice What is traded: underlyings with their risk parameters, and instruments on them.
library Market {
    uint256 internal constant MAX_UNDERLYINGS = 8;
    uint256 internal constant PERP = 1;

    /// @notice Risk parameters of an underlying.
    /// @dev heartbeatSecs [seconds]; markBand: widest premium of a perp [wad]; tradeBand: widest distance of a trade from the mark [wad];
    /// initialRate, maintenanceRate: lowest requirement per notional [wad]; baseRate, impactRate per skewScale of size: the size term [wad];
    /// maintenanceScale: part of the size term at maintenance [wad]; spreadRate: requirement per offset notional [wad];
    /// profitWeight: part of an unrealised profit that counts at initial [wad]; confidenceThreshold, confidenceFactor [wad]
    struct Risk {
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
        uint96 skewScale;
    }

    /// @notice Number of the perp on an underlying.
    /// @dev strike [96 bits], expiry [40], kind [8], underlying [8], from the lowest bit
    /// @param underlying number of the underlying
    function perp(uint256 underlying) internal pure returns (uint256) {
        return underlying * 2 ** 144 + PERP * 2 ** 136;
    }

    /// @notice Underlying of an instrument.
    /// @param instrument number of the instrument
    function underlyingOf(uint256 instrument) internal pure returns (uint256) {
        return Fixed.bits(instrument, 144, 8);
    }

    /// @notice Refuses a number that is no listed instrument.
    /// @param instrument number of the instrument
    /// @param underlyings count of listed underlyings
    /// @custom:reverts UnknownInstrument
    function requireListed(uint256 instrument, uint256 underlyings) internal pure {
        uint256 underlying = underlyingOf(instrument);
        if (underlying >= underlyings || instrument != perp(underlying)) revert Errors.UnknownInstrument(instrument);
    }

    /// @notice Refuses risk parameters outside their ranges.
    /// @param risk parameters of an underlying
    /// @custom:reverts ParameterOutOfRange
    function requireValid(Risk memory risk) internal pure {
        requireWithin("heartbeatSecs", risk.heartbeatSecs, 1, 365 days);
        requireWithin("markBand", risk.markBand, 0, Fixed.WAD - 1);
        requireWithin("tradeBand", risk.tradeBand, 0, Fixed.WAD);
        requireWithin("initialRate", risk.initialRate, 1, Fixed.WAD);
        requireWithin("baseRate", risk.baseRate, 0, Fixed.WAD);
        requireWithin("impactRate", risk.impactRate, 0, Fixed.WAD);
        requireWithin("maintenanceRate", risk.maintenanceRate, 1, risk.initialRate);
        requireWithin("maintenanceScale", risk.maintenanceScale, 0, Fixed.WAD);
        requireWithin("spreadRate", risk.spreadRate, 0, risk.maintenanceRate);
        requireWithin("profitWeight", risk.profitWeight, 0, Fixed.WAD);
        requireWithin("confidenceThreshold", risk.confidenceThreshold, 0, Fixed.WAD);
        requireWithin("confidenceFactor", risk.confidenceFactor, 0, Fixed.WAD);
        requireWithin("skewScale", risk.skewScale, 1, Fixed.CAP);
    }

    /// @notice Refuses a parameter outside its range.
    /// @param name name of the parameter
    /// @param value what was given [any]
    /// @param low smallest allowed [same]
    /// @param high largest allowed [same]
    /// @custom:reverts ParameterOutOfRange
    function requireWithin(bytes32 name, uint256 value, uint256 low, uint256 high) internal pure {
        if (value < low || value > high) revert Errors.ParameterOutOfRange(name, value, low, high);
    }
}
