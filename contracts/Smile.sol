// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Oracle} from "./Oracle.sol";
import {Surface} from "./Surface.sol";

/// @notice Movement of a surface that a guard lets through.
library Smile {
    /// @notice Whether a print of a surface is in force; else it waits for a second one.
    /// @dev in force within surfaceMove of the last surface and of the base, which the last one replaces confirmSecs after it was set; beyond, where
    /// it confirms the one that waits, which is then its base. Without a bound, and at the first print, every surface is in force
    /// @param self curve of the expiry
    /// @param guard price guard of the underlying
    /// @param heartbeatSecs longest age of a surface [seconds]
    /// @param strikeWad strike at which vols are compared [wad]
    /// @param svi surface, valid
    function confirm(
        Oracle.Curve storage self,
        Oracle.PriceGuard memory guard,
        uint256 heartbeatSecs,
        uint256 strikeWad,
        Surface.Svi memory svi
    ) internal returns (bool) {
        Surface.Watch memory watch = self.watch;
        if (self.surfacePublishedAt == 0 || guard.surfaceMove == 0) {
            if (watch.waitingAt != 0) delete self.watch;
            return true;
        }
        Surface.Svi memory last = self.svi;
        if (block.timestamp >= watch.baseAt + guard.confirmSecs) (watch.base, watch.baseAt) = (last, uint64(block.timestamp));
        bool isHeld = isNear(svi, last, strikeWad, guard.surfaceMove) && isNear(svi, watch.base, strikeWad, guard.surfaceMove);
        bool isKept = !isHeld && isWaiting(watch, guard.confirmSecs, heartbeatSecs) && isNear(svi, watch.waiting, strikeWad, guard.surfaceMove);
        if (isKept && block.timestamp >= watch.waitingAt + guard.confirmSecs) {
            (watch.base, watch.baseAt, isHeld) = (svi, uint64(block.timestamp), true);
        }
        if (isHeld) (watch.waiting, watch.waitingAt) = (Surface.Svi(0, 0, 0, 0, 0, 0, 0), 0);
        else if (!isKept) (watch.waiting, watch.waitingAt) = (svi, uint64(block.timestamp));
        self.watch = watch;
        return isHeld;
    }

    /// @notice Whether a surface waits for a second print.
    /// @dev it lapses confirmSecs + heartbeatSecs after its print, by the clock of the chain
    /// @param watch base of a surface and the one that waits
    /// @param confirmSecs time from the first print to the second [seconds]
    /// @param heartbeatSecs longest age of a surface [seconds]
    function isWaiting(Surface.Watch memory watch, uint256 confirmSecs, uint256 heartbeatSecs) internal view returns (bool) {
        return watch.waitingAt != 0 && block.timestamp <= watch.waitingAt + confirmSecs + heartbeatSecs;
    }

    /// @notice Whether two surfaces are within a part of the second of each other.
    /// @dev in their vol at a strike, and in the slope of each wing per year
    /// @param svi surface
    /// @param base surface it is compared with
    /// @param strikeWad strike [wad]
    /// @param partWad widest distance [wad of the base]
    /// @custom:rounds down, because it is a limit
    function isNear(Surface.Svi memory svi, Surface.Svi memory base, uint256 strikeWad, uint256 partWad) internal pure returns (bool) {
        return Oracle.isNear(Surface.vol(svi, strikeWad), Surface.vol(base, strikeWad), partWad)
            && Oracle.isNear(Surface.slope(svi, false), Surface.slope(base, false), partWad)
            && Oracle.isNear(Surface.slope(svi, true), Surface.slope(base, true), partWad);
    }
}
