// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Option} from "../Option.sol";

/// @notice Exposes the functions of Option.
contract ProbeOption {
    function payoff(uint256 spotWad, uint256 strikeWad, bool isCall) external pure returns (uint256) {
        return Option.payoff(spotWad, strikeWad, isCall);
    }

    function discount(uint256 rateWad, uint256 secs) external pure returns (uint256) {
        return Option.discount(rateWad, secs);
    }

    function deviation(uint256 volWad, uint256 secs) external pure returns (uint256) {
        return Option.deviation(volWad, secs);
    }

    function price(Option.OptionTerms calldata terms) external pure returns (uint256) {
        return Option.price(terms);
    }

    function undiscounted(uint256 forwardWad, uint256 strikeWad, int256 apartWad, uint256 deviationWad, bool isCall)
        external
        pure
        returns (uint256)
    {
        return Option.undiscounted(forwardWad, strikeWad, apartWad, deviationWad, isCall);
    }

    function greeks(Option.OptionTerms calldata terms) external pure returns (Option.OptionGreeks memory) {
        return Option.greeks(terms);
    }
}
