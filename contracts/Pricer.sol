// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Option} from "./Option.sol";
import {Standard} from "./Standard.sol";
import {Surface} from "./Surface.sol";

/// @notice Vols, marks and greeks of options: a contract without storage, because no other has room for its code.
contract Pricer {
    /// @notice Implied vols and mark prices of some options.
    /// @dev Black-76 at the forward and rate of each, and the vol of its surface; its vol and mark are not read
    /// @param lines options
    /// @param surfaces total variance of the expiry of each; without a time, there is none, and the vol is 0
    function quotes(Standard.HeldOption[] memory lines, Surface.Svi[] memory surfaces)
        external
        pure
        returns (uint256[] memory volsWad, uint256[] memory marksWad)
    {
        (volsWad, marksWad) = (new uint256[](lines.length), new uint256[](lines.length));
        for (uint256 i = 0; i < lines.length; i++) {
            lines[i].volWad = surfaces[i].refSecs == 0 ? 0 : Surface.vol(surfaces[i], lines[i].strikeWad);
            (volsWad[i], marksWad[i]) = (lines[i].volWad, Option.price(_terms(lines[i])));
        }
    }

    /// @notice Greeks of some options, each per one of it.
    /// @param lines options
    function greeks(Standard.HeldOption[] memory lines) external pure returns (Option.OptionGreeks[] memory found) {
        found = new Option.OptionGreeks[](lines.length);
        for (uint256 i = 0; i < lines.length; i++) found[i] = Option.greeks(_terms(lines[i]));
    }

    /// @notice Inputs to the price of an option that an account holds.
    /// @param line option
    function _terms(Standard.HeldOption memory line) private pure returns (Option.OptionTerms memory) {
        uint256 discountWad = Option.discount(line.rateWad, line.secs);
        return Option.OptionTerms(line.forwardWad, line.strikeWad, line.volWad, line.secs, discountWad, line.isCall);
    }
}
