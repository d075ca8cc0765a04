// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Band} from "../Band.sol";
import {Standard} from "../Standard.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Band; the ledger is given.
contract ProbeBand is Probe {
    function quotation(Setup calldata self, uint256 instrument) external returns (uint256 markWad, uint256 bandWad) {
        return Band.quotation(stored(self), instrument);
    }

    function optionBand(Standard.Exposure memory exposure, uint256 markWad) external pure returns (uint256) {
        return Band.optionBand(exposure, markWad);
    }
}
