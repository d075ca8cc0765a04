// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Test token whose transfers return nothing, as the oldest tokens do.
contract SilentToken {
    uint8 public immutable decimals;
    address public spender;
    mapping(address => uint256) public balanceOf;

    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);

    constructor(string memory, uint8 decimals_) {
        decimals = decimals_;
    }

    function setSpender(address spender_) external {
        spender = spender_;
    }

    function mint(address to, uint256 amountRaw) external {
        balanceOf[to] += amountRaw;
    }

    function transfer(address to, uint256 amountRaw) external {
        move(msg.sender, to, amountRaw);
    }

    function transferFrom(address from, address to, uint256 amountRaw) external {
        require(msg.sender == spender, "not the spender");
        move(from, to, amountRaw);
    }

    function move(address from, address to, uint256 amountRaw) private {
        uint256 balance = balanceOf[from];
        if (balance < amountRaw) revert ERC20InsufficientBalance(from, balance, amountRaw);
        balanceOf[from] = balance - amountRaw;
        balanceOf[to] += amountRaw;
    }
}
