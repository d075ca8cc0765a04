// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Token} from "./Token.sol";

/// @notice Test token that keeps a hundredth of every transfer.
contract FeeToken is Token {
    constructor(string memory name_, uint8 decimals_) Token(name_, decimals_) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0), value / 100);
    }
}
