// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {NumberErrors} from "./NumberErrors.sol";

/// @notice Collateral: value, credit after haircut and cap, and transfers of tokens.
library Collateral {
    using SafeERC20 for IERC20;

    uint256 internal constant MAX_COLLATERALS = 8;

    /// @notice Haircut terms of a collateral.
    /// @dev haircutInitial, haircutMaintenance: part that does not count [wad]; capWad: largest value that counts in an account [wad]; staleSecs: time
    /// in which a stale price fades at maintenance, 0 = at once [seconds]
    struct HaircutTerms {
        uint64 haircutInitial;
        uint64 haircutMaintenance;
        uint96 capWad;
        uint32 staleSecs;
    }

    /// @notice Listed collateral.
    /// @dev decimals: of the token; underlying: whose index price values it; totalRaw: sum over all accounts [raw]
    struct Asset {
        address token;
        uint8 decimals;
        uint8 underlying;
        HaircutTerms terms;
        uint256 totalRaw;
    }

    /// @notice Value of a balance at the index price.
    /// @dev wad = raw * wad / 10^decimals
    /// @param balanceRaw balance [raw]
    /// @param indexWad price of one whole token [wad]
    /// @param decimals decimals of the token
    /// @custom:rounds down, because it is what the account owns
    function value(uint256 balanceRaw, uint256 indexWad, uint256 decimals) internal pure returns (uint256) {
        return Fixed.mulDivDown(balanceRaw, indexWad, 10 ** decimals);
    }

    /// @notice Credit of a value after cap and haircut.
    /// @dev min(value, cap) * (1 - haircut)
    /// @param valueWad value at the index price [wad]
    /// @param haircutWad part that does not count [wad]
    /// @param capWad largest value that counts [wad]
    /// @custom:rounds down, because it is what the account owns
    function credit(uint256 valueWad, uint256 haircutWad, uint256 capWad) internal pure returns (uint256) {
        return Fixed.mulDivDown(Fixed.min(valueWad, capWad), Fixed.WAD - haircutWad, Fixed.WAD);
    }

    /// @notice Part of a credit that a stale price has lost.
    /// @dev 0 while the price is fresh, then (age - heartbeat) / staleSecs, at most 1; a print that was never published has lost all
    /// @param terms haircut terms of a collateral
    /// @param ageSecs time since the print [seconds]
    /// @param heartbeatSecs longest age of a fresh print [seconds]
    /// @custom:rounds up, because the account would own more otherwise
    function faded(HaircutTerms memory terms, uint256 ageSecs, uint256 heartbeatSecs) internal pure returns (uint256) {
        if (ageSecs <= heartbeatSecs) return 0;
        uint256 lateSecs = ageSecs - heartbeatSecs;
        return lateSecs >= terms.staleSecs ? Fixed.WAD : Fixed.mulDivUp(Fixed.WAD, lateSecs, terms.staleSecs);
    }

    /// @notice Wad of a raw amount.
    /// @dev raw * 10^(18 - decimals), exact
    /// @param amountRaw amount [raw]
    /// @param decimals decimals of the token
    function toWad(uint256 amountRaw, uint256 decimals) internal pure returns (uint256) {
        return amountRaw * 10 ** (Fixed.MAX_DECIMALS - decimals);
    }

    /// @notice Requires an amount above zero and within the cap.
    /// @dev raw <= cap comes first, so that the product cannot overflow
    /// @param amountRaw amount [raw]
    /// @param decimals decimals of the token
    /// @custom:reverts ZeroAmount, AmountTooLarge
    function requireAmount(uint256 amountRaw, uint256 decimals) internal pure {
        if (amountRaw == 0) revert NumberErrors.ZeroAmount();
        if (amountRaw > Fixed.CAP) revert NumberErrors.AmountTooLarge(amountRaw, Fixed.CAP);
        uint256 amountWad = toWad(amountRaw, decimals);
        if (amountWad > Fixed.CAP) revert NumberErrors.AmountTooLarge(amountWad, Fixed.CAP);
    }

    /// @notice Validates the haircut terms of a collateral.
    /// @param terms haircut terms of a collateral
    /// @custom:reverts ParameterOutOfRange
    function requireValid(HaircutTerms memory terms) internal pure {
        Market.requireWithin("haircutInitial", terms.haircutInitial, 0, Fixed.WAD);
        Market.requireWithin("haircutMaintenance", terms.haircutMaintenance, 0, terms.haircutInitial);
        Market.requireWithin("staleSecs", terms.staleSecs, 0, 30 days);
    }

    /// @notice Decimals of a token, required within the cap.
    /// @param token token
    /// @custom:reverts TooManyDecimals
    function requireDecimals(address token) internal view returns (uint8 decimals) {
        decimals = IERC20Metadata(token).decimals();
        if (decimals > Fixed.MAX_DECIMALS) revert MarketErrors.TooManyDecimals(decimals, Fixed.MAX_DECIMALS);
    }

    /// @notice Pulls tokens in, exactly the amount.
    /// @param token token to move
    /// @param payer payer
    /// @param amountRaw amount [raw]
    /// @custom:reverts TransferMismatch
    function pull(address token, address payer, uint256 amountRaw) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(payer, address(this), amountRaw);
        uint256 moved = IERC20(token).balanceOf(address(this)) - before;
        if (moved != amountRaw) revert AccountErrors.TransferMismatch(amountRaw, moved);
    }

    /// @notice Pushes tokens out, exactly the amount.
    /// @param token token to move
    /// @param to recipient
    /// @param amountRaw amount [raw]
    /// @custom:reverts InsufficientLiquidity, TransferMismatch
    function push(address token, address to, uint256 amountRaw) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        if (before < amountRaw) revert AccountErrors.InsufficientLiquidity(before, amountRaw);
        IERC20(token).safeTransfer(to, amountRaw);
        uint256 moved = before - IERC20(token).balanceOf(address(this));
        if (moved != amountRaw) revert AccountErrors.TransferMismatch(amountRaw, moved);
    }
}
