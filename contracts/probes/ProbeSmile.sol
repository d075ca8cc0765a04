// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Oracle} from "../Oracle.sol";
import {Surface} from "../Surface.sol";
import {Smile} from "../Smile.sol";

/// @notice Exposes the functions of Smile; stored state is given and returned.
contract ProbeSmile {
    Oracle.Curve private known;

    function confirm(
        Oracle.Curve calldata self,
        Oracle.PriceGuard calldata guard,
        uint256 heartbeatSecs,
        uint256 strikeWad,
        Surface.Svi calldata svi
    ) external returns (bool isHeld, Oracle.Curve memory) {
        known = self;
        isHeld = Smile.confirm(known, guard, heartbeatSecs, strikeWad, svi);
        return (isHeld, known);
    }

    function isWaiting(Surface.Watch calldata watch, uint256 confirmSecs, uint256 heartbeatSecs) external view returns (bool) {
        return Smile.isWaiting(watch, confirmSecs, heartbeatSecs);
    }

    function isNear(Surface.Svi calldata svi, Surface.Svi calldata base, uint256 strikeWad, uint256 partWad) external pure returns (bool) {
        return Smile.isNear(svi, base, strikeWad, partWad);
    }
}
