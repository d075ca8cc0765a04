// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice Test token with open minting; minted tokens are approved to the vault at once.
contract Token is ERC20 {
    uint8 private immutable DECIMALS;
    address public spender;

    constructor(string memory name_, uint8 decimals_) ERC20(name_, name_) {
        DECIMALS = decimals_;
    }

    function decimals() public view virtual override returns (uint8) {
        return DECIMALS;
    }

    /// @notice Sets the vault that may spend.
    function setSpender(address spender_) external {
        spender = spender_;
    }

    /// @notice Mints tokens.
    function mint(address to, uint256 amountRaw) external {
        _mint(to, amountRaw);
    }

    function allowance(address owner_, address spender_) public view override returns (uint256) {
        return spender_ == spender ? type(uint256).max : super.allowance(owner_, spender_);
    }
}
