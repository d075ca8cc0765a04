// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Token} from "./Token.sol";

interface IDoor {
    function fundInsurance(uint256 amountRaw) external;
}

/// @notice Test token that enters the vault again from within a transfer.
contract ReentrantToken is Token {
    constructor(string memory name_, uint8 decimals_) Token(name_, decimals_) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) IDoor(spender).fundInsurance(1);
    }
}
