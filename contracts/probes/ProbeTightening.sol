// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Collateral} from "../Collateral.sol";
import {Market} from "../Market.sol";
import {Tightening} from "../Tightening.sol";

/// @notice Exposes the functions of Tightening.
contract ProbeTightening {
    function isTighterRisk(Market.MarketRisk calldata was, Market.MarketRisk calldata risk) external pure returns (bool) {
        return Tightening.isTighterRisk(was, risk);
    }

    function isTighterOptions(Market.OptionRisk calldata was, Market.OptionRisk calldata risk) external pure returns (bool) {
        return Tightening.isTighterOptions(was, risk);
    }

    function isTighterHaircut(Collateral.HaircutTerms calldata was, Collateral.HaircutTerms calldata terms) external pure returns (bool) {
        return Tightening.isTighterHaircut(was, terms);
    }
}
