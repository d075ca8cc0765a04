// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";

/// @notice Caps of the whole vault: on each collateral, on borrowing, and on the open interest of an underlying.
/// @dev they bound what opens; no cap stops a deposit of cash, a reduction, a bid or a settlement
library Caps {
    bytes32 internal constant BORROWING = "borrowing";
    bytes32 internal constant COLLATERAL = "collateral";
    bytes32 internal constant INTEREST = "open interest";

    /// @notice Caps of the vault, and its open interest.
    /// @dev limits: largest amount by what it limits and its number, 0: none [wad, of a collateral raw]; longs: open interest of an instrument,
    /// the sum of its long sizes [wad]; interests: sum over the instruments of an underlying [wad]
    struct CapBook {
        mapping(bytes32 what => mapping(uint256 number => uint256)) limits;
        mapping(uint256 instrument => uint256) longs;
        mapping(uint256 underlying => uint256) interests;
    }

    /// @notice Caps in force, 0: none.
    /// @dev borrowingWad: debts of all accounts [wad]; collateralsRaw: balances of all accounts, by collateral [raw]; interestsWad: open
    /// interest, by underlying [wad]
    struct Limits {
        uint256 borrowingWad;
        uint256[] collateralsRaw;
        uint256[] interestsWad;
    }

    /// @notice Long part of a size: open interest counts each trade once.
    /// @param size size of a position [wad]
    function longOf(int256 size) internal pure returns (int256) {
        return size > 0 ? size : int256(0);
    }

    /// @notice Records a change of the long sizes in an instrument.
    /// @param self caps of the vault
    /// @param instrument number of the instrument
    /// @param longDelta change of the sum of long sizes [wad]
    function record(CapBook storage self, uint256 instrument, int256 longDelta) internal {
        if (longDelta == 0) return;
        uint256 underlying = Market.underlyingOf(instrument);
        self.longs[instrument] = uint256(int256(self.longs[instrument]) + longDelta);
        self.interests[underlying] = uint256(int256(self.interests[underlying]) + longDelta);
    }

    /// @notice Requires an amount that has not risen, or is within its cap.
    /// @param self caps of the vault
    /// @param what BORROWING, COLLATERAL or INTEREST
    /// @param number number of the collateral or the underlying, 0 for borrowing
    /// @param before amount before [wad, of a collateral raw]
    /// @param later amount after [same]
    /// @custom:reverts CapExceeded
    function requireRoom(CapBook storage self, bytes32 what, uint256 number, uint256 before, uint256 later) internal view {
        if (later <= before) return;
        uint256 limit = self.limits[what][number];
        if (limit != 0 && later > limit) revert MarketErrors.CapExceeded(what, number, later, limit);
    }

    /// @notice Whether a cap is looser than another.
    /// @param limit cap, 0: none
    /// @param other the other cap, 0: none
    function isLooser(uint256 limit, uint256 other) internal pure returns (bool) {
        return other != 0 && (limit == 0 || limit > other);
    }

    /// @notice Caps in force.
    /// @param self caps of the vault
    /// @param collaterals count of listed collaterals
    /// @param underlyings count of listed underlyings
    function limitsOf(CapBook storage self, uint256 collaterals, uint256 underlyings) internal view returns (Limits memory all) {
        all.borrowingWad = self.limits[BORROWING][0];
        all.collateralsRaw = new uint256[](collaterals);
        for (uint256 i = 0; i < collaterals; i++) all.collateralsRaw[i] = self.limits[COLLATERAL][i];
        all.interestsWad = new uint256[](underlyings);
        for (uint256 i = 0; i < underlyings; i++) all.interestsWad[i] = self.limits[INTEREST][i];
    }
}
