// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Collateral} from "../Collateral.sol";
import {Token} from "./Token.sol";

/// @notice Token metadata: decimals.
contract DecimalsTeller {
    uint8 public immutable decimals;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }
}

/// @notice Exposes the functions of Collateral; the payer is given tokens before, and balances are returned.
contract ProbeCollateral {
    function value(uint256 balanceRaw, uint256 indexWad, uint256 decimals) external pure returns (uint256) {
        return Collateral.value(balanceRaw, indexWad, decimals);
    }

    function credit(uint256 valueWad, uint256 haircutWad, uint256 capWad) external pure returns (uint256) {
        return Collateral.credit(valueWad, haircutWad, capWad);
    }

    function faded(Collateral.HaircutTerms calldata terms, uint256 ageSecs, uint256 heartbeatSecs) external pure returns (uint256) {
        return Collateral.faded(terms, ageSecs, heartbeatSecs);
    }

    function toWad(uint256 amountRaw, uint256 decimals) external pure returns (uint256) {
        return Collateral.toWad(amountRaw, decimals);
    }

    function requireAmount(uint256 amountRaw, uint256 decimals) external pure {
        Collateral.requireAmount(amountRaw, decimals);
    }

    function requireValid(Collateral.HaircutTerms calldata terms) external pure {
        Collateral.requireValid(terms);
    }

    function requireDecimals(uint8 decimals) external returns (uint8) {
        return Collateral.requireDecimals(address(new DecimalsTeller(decimals)));
    }

    function pull(address token, address payer, uint256 amountRaw, uint256 mintedRaw) external returns (uint256, uint256) {
        Token(token).mint(payer, mintedRaw);
        Collateral.pull(token, payer, amountRaw);
        return (Token(token).balanceOf(payer), Token(token).balanceOf(address(this)));
    }

    function push(address token, address to, uint256 amountRaw, uint256 mintedRaw) external returns (uint256, uint256) {
        Token(token).mint(address(this), mintedRaw);
        Collateral.push(token, to, amountRaw);
        return (Token(token).balanceOf(to), Token(token).balanceOf(address(this)));
    }
}
