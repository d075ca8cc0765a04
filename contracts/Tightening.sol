// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Collateral} from "./Collateral.sol";
import {Market} from "./Market.sol";

/// @notice Changes of parameters that only tighten, and wait for no delay: they bind new risk and withdrawals, and sell no account.
/// @dev a field that moves equity, maintenance margin, prices or interest is not among them; a change of such a field is not a tightening, nor is
/// one that loosens a field, or that changes nothing
library Tightening {
    /// @notice Whether new risk parameters only tighten.
    /// @dev tradeBand and profitWeight may fall, initialRate may rise
    /// @param was risk parameters in force
    /// @param risk new risk parameters
    function isTighterRisk(Market.MarketRisk memory was, Market.MarketRisk memory risk) internal pure returns (bool) {
        bool isLooser = risk.tradeBand > was.tradeBand || risk.initialRate < was.initialRate || risk.profitWeight > was.profitWeight;
        if (isLooser || keccak256(abi.encode(was)) == keccak256(abi.encode(risk))) return false;
        (was.tradeBand, was.initialRate, was.profitWeight) = (risk.tradeBand, risk.initialRate, risk.profitWeight);
        return keccak256(abi.encode(was)) == keccak256(abi.encode(risk));
    }

    /// @notice Whether new risk parameters of options only tighten.
    /// @dev tradeBand may fall, maxSpotRate, minSpotRate, putInitialScale and unpairedInitial may rise
    /// @param was risk parameters in force
    /// @param risk new risk parameters
    function isTighterOptions(Market.OptionRisk memory was, Market.OptionRisk memory risk) internal pure returns (bool) {
        bool isLooser = risk.tradeBand > was.tradeBand || risk.maxSpotRate < was.maxSpotRate || risk.minSpotRate < was.minSpotRate;
        isLooser = isLooser || risk.putInitialScale < was.putInitialScale || risk.unpairedInitial < was.unpairedInitial;
        if (isLooser || keccak256(abi.encode(was)) == keccak256(abi.encode(risk))) return false;
        (was.tradeBand, was.maxSpotRate, was.minSpotRate) = (risk.tradeBand, risk.maxSpotRate, risk.minSpotRate);
        (was.putInitialScale, was.unpairedInitial) = (risk.putInitialScale, risk.unpairedInitial);
        return keccak256(abi.encode(was)) == keccak256(abi.encode(risk));
    }

    /// @notice Whether new haircut terms only tighten.
    /// @dev haircutInitial may rise
    /// @param was haircut terms in force
    /// @param terms new haircut terms
    function isTighterHaircut(Collateral.HaircutTerms memory was, Collateral.HaircutTerms memory terms) internal pure returns (bool) {
        if (terms.haircutInitial <= was.haircutInitial) return false;
        was.haircutInitial = terms.haircutInitial;
        return keccak256(abi.encode(was)) == keccak256(abi.encode(terms));
    }
}
