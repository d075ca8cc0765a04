// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Errors} from "./Errors.sol";
import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";

/// @notice Quote cash: signed principals against a supply and a borrow index, the insurance fund, and open deficits.
library Cash {
    uint256 internal constant NO_FEED = type(uint8).max;

    /// @notice How the quote token's own price enters.
    /// @dev feed: underlying that prices the quote token, or NO_FEED; depegThreshold: price below which it counts as depegged [wad];
    /// depegFactor: requirement per notional and missing unit of price [wad]
    struct Terms {
        uint8 feed;
        uint64 depegThreshold;
        uint64 depegFactor;
    }

    /// @notice The quote side of the vault.
    /// @dev supplyIndex, borrowIndex [ray]; insuranceWad: insurance fund [wad]; deficitWad: open deficits of insolvent accounts [wad]
    struct Pool {
        address token;
        uint8 decimals;
        Terms terms;
        uint256 supplyIndex;
        uint256 borrowIndex;
        uint256 insuranceWad;
        uint256 deficitWad;
    }

    /// @notice Present value of a principal.
    /// @dev principal * index / 1e27, at the supply index when positive and the borrow index when negative
    /// @param self quote side of the vault
    /// @param principal cash of an account before interest [wad]
    /// @custom:rounds toward minus infinity, because the account's cash goes down and its debt goes up
    function present(Pool storage self, int256 principal) internal view returns (int256) {
        uint256 index = principal < 0 ? self.borrowIndex : self.supplyIndex;
        return Fixed.mulDivFloor(principal, int256(index), Fixed.RAY);
    }

    /// @notice Principal of a present value.
    /// @dev present * 1e27 / index, at the supply index when positive and the borrow index when negative
    /// @param self quote side of the vault
    /// @param presentWad cash of an account [wad]
    /// @custom:rounds toward minus infinity, because the account's cash goes down and its debt goes up
    function principalOf(Pool storage self, int256 presentWad) internal view returns (int256) {
        uint256 index = presentWad < 0 ? self.borrowIndex : self.supplyIndex;
        return Fixed.mulDivFloor(presentWad, int256(Fixed.RAY), index);
    }

    /// @notice Principal after cash has moved.
    /// @param self quote side of the vault
    /// @param principal cash of an account before interest [wad]
    /// @param deltaWad what moves, positive into the account [wad]
    function moved(Pool storage self, int256 principal, int256 deltaWad) internal view returns (int256) {
        if (deltaWad == 0) return principal;
        return principalOf(self, present(self, principal) + deltaWad);
    }

    /// @notice Requirement per notional because the quote token has lost its peg.
    /// @dev max(0, threshold - price) * factor
    /// @param terms terms of the quote token
    /// @param priceWad price of the quote token [wad]
    /// @custom:rounds up, because it must be held
    function depegRate(Terms memory terms, uint256 priceWad) internal pure returns (uint256) {
        if (priceWad >= terms.depegThreshold) return 0;
        return Fixed.mulDivUp(terms.depegThreshold - priceWad, terms.depegFactor, Fixed.WAD);
    }

    /// @notice Takes from the insurance fund.
    /// @param self quote side of the vault
    /// @param amountWad what the fund pays [wad]
    /// @custom:reverts InsuranceExhausted
    function drawInsurance(Pool storage self, uint256 amountWad) internal {
        if (amountWad > self.insuranceWad) revert Errors.InsuranceExhausted(self.insuranceWad, amountWad);
        self.insuranceWad -= amountWad;
    }

    /// @notice Refuses while open deficits are larger than the insurance fund.
    /// @param self quote side of the vault
    /// @custom:reverts DeficitOpen
    function requireCovered(Pool storage self) internal view {
        if (self.deficitWad > self.insuranceWad) revert Errors.DeficitOpen(self.deficitWad, self.insuranceWad);
    }

    /// @notice Refuses terms outside their ranges.
    /// @param terms terms of the quote token
    /// @param underlyings count of listed underlyings
    /// @custom:reverts UnknownUnderlying, ParameterOutOfRange
    function requireValid(Terms memory terms, uint256 underlyings) internal pure {
        if (terms.feed != NO_FEED && terms.feed >= underlyings) revert Errors.UnknownUnderlying(terms.feed);
        Market.requireWithin("depegThreshold", terms.depegThreshold, 0, Fixed.WAD);
        Market.requireWithin("depegFactor", terms.depegFactor, 0, 10 * Fixed.WAD);
    }
}
