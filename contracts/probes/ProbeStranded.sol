// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account} from "../Account.sol";
import {Margin} from "../Margin.sol";
import {Standard} from "../Standard.sol";
import {Stranded} from "../Stranded.sol";
import {Probe} from "./Probe.sol";

/// @notice Exposes the functions of Stranded; the ledger is given.
contract ProbeStranded is Probe {
    function split(Setup calldata self, Account.Image calldata held) external returns (Stranded.Parts memory) {
        return Stranded.split(stored(self), held);
    }

    function lastStaleSince(Setup calldata self, uint256[] calldata instruments) external returns (uint256) {
        return Stranded.lastStaleSince(stored(self), instruments);
    }

    function staleSince(Setup calldata self, uint256 instrument) external returns (uint256) {
        return Stranded.staleSince(stored(self), instrument);
    }

    function lateAfter(uint256 publishedAt, uint256 heartbeatSecs) external view returns (uint256) {
        return Stranded.lateAfter(publishedAt, heartbeatSecs);
    }

    function most(Margin.Book calldata late) external pure returns (int256) {
        return Stranded.most(late);
    }

    function least(Margin.Book calldata late) external pure returns (int256) {
        return Stranded.least(late);
    }

    function ceiling(Margin.Book calldata late, Standard.HeldOption calldata line) external pure returns (uint256) {
        return Stranded.ceiling(late, line);
    }
}
